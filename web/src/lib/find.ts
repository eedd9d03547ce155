// The search of the palette: every word typed must be in the text; what begins with it comes first.

export function find<T>(all: readonly T[], typed: string, text: (one: T) => string, most = 12): T[] {
  const words = folded(typed)
    .split(' ')
    .filter((word) => word !== '');
  const found: { one: T; rank: number }[] = [];
  for (const one of all) {
    const at = folded(text(one));
    if (!words.every((word) => at.includes(word))) continue;
    const first = words[0] ?? '';
    found.push({ one, rank: at === words.join(' ') ? 0 : at.startsWith(first) ? 1 : at.includes(' ' + first) ? 2 : 3 });
  }
  return found
    .sort((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map((each) => each.one);
}

const folded = (text: string): string =>
  text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim();
