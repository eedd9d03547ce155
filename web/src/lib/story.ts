// One person's story in one activation, out of the answer of `why`: where they stand, for which reason,
// what happened, and what happens next.
import type { components } from '../api/schema';

export type Why = components['schemas']['Why'];
export type Tone = 'good' | 'waiting' | 'bad' | 'quiet';

export interface Moment {
  at: string | null; // null: now, or at the next run
  what: string;
  more?: string;
  tone: Tone;
}

export interface Story {
  headline: string;
  tone: Tone;
  because: string;
  conditions: { rule: string; holds: boolean | null; decides: boolean }[];
  moments: Moment[];
}

const keyWord = (why: Why): string => (why.key_type === 'email' ? 'e-mail address' : 'user ID');

function headline(why: Why): [string, Tone] {
  const onList = why.ledger?.on_list ?? 'no';
  if (why.key_form === 'malformed') return [`Not sent: this is no ${keyWord(why)} that Iterable takes`, 'bad'];
  switch (why.state) {
    case 'rejected':
      return ['Rejected by Iterable', 'bad'];
    case 'unknown':
      return ['Sent, and no answer was read', 'waiting'];
    case 'not_sent':
      return ['Planned, and the run ended before it was sent', 'waiting'];
    case 'not_a_contact':
      return why.in_segment
        ? ['Waits: in the segment, and not a contact in Iterable yet', 'waiting']
        : ['Not in the segment any more, and never was on the list', 'quiet'];
    case 'leaver':
      return ['Left the segment; the removal from the list is not confirmed yet', 'waiting'];
    case 'not_on_list':
      return why.in_segment
        ? ['In the segment, but taken off the list by somebody else', 'bad']
        : ['Not on the list', 'quiet'];
    default:
  }
  if (onList !== 'no') {
    if (why.in_segment) return ['On the list', 'good'];
    return [
      why.in_model
        ? 'On the list; leaves it at the next run'
        : 'On the list; their row is gone, so they leave at the next run',
      'waiting',
    ];
  }
  if (why.in_segment) return ['In the segment; not on the list yet', 'waiting'];
  if (!why.in_model)
    return [why.state === 'removed' ? 'Was on the list once; not in the data any more' : 'Not in the data', 'quiet'];
  return [why.state === 'removed' ? 'Left the segment, and was taken off the list' : 'Not in the segment', 'quiet'];
}

// Whether a condition is why the person is in the segment or not.
function decides(why: Why, holds: boolean | null): boolean {
  if (!why.in_model || holds === null) return false;
  const combined = why.rule.combined;
  if (why.in_segment) return combined === 'none' ? !holds : holds;
  return combined === 'none' ? holds : !holds;
}

function because(why: Why): string {
  if (why.key_form === 'malformed') return `“${why.asked}” is malformed, and such people are left out of every run.`;
  if (!why.in_model) return `No row of the data has ${why.key_field} = ${why.key}.`;
  const all = why.rule.conditions;
  const count = all.filter((one) => decides(why, one.holds)).length;
  if (all.length === 0) return 'The segment has no condition: everybody of the model is in it.';
  const many = (n: number) => (n === 1 ? 'one condition' : `${n} conditions`);
  if (why.in_segment) {
    if (why.rule.combined === 'none') return 'In the segment, because none of its conditions holds.';
    if (why.rule.combined === 'any')
      return `In the segment, because ${many(count)} of ${all.length} ${count === 1 ? 'holds' : 'hold'}, and one is enough.`;
    return all.length === 1
      ? 'In the segment, because its condition holds.'
      : `In the segment, because all ${all.length} conditions hold.`;
  }
  if (why.rule.combined === 'none')
    return `Not in the segment, because ${many(count)} ${count === 1 ? 'holds' : 'hold'}, and none may.`;
  if (why.rule.combined === 'any') return 'Not in the segment, because no condition holds.';
  if (count === 0) return 'Not in the segment: another row with this key counts, or the activation leaves them out.';
  return `Not in the segment, because ${many(count)} of ${all.length} ${count === 1 ? 'does' : 'do'} not hold.`;
}

function past(why: Why): Moment[] {
  const ledger = why.ledger;
  if (ledger === null) return [{ at: null, what: 'No run has met this person in the segment', tone: 'quiet' }];
  const out: Moment[] = [];
  if (ledger.wrote_at)
    out.push(
      ledger.last_write === 'remove'
        ? { at: ledger.wrote_at, what: 'Removed from the list, and Iterable confirmed it', tone: 'quiet' }
        : { at: ledger.wrote_at, what: 'Written to the list, and Iterable confirmed it', tone: 'good' },
    );
  if (ledger.tried_at && ledger.tried_at !== ledger.wrote_at) {
    const answers: Record<string, Moment> = {
      not_a_contact: { at: ledger.tried_at, what: 'Looked up: Iterable does not know this person', tone: 'waiting' },
      rejected: { at: ledger.tried_at, what: `Iterable refused: ${ledger.detail ?? 'without a reason'}`, tone: 'bad' },
      unknown: { at: ledger.tried_at, what: 'Sent, and no answer was read', tone: 'waiting' },
      not_sent: { at: ledger.tried_at, what: 'Planned, and the run ended before it was sent', tone: 'waiting' },
    };
    out.push(
      (ledger.reason ? answers[ledger.reason] : undefined) ?? {
        at: ledger.tried_at,
        what: 'Last answer from Iterable: accepted',
        ...(ledger.detail ? { more: ledger.detail } : {}),
        tone: 'quiet',
      },
    );
  }
  if (ledger.since && ledger.since !== ledger.wrote_at && ledger.since !== ledger.tried_at)
    out.push({
      at: ledger.since,
      what: 'Since then: ' + why.state_text.replace(/,? since [\d: -]+$/, ''),
      tone: 'quiet',
    });
  return out.sort((a, b) => (a.at ?? '').localeCompare(b.at ?? ''));
}

export function storyOf(why: Why, next: { at: string | null; paused: boolean; schedule: string }): Story {
  const [said, tone] = headline(why);
  const nothing = why.next_run.startsWith('nothing');
  const next_run = nothing ? `nothing to do${why.next_run.slice('nothing'.length)}` : why.next_run;
  return {
    headline: said,
    tone,
    because: because(why),
    conditions: why.rule.conditions.map((one) => ({ ...one, decides: decides(why, one.holds) })),
    moments: [
      ...past(why),
      {
        at: null,
        what: why.in_segment
          ? 'Now: in the segment'
          : why.in_model
            ? 'Now: not in the segment'
            : 'Now: not in the data',
        tone: why.in_segment ? 'good' : 'quiet',
      },
      {
        at: next.at,
        what: `Next run: ${next_run}`,
        ...(next.paused
          ? { more: 'The activation is paused, so no run is due.' }
          : next.at
            ? {}
            : { more: `No time is set (${next.schedule}); it runs when somebody starts it.` }),
        tone: nothing ? 'quiet' : 'waiting',
      },
    ],
  };
}
