// A rule in English, with the names people know. Of a node for its card, of the whole as a sentence.
import { AGGREGATE_PHRASES, comparedType, countPhraseOf, isTime, phraseOf, spanOf, takesOf, textOf } from './operators';
import { isSpan } from './tree';
import type { FieldTest, FieldType, Group, ModelShape, Node, Operators, RelatedTest, Scalar, Shape, Span, Value } from './types';

export interface Speaker {
  shape: Shape;
  operators: Operators;
}

const NAMED = 6; // of the values of a list

const dayFormat = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' });

function scalarWords(value: Scalar, type: FieldType): string {
  if (typeof value === 'string' && isTime(type)) {
    const day = new Date(`${value.slice(0, 10)}T00:00:00Z`);
    if (!Number.isNaN(day.getTime())) return dayFormat.format(day) + value.slice(10).replace('T', ' ').replace('Z', ' UTC');
  }
  if (typeof value === 'string') return `“${value}”`;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return textOf(value);
}

export function spanWords(span: Span): string {
  const { unit, count } = spanOf(span);
  return textOf(count) === '1' ? `1 ${unit.slice(0, -1)}` : `${count} ${unit}`;
}

function listed(words: readonly string[], last: string): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} ${last} ${words[words.length - 1]}`;
}

function valueWords(value: Value | undefined, op: string, type: FieldType): string {
  if (value === undefined) return '…';
  if (isSpan(value)) return spanWords(value);
  if (!Array.isArray(value)) return scalarWords(value as Scalar, type);
  const scalars = value as readonly Scalar[];
  if (op === 'between') return scalars.map((one) => scalarWords(one, type)).join(' and ');
  const shown = scalars.slice(0, NAMED).map((one) => scalarWords(one, type));
  const more = scalars.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : listed(shown, op === 'has_all' ? 'and' : 'or');
}

export const labelOf = (model: ModelShape | undefined, field: string): string => {
  const found = model?.fields?.find((one) => one.name === field);
  return found && found.label !== '' ? found.label : field;
};
export const typeOf = (model: ModelShape | undefined, field: string): FieldType | undefined =>
  model?.fields?.find((one) => one.name === field)?.type;
export const otherOf = (shape: Shape, model: ModelShape | undefined, relation: string): ModelShape | undefined => {
  const found = model?.relations.find((one) => one.name === relation);
  return found && shape.get(found.model);
};

function comparisonWords(speaker: Speaker, op: string, value: Value | undefined, type: FieldType): string {
  const phrase = phraseOf(speaker.operators, op);
  return takesOf(speaker.operators, op) === 'nothing' ? phrase : `${phrase} ${valueWords(value, op, type)}`;
}

function fieldWords(speaker: Speaker, model: ModelShape | undefined, test: FieldTest): string {
  const type = typeOf(model, test.field) ?? 'text';
  const label = test.field === '' ? 'a field' : labelOf(model, test.field);
  return `${label} ${comparisonWords(speaker, test.op, test.value, type)}${test.ignoreCase ? ' (in capitals or not)' : ''}`;
}

function numberWords(speaker: Speaker, test: RelatedTest): string {
  const value = test.value === undefined ? '…' : valueWords(test.value, test.op, 'integer');
  if (value === '0' && test.op === 'eq') return 'no';
  return `${countPhraseOf(speaker.operators, test.op)} ${value}`;
}

function relatedWords(speaker: Speaker, model: ModelShape | undefined, test: RelatedTest): string {
  const other = otherOf(speaker.shape, model, test.relation);
  const relation = test.relation || '…';
  const inside = test.where.rules.length > 0 ? groupWords(speaker, other, test.where, true) : '';
  const where = inside ? ` where ${inside}` : '';
  if (test.aggregate === 'count') return `has ${numberWords(speaker, test)} ${relation}${where}`;
  const of = labelOf(other, test.field) || '…';
  if (test.aggregate === 'count_distinct') return `has ${numberWords(speaker, test)} different ${of} among ${relation}${where}`;
  const type = comparedType(test, other?.fields);
  return `${AGGREGATE_PHRASES[test.aggregate]} ${of} of ${relation}${where} ${comparisonWords(speaker, test.op, test.value, type)}`;
}

function groupWords(speaker: Speaker, model: ModelShape | undefined, group: Group, inside: boolean): string {
  const words = group.rules.map((one) => nodeWords(speaker, model, one, true));
  if (words.length === 0) return group.word === 'any' ? 'nobody' : 'everyone';
  if (group.word === 'none') return `none of these: ${words.join('; ')}`;
  const joined = words.length === 1 ? (words[0] ?? '') : words.join(group.word === 'all' ? ', and ' : ', or ');
  return inside && words.length > 1 ? `(${joined})` : joined;
}

export function nodeWords(speaker: Speaker, model: ModelShape | undefined, node: Node, inside = false): string {
  switch (node.kind) {
    case 'group':
      return groupWords(speaker, model, node, inside);
    case 'field':
      return fieldWords(speaker, model, node);
    case 'related':
      return relatedWords(speaker, model, node);
    case 'segment':
      return `is ${node.member ? '' : 'not '}in the segment “${node.segment || '…'}”`;
  }
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

// The whole rule: "Everyone in customers: Country is “France”, and has no orders where …"
export function sentence(speaker: Speaker, model: string, root: Group): string {
  const shape = speaker.shape.get(model);
  if (root.rules.length === 0) return root.word === 'any' ? 'Nobody' : `Everyone in ${model}`;
  const words = groupWords(speaker, shape, root, false);
  return `Everyone in ${model} of whom ${root.word === 'none' ? '' : 'this holds: '}${words}.`;
}
export const capitalised = capital;
