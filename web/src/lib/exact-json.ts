// JSON whose numbers stay what they were written as: JavaScript knows no integer beyond 2^53, and
// tells 1.0 not from 1. Such a number is kept as its own text.

export class Exact {
  constructor(readonly text: string) {}
  toString() {
    return this.text;
  }
}

type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;

export function readJson(text: string): unknown {
  const exact: Reviver = (_key, value, context) => {
    if (typeof value !== 'number' || context?.source === undefined) return value;
    return String(value) === context.source ? value : new Exact(context.source);
  };
  return JSON.parse(text, exact as (key: string, value: unknown) => unknown);
}

export function writeJson(value: unknown): string {
  if (value instanceof Exact) return value.text;
  if (Array.isArray(value)) return `[${value.map((one) => writeJson(one ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, one]) => one !== undefined);
    return `{${members.map(([key, one]) => `${JSON.stringify(key)}:${writeJson(one)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
