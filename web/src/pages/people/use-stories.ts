import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import { api, takeAll } from '../../api/client';
import { type Story, storyOf } from '../../lib/story';
import { many } from '../../lib/words';
import type { Search, Told } from './use-search';

export interface One {
  told: Told;
  story?: Story;
}

const order = { bad: 0, waiting: 1, good: 2, quiet: 3 };

// The stories, those that need somebody first, those where nothing happens last.
export function useStories(search: Search): One[] {
  const status = useQuery({
    queryKey: ['status', 'all'],
    queryFn: ({ signal }) => takeAll((cursor) => api.GET('/api/v1/status', { params: { query: { limit: 1000, cursor } }, signal })),
  }).data;
  return useMemo(() => {
    const by = new Map(status?.map((one) => [one.uid, one]));
    const all = search.told.map((told): One => {
      const at = by.get(told.asked.uid);
      const next = { at: at?.next_run_at ?? null, paused: at?.paused ?? false, schedule: at?.schedule ?? 'no schedule' };
      return told.why ? { told, story: storyOf(told.why, next) } : { told };
    });
    const rank = (one: One) => (one.story ? order[one.story.tone] : -1);
    return all.sort((a, b) => rank(a) - rank(b) || a.told.asked.name.localeCompare(b.told.asked.name));
  }, [search.told, status]);
}

// "On 2 lists", "waits in 1", "not in 3": how they stand in all.
export function standings(all: One[]): string[] {
  const on = all.filter((one) => one.told.why && (one.told.why.ledger?.on_list ?? 'no') !== 'no').length;
  const waits = all.filter((one) => one.story && ['waiting', 'bad'].includes(one.story.tone) && (one.told.why?.ledger?.on_list ?? 'no') === 'no').length;
  const out = all.filter((one) => one.story && one.story.tone === 'quiet').length;
  const failed = all.filter((one) => one.told.problem).length;
  return [
    ...(on ? [`on ${many(on, 'list')}`] : []),
    ...(waits ? [`waits in ${many(waits, 'activation')}`] : []),
    ...(out ? [`not in ${many(out, 'activation')}`] : []),
    ...(failed ? [`${many(failed, 'activation')} could not be asked`] : []),
  ];
}
