// Between a stored segment and a draft of it. Keys that the page does not know stay as they are.
import type { StoredSegment } from '../../api/segments';
import { writeJson } from '../../lib/exact-json';
import type { Draft } from '../../rule/draft';
import { groupOf, ruleOf } from '../../rule/tree';

export const draftOf = (segment: StoredSegment): Draft => ({
  name: segment.name,
  description: segment.description ?? '',
  tags: segment.tags ?? [],
  model: segment.model,
  root: groupOf(segment.where),
});

export function bodyOf(draft: Draft, stored?: StoredSegment): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(stored ?? {})) if (key !== 'uid' && key !== 'warnings') out[key] = value;
  out.name = draft.name.trim();
  out.model = draft.model;
  out.where = ruleOf(draft.root);
  if (draft.description.trim() === '') delete out.description;
  else out.description = draft.description.trim();
  if (draft.tags.length === 0) delete out.tags;
  else out.tags = draft.tags;
  return out;
}

// Whether it says something else than what is stored.
export const differs = (draft: Draft, stored: StoredSegment): boolean => writeJson(bodyOf(draft)) !== writeJson(bodyOf(draftOf(stored)));
