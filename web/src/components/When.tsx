import { Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';

import { away, clock, utc } from '../lib/time';

function useNow(every: number) {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

// A time in the viewer's zone, in UTC on hover or focus. `relative`: how far away it is instead.
export function When({ at, relative = false, inLink = false, none = '–' }: { at: string | null | undefined; relative?: boolean; inLink?: boolean; none?: string }) {
  const now = useNow(15_000);
  if (!at) return <span>{none}</span>;
  if (inLink) // which has the focus itself
    return (
      <time dateTime={at} title={utc(at)}>
        {relative ? away(at, now) : clock(at, now)}
      </time>
    );
  return (
    <Tooltip label={relative ? `${clock(at, now)} (${utc(at)})` : utc(at)} events={{ hover: true, focus: true, touch: true }}>
      <time dateTime={at} tabIndex={0}>
        {relative ? away(at, now) : clock(at, now)}
      </time>
    </Tooltip>
  );
}
