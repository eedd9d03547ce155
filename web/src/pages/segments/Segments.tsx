// All segments, and where each is used.
import { Badge, Group, Pagination, Select, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import type { Schemas } from '../../api/client';
import { segmentsQuery, useMay } from '../../api/queries';
import { statusesQuery } from '../../api/segments';
import { LinkTo, ButtonTo } from '../../components/links';
import { Empty } from '../../components/Empty';
import { Listing } from '../../components/Listing';
import { Loaded } from '../../components/Loading';
import { PageHead } from '../../components/PageHead';
import { count, list, many } from '../../lib/words';
import { useUses } from './UsedBy';

const PAGE = 50;
type Segment = Schemas['Segment'];

export default function Segments() {
  const segments = useQuery(segmentsQuery);
  const mayEdit = useMay('editor');
  const make = mayEdit && <ButtonTo to="/segments/new">New segment</ButtonTo>;
  return (
    <>
      <PageHead
        title="Segments"
        about="People of your data, chosen by a rule. A segment is activated to keep a list in Iterable equal to it."
        actions={make}
      />
      <Loaded query={segments} lines={8}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="No segment yet" action={make}>
              A segment says who: “ordered in the last 90 days”, “spent more than 500 and is silent since”. You build it without SQL and see
              at once how many people it is.
            </Empty>
          ) : (
            <All segments={all} />
          )
        }
      </Loaded>
    </>
  );
}

function All({ segments }: { segments: Segment[] }) {
  const [search, setSearch] = useState('');
  const [tag, setTag] = useState<string | null>(null);
  const [page, setPage] = useState(1);
  const tags = [...new Set(segments.flatMap((one) => one.tags ?? []))].sort();
  const wanted = search.trim().toLowerCase();
  const found = segments
    .filter((one) => (tag === null || one.tags?.includes(tag)) && `${one.name} ${one.description ?? ''}`.toLowerCase().includes(wanted))
    .sort((a, b) => a.name.localeCompare(b.name));
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  const current = Math.min(page, pages);
  return (
    <Stack>
      <Group align="flex-end">
        <TextInput
          label="Search"
          type="search"
          value={search}
          w={280}
          maw="100%"
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        {tags.length > 0 && (
          <Select
            label="Tag"
            data={tags}
            value={tag}
            clearable
            clearButtonProps={{ 'aria-label': 'Any tag' }}
            placeholder="Any"
            w={180}
            onChange={setTag}
          />
        )}
        <Text size="sm" c="dimmed" pb={8} aria-live="polite">
          {found.length === segments.length
            ? many(found.length, 'segment')
            : `${count(found.length)} of ${many(segments.length, 'segment')}`}
        </Text>
      </Group>
      {found.length === 0 ? <Text>No segment is called so.</Text> : <Rows segments={found.slice((current - 1) * PAGE, current * PAGE)} />}
      {pages > 1 && (
        <Pagination
          total={pages}
          value={current}
          onChange={setPage}
          getItemProps={(n) => ({ 'aria-label': `Page ${n}` })}
          getControlProps={(control) => ({
            'aria-label': { first: 'First page', previous: 'Page before', next: 'Next page', last: 'Last page' }[control],
          })}
        />
      )}
    </Stack>
  );
}

function Rows({ segments }: { segments: Segment[] }) {
  const uses = useUses();
  const statuses = useQuery(statusesQuery).data;
  return (
    <Listing
      label="Segments"
      rows={segments}
      rowKey={(one) => one.uid}
      columns={[
        {
          head: 'Name',
          cell: (one) => (
            <Stack gap={0}>
              <LinkTo to="/segments/$uid" params={{ uid: one.uid }} fw={600}>
                <bdi>{one.name}</bdi>
              </LinkTo>
              {one.description && (
                <Text size="sm" c="dimmed" lineClamp={2} dir="auto">
                  {one.description}
                </Text>
              )}
            </Stack>
          ),
        },
        { head: 'Model', cell: (one) => <bdi>{one.model}</bdi> },
        {
          head: 'Tags',
          cell: (one) => (
            <Group gap={4}>
              {one.tags?.map((tag) => (
                <Badge key={tag} variant="default" tt="none" fw={500} maw={200}>
                  {tag}
                </Badge>
              ))}
            </Group>
          ),
        },
        {
          head: 'Used by',
          cell: (one) => {
            if (!uses) return '';
            const found = uses.get(one.name);
            const words = [
              ...(found?.activations.length ? [many(found.activations.length, 'activation')] : []),
              ...(found?.segments.length ? [many(found.segments.length, 'segment')] : []),
              ...(found?.destinations.length ? [`exclusions of ${many(found.destinations.length, 'destination')}`] : []),
            ];
            return words.length === 0 ? (
              <Text size="sm" c="dimmed">
                Not activated yet
              </Text>
            ) : (
              <LinkTo to="/segments/$uid" params={{ uid: one.uid }} search={{ tab: 'used' }} size="sm">
                {list(words)}
              </LinkTo>
            );
          },
        },
        {
          head: 'On lists',
          number: true,
          cell: (one) => {
            const of = statuses?.filter((each) => each.segment === one.name && each.state !== 'never_run') ?? [];
            return of.length === 0 ? '–' : list(of.map((each) => count(each.on_list)));
          },
        },
      ]}
    />
  );
}
