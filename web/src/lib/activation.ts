// An activation as a form edits it, and as the API has it.
import type { MappingDraft } from '../components/Mapping';
import { likelyKey } from './mapping';
import type { KeyType, Mapped, ModelField } from './mapping';
import { newScheduleDraft, scheduleDraft, scheduleInWords, scheduleOf, scheduleTrouble } from './schedule';
import type { Schedule, ScheduleDraft } from './schedule';
import { list } from './words';

export interface Guard {
  max_removed_share?: number;
  max_removed?: number;
  max_added_share?: number;
  max_cleared_share?: number;
  allow_empty?: boolean;
}

// As the API has it; what a form does not edit is kept as it is.
export interface ActivationBody {
  segment: string;
  destination: string;
  name?: string;
  description?: string;
  match_key?: { type: KeyType; field: string };
  attributes?: Mapped[];
  schedule?: Schedule;
  guard?: Guard;
  on_null?: 'clear' | 'keep';
  foreign_members?: 'keep' | 'remove';
  audit?: { every: string } | 'never';
  list?: { adopt: number };
  paused?: boolean;
  [key: string]: unknown;
}

export type Defaults = Pick<ActivationBody, 'match_key' | 'attributes' | 'schedule' | 'guard' | 'on_null'> & { model?: string };

export interface ActivationDraft {
  segment: string;
  destination: string;
  name: string;
  description: string;
  mapping: MappingDraft;
  schedule: ScheduleDraft;
  // In percent and whole numbers, as people say it; empty where the usual limit holds.
  removedShare: number | '';
  addedShare: number | '';
  allowEmpty: boolean;
  onNull: 'clear' | 'keep';
  foreign: 'keep' | 'remove';
  auditDays: number | ''; // 0: never
  adopt: number | '';
}

export const usual = { removedShare: 30, addedShare: 300, auditDays: 7 };

const percentOf = (share: number | undefined, otherwise: number) => (share === undefined ? otherwise : Math.round(share * 10_000) / 100);

// What a new one starts from: the destination's defaults where they are of this model.
export function newDraft(segment: string, destination: string, defaults: Defaults | undefined, model: ModelField[], zone: string, primaryKey?: string, project?: string): ActivationDraft {
  const type: KeyType = project === 'user_id' ? 'user_id' : 'email';
  return {
    segment,
    destination,
    name: segment,
    description: '',
    mapping: {
      key: defaults?.match_key ?? { type, field: likelyKey(type, model, primaryKey) },
      attributes: defaults?.attributes ?? [],
    },
    schedule: defaults?.schedule === undefined ? newScheduleDraft(zone) : scheduleDraft(defaults.schedule, zone),
    removedShare: percentOf(defaults?.guard?.max_removed_share, usual.removedShare),
    addedShare: percentOf(defaults?.guard?.max_added_share, usual.addedShare),
    allowEmpty: defaults?.guard?.allow_empty ?? false,
    onNull: defaults?.on_null ?? 'clear',
    foreign: 'keep',
    auditDays: usual.auditDays,
    adopt: '',
  };
}

function auditDays(audit: ActivationBody['audit']): number {
  if (audit === 'never') return 0;
  const found = /^(\d+)([dhm])$/.exec(audit?.every ?? '7d');
  const days: Record<string, number> = { d: 1, h: 1 / 24, m: 1 / 1440 };
  return found ? Number(found[1]) * days[found[2]!]! : usual.auditDays;
}

export function draftOf(body: ActivationBody, zone: string): ActivationDraft {
  return {
    segment: body.segment,
    destination: body.destination,
    name: body.name ?? body.segment,
    description: body.description ?? '',
    mapping: { key: body.match_key ?? { type: 'email', field: '' }, attributes: body.attributes ?? [] },
    schedule: scheduleDraft(body.schedule, zone),
    removedShare: percentOf(body.guard?.max_removed_share, usual.removedShare),
    addedShare: percentOf(body.guard?.max_added_share, usual.addedShare),
    allowEmpty: body.guard?.allow_empty ?? false,
    onNull: body.on_null ?? 'clear',
    foreign: body.foreign_members ?? 'keep',
    auditDays: auditDays(body.audit),
    adopt: body.list?.adopt ?? '',
  };
}

// What the API takes; `base` is what is stored, whose other keys are kept.
export function bodyOf(draft: ActivationDraft, base: Partial<ActivationBody> = {}): ActivationBody {
  const { uid: _uid, warnings: _warnings, archived: _archived, next_run_at: _next, ...kept } = base;
  const out: ActivationBody = {
    ...kept,
    segment: draft.segment,
    destination: draft.destination,
    name: draft.name.trim() || draft.segment,
    match_key: draft.mapping.key,
    attributes: draft.mapping.attributes.map((one) => {
      const line: Mapped = { ...one, to: one.to.trim() };
      if (!line.create) delete line.create;
      if (!line.type) delete line.type;
      return line;
    }),
    schedule: scheduleOf(draft.schedule),
    on_null: draft.onNull,
    foreign_members: draft.foreign,
  };
  if (draft.description.trim()) out.description = draft.description.trim();
  else delete out.description;
  const guard: Guard = { ...base.guard };
  if (draft.removedShare !== '') guard.max_removed_share = draft.removedShare / 100;
  if (draft.addedShare !== '') guard.max_added_share = draft.addedShare / 100;
  guard.allow_empty = draft.allowEmpty;
  out.guard = guard;
  // A span that is no whole number of days stays what it was.
  if (draft.auditDays !== auditDays(base.audit) || base.audit === undefined)
    out.audit = draft.auditDays === 0 ? 'never' : { every: `${draft.auditDays === '' ? usual.auditDays : draft.auditDays}d` };
  if (draft.adopt === '') delete out.list;
  else out.list = { adopt: draft.adopt };
  return out;
}

// Why it cannot be saved yet; nothing when it can.
export function draftTrouble(draft: ActivationDraft): string | undefined {
  if (!draft.mapping.key.field) return 'Choose which field is the match key.';
  const trouble = scheduleTrouble(draft.schedule);
  return trouble && `${trouble}.`;
}

// What one click does, in words.
export function defaultsInWords(segment: string, destination: string, defaults: Defaults): string[] {
  const key = defaults.match_key;
  const attributes = defaults.attributes ?? [];
  return [
    `A list named “${segment}” is made in ${destination}, and kept equal to the segment.`,
    key ? `People are matched by ${key.type === 'email' ? 'e-mail' : 'Iterable user ID'}, from the field ${key.field}.` : '',
    attributes.length
      ? `${list(attributes.map((one) => one.to))} ${attributes.length === 1 ? 'is' : 'are'} kept up to date.`
      : 'No attribute is written.',
    defaults.schedule && defaults.schedule !== 'manual'
      ? `The first run begins at once; then it runs ${scheduleInWords(defaults.schedule)}.`
      : 'The first run begins at once; after that it runs only when somebody starts it.',
    'No contact is ever created.',
  ].filter(Boolean);
}
