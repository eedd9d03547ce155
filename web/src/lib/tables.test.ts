import { expect, it } from 'vitest';

import { bySchema, schemaOf, shortName } from './tables';

it('tells a schema from the ending of a file', () => {
  expect(['orders', 'sales.orders', 'lake.sales.orders', 'orders.csv', 'a.b/orders', 'orders.csv.gz'].map(schemaOf)).toEqual(['', 'sales', 'lake.sales', '', '', '']);
  expect(shortName('sales.orders', 'sales')).toBe('orders');
  expect(bySchema(['b.x', 'a.y', 'b.z', 'q'])).toEqual([
    { schema: 'b', tables: ['b.x', 'b.z'] },
    { schema: 'a', tables: ['a.y'] },
    { schema: '', tables: ['q'] },
  ]);
});
