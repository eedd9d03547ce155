// Numbers and nouns.

const numbers = new Intl.NumberFormat('en');

export const count = (n: number) => numbers.format(n);

// "1 person", "2,000 people"
export function many(n: number, one: string, more = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : more}`;
}

export const people = (n: number) => many(n, 'person', 'people');

// A share of one in percent; small ones with as many digits as tell them from nothing.
export function percent(share: number): string {
  if (share === 0) return '0%';
  if (share > 0 && share < 0.0001) return '<0.01%';
  const value = share * 100;
  return `${value.toLocaleString('en', { maximumFractionDigits: value < 1 ? 2 : value < 10 || (value > 99 && value < 100) ? 1 : 0 })}%`;
}

// "a, b and c"
export function list(words: string[], last = 'and'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}
