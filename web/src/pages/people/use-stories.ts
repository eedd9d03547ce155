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

// How they stand in all: "On 2 lists, waits for 1, on none of 3 others."
export function standing(all: One[]): string {
  const told = all.filter((one) => one.told.why);
  const isOn = (one: One) => (one.told.why?.ledger?.on_list ?? 'no') !== 'no';
  const on = told.filter(isOn).length;
  const waits = told.filter((one) => !isOn(one) && one.story?.tone !== 'quiet').length;
  const out = told.length - on - waits;
  const failed = all.length - told.length;
  const parts = [
    ...(told.length === 0 ? [] : [on > 0 ? `On ${many(on, 'list')}` : 'On no list']),
    ...(waits > 0 ? [`waits for ${waits}`] : []),
    ...(out > 0 && on + waits > 0 ? [`not on ${out === 1 ? 'one other' : `${out} others`}`] : []),
    ...(failed > 0 ? [`${many(failed, 'activation')} could not be asked`] : []),
  ];
  return `${parts.join(', ')}.`;
}
