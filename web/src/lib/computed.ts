// Computed fields as people make them: five kinds of question, each of which is one form of a catalog file.

import { type FieldType, labelOf } from './columns';
import { Exact } from './exact-json';

export type Aggregate = 'count' | 'count_distinct' | 'sum' | 'avg' | 'min' | 'max';
export type Scalar = string | number | boolean | Exact;
export type Rule = Record<string, unknown>;

/** As in a catalog file; exactly one of aggregate, formula, cases, related. */
export interface Computed {
  name: string;
  label?: string;
  aggregate?: Aggregate;
  relation?: string;
  field?: string;
  where?: Rule;
  formula?: string;
  cases?: Case[];
  related?: string;
}
export interface Case {
  when?: Rule;
  then: Scalar;
}

export type LabelKind = 'text' | 'number' | 'boolean';
export const labelKindOf = (label: Scalar | undefined): LabelKind =>
  label instanceof Exact || typeof label === 'number' ? 'number' : typeof label === 'boolean' ? 'boolean' : 'text';

export type ComputedKind = 'count' | 'total' | 'formula' | 'cases' | 'related';

export const computedKinds: { kind: ComputedKind; title: string; about: string; example: string }[] = [
  { kind: 'count', title: 'Count', about: 'How many related rows there are, all or those that meet conditions.', example: 'Orders in the last year' },
  { kind: 'total', title: 'Total, average, first, last', about: 'What the values of related rows come to.', example: 'Sum of all order totals' },
  { kind: 'formula', title: 'Formula', about: 'Worked out from other fields of the same row.', example: 'First and last name together' },
  { kind: 'cases', title: 'Label by conditions', about: 'The first condition that holds gives the label.', example: 'gold, silver or bronze' },
  { kind: 'related', title: 'Field of a related row', about: 'A field of the one row that this row belongs to.', example: 'The city of the address' },
];

export function kindOf(one: Computed): ComputedKind {
  if (one.formula !== undefined) return 'formula';
  if (one.cases !== undefined) return 'cases';
  if (one.related !== undefined) return 'related';
  return one.aggregate === 'count' || one.aggregate === undefined ? 'count' : 'total';
}

export function blank(kind: ComputedKind, name = ''): Computed {
  switch (kind) {
    case 'count':
      return { name, aggregate: 'count', relation: '' };
    case 'total':
      return { name, aggregate: 'sum', relation: '', field: '' };
    case 'formula':
      return { name, formula: '' };
    case 'cases':
      return { name, cases: [{ when: { all: [] }, then: '' }, { then: '' }] };
    case 'related':
      return { name, related: '', field: '' };
  }
}

export const aggregateNames: Record<Aggregate, string> = {
  count: 'Number of rows',
  count_distinct: 'Number of different values',
  sum: 'Sum',
  avg: 'Average',
  min: 'Smallest or earliest',
  max: 'Largest or latest',
};

const isNumber = (type: string) => type === 'integer' || type === 'decimal' || type === 'number';

/** The aggregates that a field of this type has a meaning for. */
export function aggregatesOf(type: string): Aggregate[] {
  if (type === 'list' || type === 'object') return ['count_distinct'];
  if (isNumber(type)) return ['sum', 'avg', 'min', 'max', 'count_distinct'];
  return type === 'boolean' ? ['count_distinct'] : ['min', 'max', 'count_distinct'];
}

export interface NamedField {
  name: string;
  type: string;
  label?: string;
}
export interface NamedRelation {
  name: string;
  kind: 'has_many' | 'belongs_to' | 'many_to_many';
  model: string;
}

/** What stands in the way of saving it; nothing when it is whole. `others` are the names of the model's other fields. */
export function problemOf(one: Computed, relations: NamedRelation[], others: string[]): string | undefined {
  if (!one.name.trim()) return 'Give the field a name.';
  if (others.includes(one.name.trim())) return `${one.name.trim()} is a field already. Choose another name.`;
  const relation = one.relation ?? one.related;
  switch (kindOf(one)) {
    case 'count':
      return relation ? undefined : 'Choose what is counted.';
    case 'total':
      if (!relation) return 'Choose whose values are taken.';
      return one.field ? undefined : 'Choose the field whose values are taken.';
    case 'formula':
      return one.formula!.trim() ? undefined : 'Write the formula.';
    case 'related': {
      if (!relation) return 'Choose the related row.';
      const known = relations.find((other) => other.name === relation);
      if (known && known.kind !== 'belongs_to') return `${relation} leads to many rows. Choose a relation that leads to one, or take a total.`;
      return one.field ? undefined : 'Choose the field that is taken over.';
    }
    case 'cases':
      if (one.cases!.length === 0) return 'Add a condition with its label.';
      if (one.cases!.some((part) => part.then === '')) return 'Every condition needs a label.';
      if (one.cases!.slice(0, -1).some((part) => !part.when)) return '“Otherwise” comes last: what stands below it would never be reached.';
      return new Set(one.cases!.map((part) => labelKindOf(part.then))).size > 1 ? 'Labels are all texts, all numbers, or all yes and no.' : undefined;
  }
}

/** Ready to be sent: names trimmed, nothing empty. */
export function tidied(one: Computed): Computed {
  const out: Computed = { ...one, name: one.name.trim() };
  if (!out.label?.trim()) delete out.label;
  else out.label = out.label.trim();
  if (out.where && isEverything(out.where)) delete out.where;
  if (out.aggregate === 'count') delete out.field;
  return out;
}

/** A rule that says nothing: an empty `all`. */
export function isEverything(rule: Rule): boolean {
  return Array.isArray(rule.all) && rule.all.length === 0 && Object.keys(rule).length === 1;
}

/** In a sentence, for lists. */
export function inWords(one: Computed): string {
  const some = one.where && !isEverything(one.where) ? ' that meet conditions' : '';
  switch (kindOf(one)) {
    case 'count':
      return `Number of ${one.relation || 'related rows'}${some}`;
    case 'total': {
      const of = `${one.field || 'a field'} of ${one.relation || 'related rows'}${some}`;
      const text = { count: '', count_distinct: 'Different values of', sum: 'Sum of', avg: 'Average of', min: 'Smallest or earliest', max: 'Largest or latest' };
      return `${text[one.aggregate!]} ${of}`;
    }
    case 'formula':
      return one.formula!.trim() || 'A formula';
    case 'cases':
      return one.cases!.map((part) => String(part.then)).join(', ') || 'Labels';
    case 'related':
      return `${one.field || 'A field'} of ${one.related || 'the related row'}`;
  }
}

/** The type that it most likely has, for what is chosen next; the service says what it really is. */
export function likelyType(one: Computed, typeOf: (relation: string, field: string) => FieldType | undefined): FieldType {
  const of = typeOf(one.relation ?? one.related ?? '', one.field ?? '') ?? 'text';
  switch (kindOf(one)) {
    case 'count':
      return 'integer';
    case 'total':
      return one.aggregate === 'count_distinct' ? 'integer' : one.aggregate === 'avg' ? 'number' : of;
    case 'related':
      return of;
    case 'cases':
      return labelKindOf(one.cases?.[0]?.then);
    case 'formula':
      return 'text';
  }
}

/** A name for a new field, from what it is: "orders", sum, "total" → "orders_total". */
export function suggestedName(one: Computed, taken: string[]): string {
  const word = (text: string | undefined) => (text ?? '').trim().replace(/[^\p{L}\p{N}]+/gu, '_').replace(/^_+|_+$/g, '').toLowerCase();
  const singular = (text: string) => text.replace(/ies$/, 'y').replace(/(?<!s)s$/, '');
  const relation = word(one.relation ?? one.related);
  let name = '';
  if (kindOf(one) === 'count' && relation) name = `${singular(relation)}_count`;
  if (kindOf(one) === 'total' && relation && one.field) {
    const before: Partial<Record<Aggregate, string>> = { sum: 'total', avg: 'average', min: 'first', max: 'last', count_distinct: 'different' };
    const field = word(one.field);
    name = field === before[one.aggregate!] ? `${relation}_${field}` : `${before[one.aggregate!]}_${field}`;
  }
  if (kindOf(one) === 'related' && one.field) name = word(one.field);
  if (!name) return '';
  let free = name;
  for (let i = 2; taken.includes(free); ++i) free = `${name}_${i}`;
  return free;
}
export function suggestedLabel(name: string): string {
  return name ? labelOf(name) : '';
}

/** What somebody typed for a label, as the kind of value that the labels are. */
export function scalarOf(text: string, kind: LabelKind): Scalar {
  if (kind === 'boolean') return text === 'true' || text === 'yes';
  if (kind === 'number' && /^-?[1-9][0-9]*$/.test(text.trim()) && !Number.isSafeInteger(Number(text))) return new Exact(text.trim());
  if (kind === 'number' && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  return text;
}

/** The functions of formulas. */
export const formulaFunctions: { group: string; functions: { form: string; about: string }[] }[] = [
  {
    group: 'Text',
    functions: [
      { form: "concat(a, ' ', b)", about: 'Joins; what is empty is passed over' },
      { form: 'lower(text)', about: 'In small letters' },
      { form: 'upper(text)', about: 'In capitals' },
      { form: 'trim(text)', about: 'Without blanks around it' },
      { form: 'length(text)', about: 'How many characters' },
      { form: 'left(text, 3)', about: 'The first characters' },
      { form: 'right(text, 3)', about: 'The last characters' },
      { form: "replace(text, 'from', 'to')", about: 'Every one replaced' },
    ],
  },
  {
    group: 'Numbers',
    functions: [
      { form: 'round(number, 2)', about: 'To so many decimals' },
      { form: 'floor(number)', about: 'Down to a whole number' },
      { form: 'ceil(number)', about: 'Up to a whole number' },
      { form: 'abs(number)', about: 'Without its sign' },
    ],
  },
  {
    group: 'Dates',
    functions: [
      { form: 'years_since(date)', about: 'Full years until today' },
      { form: 'days_since(date)', about: 'Days until today' },
      { form: 'year(date)', about: 'The year' },
      { form: 'month(date)', about: 'The month, 1 to 12' },
      { form: 'day(date)', about: 'The day of the month' },
    ],
  },
  {
    group: 'Choices',
    functions: [
      { form: "if(country = 'FR', 'home', 'abroad')", about: 'One or the other' },
      { form: 'coalesce(a, b)', about: 'The first that is not empty' },
      { form: 'nullif(a, b)', about: 'Empty where both are the same' },
    ],
  },
];

/** A field as a formula names it: in double quotes where it is no word. */
export function inFormula(name: string): string {
  const reserved = ['and', 'or', 'not', 'is', 'null', 'true', 'false'];
  const isWord = /^[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*$/.test(name) && !reserved.includes(name);
  return isWord ? name : `"${name.replaceAll('"', '""')}"`;
}

/** Put into a text at a place, with a blank where two words would touch. Returns the text and where to go on. */
export function inserted(text: string, from: number, to: number, part: string): { text: string; at: number } {
  const before = text.slice(0, from);
  const after = text.slice(to);
  const front = before && /[\w"')]$/.test(before) ? ' ' : '';
  const back = after && /^[\w"'(]/.test(after) ? ' ' : '';
  return { text: before + front + part + back + after, at: before.length + front.length + part.length };
}
