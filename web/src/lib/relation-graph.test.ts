import { describe, expect, it } from 'vitest';

import { boxHeight, boxWidth, draw, guessRelation, inverse, type ModelNode, type Relation, relationInWords, relationProblem } from './relation-graph';

const many = (model: string): Relation => ({ name: model, kind: 'has_many', model, key: 'id', foreign_key: 'their_id' });
const shop: ModelNode[] = [
  { name: 'orders', type: 'events', source: 'shop', relations: [{ name: 'customer', kind: 'belongs_to', model: 'customers', key: 'c', foreign_key: 'id' }, many('items')] },
  { name: 'customers', type: 'users', source: 'shop', relations: [many('orders'), many('visits')] },
  { name: 'items', type: 'custom', source: 'shop', relations: [] },
  { name: 'visits', type: 'events', source: 'shop', relations: [] },
  { name: 'alone', type: 'custom', source: 'shop', relations: [many('gone')] },
];

describe('the drawing', () => {
  const place = (upright: boolean) => new Map(draw(shop, upright).boxes.map((box) => [box.model, box]));

  it('puts people first, and what is further away further away', () => {
    const at = place(false);
    expect(at.get('customers')!.x).toBeLessThan(at.get('orders')!.x);
    expect(at.get('orders')!.x).toBe(at.get('visits')!.x);
    expect(at.get('orders')!.x).toBeLessThan(at.get('items')!.x);
    const upright = place(true);
    expect(upright.get('customers')!.y).toBeLessThan(upright.get('items')!.y);
  });

  it('lets no two boxes touch, and none leave the picture', () => {
    for (const upright of [false, true]) {
      const { boxes, width, height } = draw(shop, upright);
      for (const a of boxes) {
        expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height).toBe(true);
        for (const b of boxes)
          if (a !== b) expect(Math.abs(a.x - b.x) >= boxWidth || Math.abs(a.y - b.y) >= boxHeight).toBe(true);
      }
    }
  });

  it('draws both directions of a pair as one line, and none to a model that is not there', () => {
    const { lines } = draw(shop);
    expect(lines.map((line) => [line.from, line.to, line.relations.length])).toEqual([['orders', 'customers', 2], ['orders', 'items', 1], ['customers', 'visits', 1]]);
    expect(lines.every((line) => !line.path.includes('NaN'))).toBe(true);
  });

  it('is empty for no models, and draws a model that leads to itself', () => {
    expect(draw([]).boxes).toEqual([]);
    expect(draw([{ ...shop[3]!, relations: [many('visits')] }]).lines[0]!.path).toContain('C');
  });
});

describe('a relation', () => {
  const customers = { name: 'customers', primary_key: 'customer_id', columns: ['customer_id', 'email', 'address_id'].map((name) => ({ name })) };
  const orders = { name: 'orders', primary_key: 'id', columns: ['id', 'CustomerID', 'total'].map((name) => ({ name })) };
  const lines = { name: 'order lines', primary_key: 'line', columns: ['line', 'order_id'].map((name) => ({ name })) };

  it('is guessed from the names of columns', () => {
    expect(guessRelation(customers, orders)).toEqual({ name: 'orders', kind: 'has_many', model: 'orders', key: 'customer_id', foreign_key: 'CustomerID' });
    expect(guessRelation(orders, customers)).toEqual({ name: 'customer', kind: 'belongs_to', model: 'customers', key: 'CustomerID', foreign_key: 'customer_id' });
    expect(guessRelation(orders, lines)).toMatchObject({ kind: 'has_many', key: 'id', foreign_key: 'order_id' });
    expect(guessRelation(customers, lines)).toBeUndefined();
  });

  it('has another end', () => {
    const there = guessRelation(customers, orders)!;
    expect(inverse('customers', there)).toEqual(guessRelation(orders, customers));
    const through: Relation = { name: 'items', kind: 'many_to_many', model: 'items', key: 'a', foreign_key: 'b', through: 't', through_key: 'ta', through_foreign_key: 'tb' };
    expect(inverse('items', inverse('orders', through))).toEqual(through);
  });

  it('is said in words, and says what lacks', () => {
    expect(relationInWords('customers', guessRelation(customers, orders)!)).toBe('customers has many orders: customer_id = orders.CustomerID');
    expect(relationProblem(many('orders'), ['visits'])).toBeUndefined();
    expect(relationProblem(many('orders'), ['orders'])).toContain('already');
    expect(relationProblem({ ...many('orders'), kind: 'many_to_many' }, [])).toContain('in between');
  });
});
