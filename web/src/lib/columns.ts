// A model made from the columns of a table: names that people know, a guess at its key, and only what differs is kept.

export type FieldType = 'text' | 'integer' | 'decimal' | 'number' | 'boolean' | 'date' | 'timestamp' | 'list' | 'object';

export const typeNames: Record<FieldType, string> = {
  text: 'Text',
  integer: 'Whole number',
  decimal: 'Decimal',
  number: 'Number',
  boolean: 'Yes or no',
  date: 'Date',
  timestamp: 'Date and time',
  list: 'List',
  object: 'Object',
};
export const fieldTypes = Object.keys(typeNames) as FieldType[];

export function typeName(type: string): string {
  return typeNames[type as FieldType] ?? (type === 'json' ? typeNames.object : type);
}

export interface Column {
  name: string;
  type: string;
}

/** One column, as somebody wants to have it. */
export interface Pick {
  column: string;
  picked: boolean;
  name: string; // of the field
  label: string; // empty: the name
  type?: FieldType; // declared; otherwise what the source says, or was found
  format?: string; // of dates that are written in text
}

/** A field of a catalog file. */
export interface Field {
  name: string;
  column?: string;
  label?: string;
  type?: FieldType;
  format?: string;
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

/** The columns of a table with what a model says of them; a column that it names and that is not there comes last, picked. */
export function picksOf(columns: Column[], fields: Field[] | undefined): Pick[] {
  const all = !fields || fields.length === 0;
  const taken = new Set<Field>();
  const out = columns.map(({ name }): Pick => {
    const field = fields?.find((one) => !taken.has(one) && same(one.column ?? one.name, name));
    if (field) taken.add(field);
    return {
      column: name,
      picked: all || field !== undefined,
      name: field?.name ?? name,
      label: field?.label ?? '',
      ...(field?.type ? { type: field.type } : {}),
      ...(field?.format ? { format: field.format } : {}),
    };
  });
  for (const field of fields ?? [])
    if (!taken.has(field))
      out.push({ column: field.column ?? field.name, picked: true, name: field.name, label: field.label ?? '', ...(field.type ? { type: field.type } : {}), ...(field.format ? { format: field.format } : {}) });
  return out;
}

/**
 * The fields of a catalog file; nothing where every column is taken as it is, so that a column that is added to the table
 * later is a field, too.
 */
export function fieldsOf(picks: Pick[]): Field[] | undefined {
  const plain = picks.every((one) => one.picked && one.name === one.column && !one.label && !one.type && !one.format);
  if (plain) return undefined;
  return picks
    .filter((one) => one.picked)
    .map((one) => ({
      name: one.name,
      ...(one.column !== one.name ? { column: one.column } : {}),
      ...(one.label ? { label: one.label } : {}),
      ...(one.type ? { type: one.type } : {}),
      ...(one.format ? { format: one.format } : {}),
    }));
}

/** What is wrong with names, by column. */
export function problemsOf(picks: Pick[]): Record<string, string> {
  const out: Record<string, string> = {};
  const seen = new Map<string, string>();
  for (const { column, picked, name } of picks) {
    if (!picked) continue;
    if (!name.trim()) out[column] = 'A field needs a name.';
    else if (seen.has(name)) out[column] = `${seen.get(name)} has this name already.`;
    else seen.set(name, column);
  }
  return out;
}

const singular = (word: string) => word.replace(/ies$/, 'y').replace(/(?<!s)s$/, '');

/** The column that most likely tells rows apart; none where nothing looks like it. */
export function guessKey(table: string, columns: Column[]): string | undefined {
  const base = (table.split(/[./]/).filter((part) => !['csv', 'tsv', 'parquet', 'gz', 'zst'].includes(part)).pop() ?? table).toLowerCase();
  const one = singular(base);
  const wanted = ['id', `${one}_id`, `${base}_id`, `${one}id`, `${one}_key`, `${one}_number`, `${one}_no`, 'customer_id', 'user_id', 'uuid', 'uid', 'key', 'number'];
  for (const name of wanted) {
    const found = columns.find((column) => same(column.name, name));
    if (found) return found.name;
  }
  return columns.find((column) => /(^|_)id$/i.test(column.name))?.name ?? columns.find((column) => /e?mail/i.test(column.name))?.name;
}

/** The type a model of this table most likely has. */
export function guessModelType(table: string, columns: Column[]): 'users' | 'events' | 'custom' {
  const names = columns.map((column) => column.name.toLowerCase());
  if (names.some((name) => /e_?mail/.test(name)) || /(customer|user|contact|person|people|member|subscriber)s?(\.\w+)*$/i.test(table)) return 'users';
  const isTime = (column: Column) => column.type === 'timestamp' || column.type === 'date';
  const points = names.some((name) => /(customer|user|contact|person|member)\w*_?(id|number|no|key)$/.test(name));
  return points && columns.some(isTime) ? 'events' : 'custom';
}

/** "last_order_at" → "Last order at" */
export function labelOf(name: string): string {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[_\-.]+/g, ' ')
    .trim();
  if (!words) return name;
  const lower = /^[A-Z\d ]+$/.test(words) ? words.toLowerCase() : words;
  return lower[0]!.toUpperCase() + lower.slice(1);
}

/** A table's name as that of a model: "sales.customer_list.csv" → "customer list" */
export function modelNameOf(table: string): string {
  const last = table.split('/').pop()!.replace(/(\.(csv|tsv|txt|parquet|gz|zst))+$/i, '').split('.').pop()!;
  return last.replace(/[_-]+/g, ' ').trim() || table;
}

/** A value as it stands in a cell. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A few different values of a column, in the order of the rows. */
export function samplesOf(rows: Record<string, unknown>[], field: string, most = 3): string[] {
  const out: string[] = [];
  for (const row of rows) {
    const text = cellText(row[field]);
    if (text !== '' && !out.includes(text)) out.push(text);
    if (out.length === most) break;
  }
  return out;
}
