// Rules to begin with, made of what the model has. Only those that make sense of its fields.
import { isNumber, isTime } from './operators';
import { fieldTest, group, relatedTest } from './tree';
import type { Group, ModelField, ModelShape, Operators, Relation, Shape } from './types';

export interface Template {
  key: string;
  title: string;
  text: string;
  name: string;
  root: Group;
}

const label = (field: ModelField) => field.label || field.name;
const looksLike = (field: ModelField, ...words: string[]) =>
  words.some((word) => `${field.name} ${field.label}`.toLowerCase().includes(word));

// The relation that tells what people did: many rows of one person, each with its time.
function happenings(shape: Shape, model: ModelShape) {
  const out: { relation: Relation; other: ModelShape; time: ModelField }[] = [];
  for (const relation of model.relations) {
    const other = relation.kind === 'has_many' ? shape.get(relation.model) : undefined;
    const times = other?.fields?.filter((one) => isTime(one.type)) ?? [];
    const time = times.find((one) => one.type === 'timestamp') ?? times[0];
    if (other && time) out.push({ relation, other, time });
  }
  return out;
}

export function templatesOf(shape: Shape, model: ModelShape, operators: Operators): Template[] {
  const fields = model.fields ?? [];
  const has = (op: string, type: string) => operators.by_type[type]?.includes(op) === true;
  const out: Template[] = [];

  for (const { relation, other, time } of happenings(shape, model).slice(0, 1)) {
    const within = (days: number) => fieldTest(time.name, 'within_last', { days });
    out.push({
      key: 'active',
      title: `Active: ${relation.name} in the last 30 days`,
      text: `People with at least one of ${relation.name} in the last 30 days`,
      name: `Active in the last 30 days`,
      root: group('all', [relatedTest(relation.name, [within(30)])]),
    });
    out.push({
      key: 'lapsed',
      title: `Lapsed: ${relation.name} before, none for 90 days`,
      text: 'People to win back',
      name: 'Lapsed for 90 days',
      root: group('all', [relatedTest(relation.name), relatedTest(relation.name, [within(90)], 'eq', 0)]),
    });
    out.push({
      key: 'frequent',
      title: `Frequent: three or more ${relation.name} in a year`,
      text: 'People who come back',
      name: 'Frequent in the last year',
      root: group('all', [relatedTest(relation.name, [within(365)], 'gte', 3)]),
    });
    const amount = other.fields?.find((one) => isNumber(one.type) && looksLike(one, 'total', 'amount', 'price', 'revenue', 'value'));
    if (amount)
      out.push({
        key: 'spenders',
        title: `Big spenders: ${label(amount)} of 500 or more in a year`,
        text: `By the total of ${label(amount)} of their ${relation.name}`,
        name: 'Big spenders of the last year',
        root: group('all', [{ ...relatedTest(relation.name, [within(365)], 'gte', 500), aggregate: 'sum', field: amount.name }]),
      });
  }

  const joined = fields.find((one) => isTime(one.type) && looksLike(one, 'created', 'joined', 'signed', 'registered', 'first'));
  if (joined)
    out.push({
      key: 'new',
      title: `New: ${label(joined)} within the last 30 days`,
      text: 'People to welcome',
      name: 'New in the last 30 days',
      root: group('all', [fieldTest(joined.name, 'within_last', { days: 30 })]),
    });
  const born = fields.find((one) => isTime(one.type) && looksLike(one, 'birth', 'born'));
  if (born && has('anniversary_within', born.type))
    out.push({
      key: 'birthday',
      title: 'Birthday within the next 14 days',
      text: `By ${label(born)}, whatever the year`,
      name: 'Birthday soon',
      root: group('all', [fieldTest(born.name, 'anniversary_within', { days: 14 })]),
    });
  const consent = fields.find((one) => one.type === 'boolean' && looksLike(one, 'newsletter', 'opt', 'consent', 'subscri', 'marketing'));
  if (consent)
    out.push({
      key: 'consent',
      title: `${label(consent)}: yes`,
      text: 'People who agreed',
      name: `${label(consent)}: yes`,
      root: group('all', [fieldTest(consent.name, 'is_true')]),
    });
  const email = fields.find((one) => one.type === 'text' && looksLike(one, 'mail'));
  if (email)
    out.push({
      key: 'no-email',
      title: `Without ${label(email)}`,
      text: 'People whom no list can reach yet',
      name: `Without ${label(email)}`,
      root: group('all', [fieldTest(email.name, 'is_blank')]),
    });
  return out;
}
