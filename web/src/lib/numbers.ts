// From the segment to the list: who of its people is on it, and why the others are not.
import type { Schemas } from '../api/client';
import { people } from './words';

type RejectKind = Schemas['Rejects']['items'][number]['kind'];

export interface Part {
  kind: RejectKind | 'on_list' | 'foreign' | 'missing';
  label: string;
  people: number;
  why: string; // with what to do about it
}

const reasons: Record<RejectKind, { label: string; why: string }> = {
  not_a_contact: {
    label: 'Not contacts yet',
    why: 'Iterable does not know them, and Rollcall never creates a contact. They join the list by themselves once they are contacts.',
  },
  rejected: { label: 'Refused by Iterable', why: 'Iterable gave a reason for each. They are tried again at every run where that can help.' },
  unknown: { label: 'Without an answer', why: 'Iterable’s answer was lost. The next run finds out, and does what is missing.' },
  not_sent: { label: 'Not sent yet', why: 'The run ended before their turn. The next run goes on with them.' },
  no_key: { label: 'Without a match key', why: 'The field of the match key is empty. Fill it in the data, or choose another field.' },
  invalid_key: { label: 'With a match key that cannot be one', why: 'Such as an address without an @. Mend it in the data.' },
  duplicate_key: { label: 'With somebody else’s match key', why: 'Two rows bear the same key; one of them stands for both.' },
  leaver: { label: 'Left the segment, still on the list', why: 'Their removal is not confirmed yet. The next run removes them.' },
};

export const reasonOf = (kind: RejectKind) => reasons[kind];
export const rejectKinds = Object.keys(reasons) as RejectKind[];

type Standing = Schemas['Report']['standing'];
type SegmentCounts = Schemas['SegmentCounts'];

// What stands between the segment's rows and the list: only what there is.
export function partsOf(standing: Standing, segment?: SegmentCounts): Part[] {
  const part = (kind: RejectKind, n: number): Part[] => (n > 0 ? [{ kind, people: n, ...reasons[kind] }] : []);
  return [
    ...(segment ? [...part('no_key', segment.no_key), ...part('invalid_key', segment.invalid_key), ...part('duplicate_key', segment.duplicate_key)] : []),
    ...part('not_a_contact', standing.not_a_contact),
    ...part('rejected', standing.rejected),
    ...part('unknown', standing.unknown),
    ...part('not_sent', standing.not_sent),
    ...part('leaver', standing.leavers_on_list),
  ];
}

type AuditCounts = Pick<Schemas['AuditReport'], 'listed' | 'expected' | 'missing' | 'extra' | 'foreign'>;

// Why Iterable's number is another than Rollcall's, in words.
export function differenceInWords(audit: AuditCounts): string {
  if (audit.listed === audit.expected && !audit.missing && !audit.extra && !audit.foreign)
    return `Iterable’s list holds exactly the ${people(audit.expected)} that Rollcall put there.`;
  const parts = [
    audit.foreign > 0 && `${people(audit.foreign)} on it ${audit.foreign === 1 ? 'was' : 'were'} added by somebody else`,
    audit.extra > 0 && `${people(audit.extra)} should be off it and ${audit.extra === 1 ? 'is' : 'are'} not`,
    audit.missing > 0 && `${people(audit.missing)} should be on it and ${audit.missing === 1 ? 'is' : 'are'} not`,
  ].filter(Boolean);
  const why = parts.length ? `: ${parts.join('; ')}.` : '.';
  return `Iterable’s list holds ${people(audit.listed)}, and Rollcall expects ${people(audit.expected)}${why}`;
}

// What the guard said, without what is meant for who types commands.
export function guardInWords(message: string): string {
  const told = message
    .replace(/^stopped by the guard before anything was sent: /, '')
    .replace(/\. If this is meant.*$/s, '.')
    .replace(/ \((max_\w+|allow_empty)\)/g, '')
    .replace(/ = (\d)/g, ', $1')
    .replaceAll(' %', '%');
  return told.charAt(0).toUpperCase() + told.slice(1);
}

// How the last numbers changed: "5 more than the run before".
export function trendInWords(values: number[]): string {
  if (values.length === 0) return 'no run yet';
  const last = values.at(-1)!;
  if (values.length === 1) return `${people(last)} after the first run`;
  const by = last - values.at(-2)!;
  if (by === 0) return 'as many as after the run before';
  return `${by > 0 ? `${by} more` : `${-by} fewer`} than after the run before`;
}
