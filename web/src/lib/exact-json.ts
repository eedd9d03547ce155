// JSON whose numbers stay what they were written as: JavaScript knows no integer beyond 2^53, and
// tells 1.0 not from 1. Such a number is kept as its own text.

export class Exact {
  constructor(readonly text: string) {}
  toString() {
    return this.text;
  }
  // For JSON.stringify: its own digits, where the browser can write them; those that cannot could not read them either.
  toJSON(): unknown {
    const raw = (JSON as { rawJSON?: (text: string) => unknown }).rawJSON;
    return raw ? raw(this.text) : Number(this.text);
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

// Only integers that would lose digits are kept as text: for what is reckoned with, or shown as it is.
export function readLarge(text: string): unknown {
  const large: Reviver = (_key, value, context) =>
    typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER && /^-?[0-9]+$/.test(context?.source ?? '')
      ? new Exact(context!.source!)
      : value;
  return JSON.parse(text, large as (key: string, value: unknown) => unknown);
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
