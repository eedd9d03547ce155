// A model as it is edited, and as it is sent.
import type { Thing } from '../../api/catalog';
import { type Column, type Field, fieldsOf, guessKey, guessModelType, modelNameOf, type Pick, picksOf } from '../../lib/columns';
import type { Computed } from '../../lib/computed';
import type { Relation } from '../../lib/relation-graph';

export type ModelType = 'users' | 'events' | 'custom';

export interface Model extends Thing {
  type?: ModelType;
  source: string;
  table?: string;
  sql?: string;
  primary_key?: string;
  tz?: string;
  fields?: Field[];
  computed?: Computed[];
  relations?: Relation[];
  types?: Record<string, Record<string, string>>;
}

export interface Draft {
  name: string;
  type: ModelType;
  source: string;
  by: 'table' | 'sql';
  table: string;
  sql: string;
  primary_key: string;
  tz: string;
  /** Nothing until the columns are known. */
  picks: Pick[] | undefined;
}

export const modelTypes: { type: ModelType; title: string; about: string }[] = [
  { type: 'users', title: 'People', about: 'One row is one person. Segments and lists are made of people.' },
  { type: 'events', title: 'Events', about: 'One row is something that happened: an order, a visit.' },
  { type: 'custom', title: 'Other things', about: 'Products, addresses, or what lies between two models.' },
];
export const typeTitle = (type: string | undefined) => modelTypes.find((one) => one.type === (type ?? 'users'))?.title ?? type ?? '';

export function blankDraft(source: string, table: string): Draft {
  return { name: table ? modelNameOf(table) : '', type: 'users', source, by: 'table', table, sql: '', primary_key: '', tz: 'UTC', picks: undefined };
}

export function draftOf(model: Model): Draft {
  return {
    name: model.name,
    type: model.type ?? 'users',
    source: model.source,
    by: model.sql ? 'sql' : 'table',
    table: model.table ?? '',
    sql: model.sql ?? '',
    primary_key: model.primary_key ?? '',
    tz: model.tz ?? 'UTC',
    picks: undefined,
  };
}

/** What is asked to find out which columns there are; nothing before a table or a query is named. */
export function questionOf(draft: Pick4): Record<string, unknown> | undefined {
  if (!draft.source) return undefined;
  if (draft.by === 'table') return draft.table ? { source: draft.source, table: draft.table } : undefined;
  return draft.sql.trim() ? { source: draft.source, sql: draft.sql } : undefined;
}
type Pick4 = { source: string; by: 'table' | 'sql'; table: string; sql: string };

/** A draft once its columns are known: what the stored model says of them, or guesses for a new one. */
export function withColumns(draft: Draft, columns: Column[], stored: Model | undefined): Draft {
  const isStored = stored !== undefined && stored.source === draft.source && (stored.table ?? '') === (draft.by === 'table' ? draft.table : '');
  const picks = picksOf(columns, isStored ? stored.fields : undefined);
  const has = picks.some((one) => one.picked && one.name === draft.primary_key);
  const guessed = guessKey(draft.table || draft.name, columns);
  return {
    ...draft,
    picks,
    primary_key: has || isStored ? draft.primary_key : (guessed ?? ''),
    type: stored ? draft.type : guessModelType(draft.table || draft.name, columns),
  };
}

/** The body of a request: what the draft says, and of a stored model all that this form does not ask for. */
export function bodyOf(draft: Draft, stored: Model | undefined, findTypesAnew = false): Record<string, unknown> {
  const { name: _name, type: _type, source: _source, table: _table, sql: _sql, primary_key: _key, tz: _tz, fields, types, warnings: _warnings, ...rest } = stored ?? ({} as Model);
  const sameTable = stored !== undefined && (draft.by === 'table' ? stored.table === draft.table : stored.sql === draft.sql) && stored.source === draft.source;
  const picked = draft.picks ? fieldsOf(draft.picks) : sameTable ? fields : undefined;
  return {
    ...rest,
    name: draft.name.trim(),
    type: draft.type,
    source: draft.source,
    ...(draft.by === 'table' ? { table: draft.table } : { sql: draft.sql }),
    ...(draft.primary_key ? { primary_key: draft.primary_key } : {}),
    ...(draft.tz && draft.tz !== 'UTC' ? { tz: draft.tz } : {}),
    ...(picked ? { fields: picked } : {}),
    ...(sameTable && types && !findTypesAnew ? { types } : {}),
  };
}

/** What still has to be said before it can be saved. */
export function lacks(draft: Draft, taken: string[]): string | undefined {
  if (!draft.source) return 'Choose a source.';
  if (draft.by === 'table' ? !draft.table : !draft.sql.trim()) return draft.by === 'table' ? 'Choose a table.' : 'Write a query.';
  if (!draft.name.trim()) return 'Give the model a name.';
  if (taken.includes(draft.name.trim())) return `There is a model ${draft.name.trim()} already. Choose another name.`;
  if (draft.type === 'users' && !draft.primary_key) return 'Choose the field that tells people apart.';
  if (draft.picks && !draft.picks.some((one) => one.picked)) return 'Pick at least one column.';
  if (draft.primary_key && draft.picks && !draft.picks.some((one) => one.picked && one.name === draft.primary_key)) return `The key ${draft.primary_key} is not among the fields that are picked.`;
  return undefined;
}
