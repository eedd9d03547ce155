import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';

import { modelsQuery, segmentsQuery } from '../../api/queries';
import { storedSegmentQuery } from '../../api/segments';
import { ButtonTo } from '../../components/links';
import { Empty } from '../../components/Empty';
import { Loaded, Waiting } from '../../components/Loading';
import { PageHead } from '../../components/PageHead';
import { group } from '../../rule/tree';
import { copyName } from '../../rule/uses';
import { SegmentEditor } from './SegmentEditor';
import { draftOf } from './body';

// A copy of another, or nothing yet.
export default function NewSegment() {
  const { model, copy } = useSearch({ from: '/shell/segments/new' });
  const [tab, setTab] = useState('people');
  const models = useQuery(modelsQuery);
  if (copy !== undefined) return <Copy uid={copy} key={copy} tab={tab} onTab={setTab} />;
  return (
    <Loaded query={models}>
      {(all) => {
        const people = all.filter((one) => ((one as { type?: string }).type ?? 'users') === 'users');
        if (people.length === 0)
          return (
            <>
              <PageHead title="New segment" up={{ to: '/segments', label: 'Segments' }} />
              <Empty title="A segment needs a model of people" action={<ButtonTo to="/models/new">Make a model</ButtonTo>}>
                A model says which table holds your people, one row each. Then you choose among them without SQL.
              </Empty>
            </>
          );
        const chosen = people.find((one) => one.name === model || one.uid === model) ?? (people.length === 1 ? people[0] : undefined);
        const start = { name: '', description: '', tags: [], model: chosen?.name ?? '', root: group('all') };
        return <SegmentEditor start={start} tab={tab} onTab={setTab} />;
      }}
    </Loaded>
  );
}

function Copy({ uid, tab, onTab }: { uid: string; tab: string; onTab: (tab: string) => void }) {
  const stored = useQuery(storedSegmentQuery(uid));
  const segments = useQuery(segmentsQuery).data;
  if (!segments) return <Waiting lines={8} />;
  return (
    <Loaded query={stored} lines={8}>
      {(data) => {
        const draft = draftOf(data.value);
        const name = copyName(draft.name, new Set(segments.map((one) => one.name)));
        return <SegmentEditor start={{ ...draft, name }} tab={tab} onTab={onTab} />;
      }}
    </Loaded>
  );
}
