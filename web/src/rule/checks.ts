// What is not finished or cannot be: told at its place, before the service is asked.
import { Exact } from '../lib/exact-json';
import { aggregates, comparedType, fitsType, isDay, isTime, operatorsOf, phraseOf, spanOf, takesOf } from './operators';
import { isSpan } from './tree';
import type { FieldType, Group, ModelShape, Node, Operators, RelatedTest, Rule, Scalar, Shape, Value } from './types';
import { segmentsIn } from './uses';
import { otherOf } from './words';

export type Part = 'field' | 'op' | 'value' | 'relation' | 'segment' | 'of';
export interface Flaw {
  id: string;
  part: Part;
  text: string;
  // Nothing is wrong yet: it is only not filled in.
  unfinished: boolean;
}

export interface Known {
  shape: Shape;
  operators: Operators;
  segments: readonly { name: string; model: string; where?: Rule | undefined }[];
  self?: string | undefined; // the segment that the rule is of
}

const LONGEST: { [unit: string]: number } = {
  minutes: 100_000_000,
  hours: 1_750_000,
  days: 73_000,
  weeks: 10_400,
  months: 2_400,
  years: 200,
};

function spanFlaw(value: Value, type: FieldType, op: string): string | undefined {
  if (!isSpan(value)) return 'How long?';
  const { unit, count } = spanOf(value);
  const most = LONGEST[unit] ?? 0;
  if (count instanceof Exact || !Number.isInteger(count) || count < 0 || count > most)
    return `A whole number from 0 to ${most.toLocaleString('en')}`;
  if ((unit === 'minutes' || unit === 'hours') && (type === 'date' || op === 'anniversary_within'))
    return 'Days have no hours here: choose days, weeks, months or years';
  return undefined;
}

function scalarFlaw(value: Scalar, type: FieldType, op: string): string | undefined {
  if (type === 'list') return undefined;
  if (isTime(type) && op === 'on') return typeof value === 'string' && isDay(value) ? undefined : 'A day, such as 2026-01-31';
  if (fitsType(type, value)) return undefined;
  if (type === 'date') return 'A day, such as 2026-01-31';
  if (type === 'timestamp') return 'A day or a time, such as 2026-01-31 or 2026-01-31 09:30';
  if (type === 'text') return 'A text';
  return 'A number, such as 12 or 1234.5';
}

const ZONED = /(Z|[+-][0-9]{2}:[0-9]{2})$/;

// Whether the ends of a range stand the wrong way round. A day is the whole day, so that it ends after
// any time of it.
function reversed(first: string, last: string, type: FieldType): boolean {
  if (!isTime(type)) return Number(first) > Number(last);
  if (ZONED.test(first) !== ZONED.test(last)) return false; // which is earlier depends on the model's zone
  const at = (text: string) => Date.parse(text.length === 10 ? `${text}T00:00:00Z` : ZONED.test(text) ? text : `${text.replace(' ', 'T')}Z`);
  return at(first) > at(last) + (last.length === 10 ? 86_399_999 : 0);
}

export function valueFlaw(
  operators: Operators,
  op: string,
  value: Value | undefined,
  type: FieldType,
): { text: string; unfinished: boolean } | undefined {
  const takes = takesOf(operators, op);
  if (takes === 'nothing') return undefined;
  const missing = (text: string) => ({ text, unfinished: true });
  const wrong = (text: string) => ({ text, unfinished: false });
  if (value === undefined)
    return missing(takes === 'values' ? 'Choose at least one value' : takes === 'span' ? 'How long?' : 'Give a value');
  if (takes === 'span') {
    const flaw = spanFlaw(value, type, op);
    return flaw ? wrong(flaw) : undefined;
  }
  if (isSpan(value)) return wrong('Give a date here; “within the last” takes a length of time');
  const scalars = (Array.isArray(value) ? value : [value]) as readonly Scalar[];
  if (takes === 'values' && scalars.length === 0) return missing('Choose at least one value');
  if (takes === 'range') {
    if (scalars.length !== 2 || scalars.some((one) => one === '')) return missing('Give both ends');
  } else if (takes !== 'values' && Array.isArray(value)) {
    return wrong('One value');
  }
  for (const one of scalars) {
    if (one === '' && type !== 'text' && type !== 'list') return missing('Give a value');
    const flaw = scalarFlaw(one, type, op);
    if (flaw) return wrong(flaw);
  }
  const [first, last] = scalars;
  if (takes === 'range' && first !== undefined && last !== undefined && reversed(String(first), String(last), type))
    return wrong('The lower or earlier end comes first: as it stands nobody can match');
  return undefined;
}

class Checker {
  readonly flaws: Flaw[] = [];
  constructor(private readonly known: Known) {}

  private tell(id: string, part: Part, text: string, unfinished = false) {
    this.flaws.push({ id, part, text, unfinished });
  }

  private comparison(node: { id: string; op: string; value?: Value }, type: FieldType, ofCount: boolean) {
    const { operators } = this.known;
    if (!operatorsOf(operators, type, ofCount).includes(node.op))
      return this.tell(node.id, 'op', `“${phraseOf(operators, node.op)}” cannot be asked of this kind of field`);
    const flaw = valueFlaw(operators, node.op, node.value, type);
    if (flaw) return this.tell(node.id, 'value', flaw.text, flaw.unfinished);
    if (!ofCount) return;
    const scalars = (Array.isArray(node.value) ? node.value : [node.value]) as readonly Scalar[];
    if (!scalars.every((one) => one instanceof Exact || (typeof one === 'number' && Number.isInteger(one) && one >= 0)))
      this.tell(node.id, 'value', 'A whole number from 0 up');
  }

  private related(node: RelatedTest, model: ModelShape | undefined) {
    const { shape } = this.known;
    if (node.relation === '') return this.tell(node.id, 'relation', 'Choose what is related', true);
    if (model && !model.relations.some((one) => one.name === node.relation))
      return this.tell(node.id, 'relation', `${model.name} has no relation “${node.relation}”`);
    const other = otherOf(shape, model, node.relation);
    const counts = node.aggregate === 'count' || node.aggregate === 'count_distinct';
    if (node.aggregate !== 'count') {
      if (node.field === '') return this.tell(node.id, 'of', 'Choose a field', true);
      const field = other?.fields?.find((one) => one.name === node.field);
      if (other?.fields && !field) return this.tell(node.id, 'of', `${other.name} has no field “${node.field}”`);
      if (field && !aggregates(node.aggregate, field)) return this.tell(node.id, 'of', 'This cannot be worked out of that field');
    }
    if (node.aggregate === 'count' || other?.fields) this.comparison(node, comparedType(node, other?.fields), counts);
    this.node(node.where, other);
  }

  // Whether a segment is made of another, by way of others perhaps.
  private reaches(from: string, to: string, seen: Set<string>): boolean {
    if (seen.has(from)) return false;
    seen.add(from);
    const parts = segmentsIn(this.known.segments.find((one) => one.name === from)?.where);
    return parts.includes(to) || parts.some((one) => this.reaches(one, to, seen));
  }

  node(node: Node, model: ModelShape | undefined): void {
    switch (node.kind) {
      case 'group':
        for (const one of node.rules) this.node(one, model);
        return;
      case 'related':
        return this.related(node, model);
      case 'field': {
        if (node.field === '') return this.tell(node.id, 'field', 'Choose a field', true);
        if (!model?.fields) return;
        const field = model.fields.find((one) => one.name === node.field);
        if (!field) return this.tell(node.id, 'field', `${model.name} has no field “${node.field}”`);
        return this.comparison(node, field.type, false);
      }
      case 'segment': {
        if (node.segment === '') return this.tell(node.id, 'segment', 'Choose a segment', true);
        const found = this.known.segments.find((one) => one.name === node.segment);
        if (!found) return this.tell(node.id, 'segment', `There is no segment “${node.segment}”`);
        if (model && found.model !== model.name)
          return this.tell(node.id, 'segment', `“${node.segment}” is of ${found.model}, and this is about ${model.name}`);
        if (node.segment === this.known.self) return this.tell(node.id, 'segment', 'A segment cannot be made of itself');
        if (this.known.self !== undefined && this.reaches(node.segment, this.known.self, new Set()))
          this.tell(node.id, 'segment', `“${node.segment}” is itself made of “${this.known.self}”`);
        return;
      }
    }
  }
}

export function flawsOf(known: Known, model: string, root: Group | Node): Flaw[] {
  const checker = new Checker(known);
  checker.node(root, known.shape.get(model));
  return checker.flaws;
}
