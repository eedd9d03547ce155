// A column of a sheet, or a list in a text, as values.
import { fitsType, scalarOf } from './operators';
import type { FieldType, Scalar } from './types';

export interface Pasted {
  values: Scalar[];
  refused: string[]; // what is no value of the type
  doubles: number;
  columns: number; // more than one: the first was taken
}

// "a""b" of a sheet is a"b.
const unquoted = (text: string) =>
  text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;

// Where one line holds them all, what parts them.
function cellsOf(text: string): { cells: string[]; columns: number } {
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  const [only = ''] = lines;
  if (lines.length <= 1) {
    for (const between of ['\t', ';', ',']) if (only.includes(between)) return { cells: only.split(between), columns: 1 };
    return { cells: lines, columns: 1 };
  }
  const rows = lines.map((line) => line.split('\t'));
  return { cells: rows.map((row) => row[0] ?? ''), columns: Math.max(...rows.map((row) => row.length)) };
}

export function pasted(text: string, type: FieldType): Pasted {
  const { cells, columns } = cellsOf(text);
  const seen = new Set<string>();
  const out: Pasted = { values: [], refused: [], doubles: 0, columns };
  for (const cell of cells) {
    const one = unquoted(cell.trim()).trim();
    if (one === '') continue;
    if (seen.has(one)) {
      ++out.doubles;
      continue;
    }
    seen.add(one);
    const value = scalarOf(type, one);
    if (value !== undefined && fitsType(type, value)) out.values.push(value);
    else out.refused.push(one);
  }
  return out;
}

// Whether a text is more than one value, so that it should be taken apart.
export const isSeveral = (text: string) => /[\r\n\t]/.test(text.trim());
