// A small shop as CSV files, its catalog, and the contacts that Iterable has of it. The same each
// time, but for dates, which count back from today.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const firstNames = ['Ann', 'Bob', 'Cleo', 'Dan', 'Eve', 'Finn', 'Gia', 'Hugo', 'Ida', 'Jon', 'Kim', 'Lea', 'Max', 'Nora', 'Otto', 'Pia'];
const lastNames = ['Berg', 'Costa', 'Dubois', 'Ek', 'Fischer', 'Garcia', 'Hansen', 'Ito', 'Jones', 'Kowalski', 'Lind', 'Moreau', 'Novak'];
const countries = ['France', 'Germany', 'Italy', 'Spain', 'Sweden'];
const cities = ['Paris', 'Berlin', 'Rome', 'Madrid', 'Stockholm'];

const day = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);

export interface Person {
  id: string;
  email: string;
  first: string;
  last: string;
  country: string;
  city: string;
  signedUp: string;
  newsletter: boolean;
  orders: { id: string; total: number; at: string }[];
}

export const shopSize = 240;

export function shopPeople(size = shopSize): Person[] {
  return Array.from({ length: size }, (_, i) => {
    const first = firstNames[i % firstNames.length]!;
    const last = lastNames[(i * 7) % lastNames.length]!;
    return {
      id: `c${i + 1}`,
      email: `${first}.${last}.${i + 1}@example.com`.toLowerCase(),
      first,
      last,
      country: countries[i % 5]!,
      city: cities[i % 5]!,
      signedUp: day(20 + i * 4),
      newsletter: i % 3 !== 0,
      orders: Array.from({ length: i % 7 }, (_, k) => ({
        id: `o${i + 1}-${k + 1}`,
        total: 15 + ((i * 37 + k * 101) % 400),
        at: day(5 + ((i * 13 + k * 61) % 500)),
      })),
    };
  });
}

// Every sixth customer is no contact.
export const isContact = (_: Person, i: number) => i % 6 !== 5;

export function writePeople(folder: string, people: Person[]) {
  const rows = people.map((p) => [p.id, p.email, p.first, p.last, p.country, p.city, p.signedUp, p.newsletter].join(','));
  const head = 'customer_id,email,first_name,last_name,country,city,signed_up_on,newsletter';
  writeFileSync(join(folder, 'customers.csv'), [head, ...rows, ''].join('\n'));
}

export function writeShop(folder: string, people: Person[]) {
  mkdirSync(folder, { recursive: true });
  writePeople(folder, people);
  const orders = people.flatMap((p) => p.orders.map((o) => [o.id, p.id, o.total, o.at].join(',')));
  writeFileSync(join(folder, 'orders.csv'), ['order_id,customer_id,total,ordered_on', ...orders, ''].join('\n'));
}

export function contacts(people: Person[]): string {
  const lines = people
    .filter(isContact)
    .map((p) => JSON.stringify({ email: p.email, userId: p.id, dataFields: { firstName: p.first, city: p.city } }));
  return `${lines.join('\n')}\n`;
}

export type Extent = 'empty' | 'connected' | 'segments' | 'all';

// As much of the catalog as asked for: nothing; source, models and destination; segments; activations.
export function catalogText(extent: Extent, folder: string, iterable: string): string {
  if (extent === 'empty') return 'version: 1\n';
  let text = `version: 1
sources:
  - {name: shop, kind: csv, path: ${JSON.stringify(folder)}}
models:
  - name: customers
    type: users
    source: shop
    table: customers
    primary_key: customer_id
    relations:
      - {name: orders, kind: has_many, model: orders, key: customer_id, foreign_key: customer_id}
    computed:
      - {name: lifetime_value, aggregate: sum, relation: orders, field: total, label: Lifetime value}
      - {name: order_count, aggregate: count, relation: orders, label: Orders}
  - name: orders
    type: events
    source: shop
    table: orders
    primary_key: order_id
destinations:
  - name: Iterable
    platform: iterable
    service: contact_lists
    project_type: hybrid
    base_url: ${iterable}
    api_key: 0123456789abcdef0123456789abcdef
    settle: 0s
    defaults:
      model: customers
      match_key: {type: email, field: email}
      attributes: [{field: first_name, to: firstName}]
      schedule: {every: 1h}
`;
  if (extent === 'connected') return text;
  text += `segments:
  - name: Regulars
    model: customers
    description: Three orders or more
    tags: [loyal]
    where: {field: order_count, op: gte, value: 3}
  - name: Newsletter readers
    model: customers
    where: {field: newsletter, op: is_true}
  - name: Swedes without an order
    model: customers
    where:
      all:
        - {field: country, op: eq, value: Sweden}
        - {related: orders, count: {op: eq, value: 0}}
`;
  if (extent === 'segments') return text;
  return `${text}activations:
  - segment: Regulars
    destination: Iterable
    attributes:
      - {field: first_name, to: firstName}
      - {field: lifetime_value, to: lifetimeValue, type: double, create: true}
    schedule: manual
  - segment: Newsletter readers
    destination: Iterable
    schedule: {every: 1h}
    paused: true
`;
}
