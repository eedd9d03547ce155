import { Accordion, Anchor, Button, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { everythingQuery, lookQuery, tablesQuery, type Thing } from '../../api/catalog';
import { Loaded } from '../../components/Loading';
import { Problem } from '../../components/Problem';
import { Waiting } from '../../components/Loading';
import { bySchema, shortName } from '../../lib/tables';
import { samplesOf, typeName } from '../../lib/columns';
import { Listing } from '../../components/Listing';
import { count } from '../../lib/words';

const most = 50; // shown at once

/** The columns of a table with their types and a few values. */
export function Columns({ source, table }: { source: string; table: string }) {
  const look = useQuery(lookQuery({ source, table }));
  if (look.isError) return <Problem error={look.error} />;
  if (!look.data) return <Waiting lines={3} />;
  return (
    <Listing
      label={`Columns of ${table}`}
      rows={look.data.fields}
      rowKey={(one) => one.name}
      columns={[
        { head: 'Column', cell: (one) => <b dir="auto">{one.name}</b> },
        { head: 'Type', cell: (one) => typeName(one.type) },
        { head: 'For example', cell: (one) => <span dir="auto">{samplesOf(look.data.rows, one.name).map(shortened).join(' · ') || '–'}</span> },
      ]}
    />
  );
}

export const shortened = (text: string) => (text.length > 40 ? `${text.slice(0, 39)}…` : text);

/** What a source holds, and the way to a model of it. */
export function Tables({ source }: { source: Thing }) {
  const query = useQuery({ ...tablesQuery(source.uid), retry: false });
  const models = useQuery(everythingQuery).data?.models.filter((one) => one.source === source.name) ?? [];
  const [search, setSearch] = useState('');
  const [opened, setOpened] = useState<string[]>([]);
  const [all, setAll] = useState(false);
  return (
    <section aria-labelledby="tables">
      <Group justify="space-between" mb="sm">
        <Title order={2} id="tables">
          Tables
        </Title>
        {(query.data?.length ?? 0) > 8 && (
          <TextInput aria-label="Search tables" placeholder="Search tables" value={search} onChange={(event) => setSearch(event.currentTarget.value)} w={{ base: '100%', xs: 260 }} />
        )}
      </Group>
      <Loaded query={query}>
        {(tables) => {
          const found = tables.filter((one) => one.toLowerCase().includes(search.trim().toLowerCase()));
          const shown = all ? found : found.slice(0, most);
          if (tables.length === 0) return <Text c="dimmed">There is no table here that this user may read.</Text>;
          if (found.length === 0) return <Text c="dimmed">No table is named so.</Text>;
          return (
            <Stack>
              {bySchema(shown).map(({ schema, tables: some }) => (
                <div key={schema}>
                  {schema && (
                    <Title order={3} size="h5" c="dimmed" mb={4} dir="auto">
                      {schema}
                    </Title>
                  )}
                  <Accordion multiple variant="contained" styles={{ item: { transition: 'none' } }} value={opened} onChange={setOpened} transitionDuration={0} order={schema ? 4 : 3}>
                    {some.map((table) => {
                      const made = models.filter((one) => one.table === table);
                      return (
                        <Accordion.Item key={table} value={table}>
                          <Accordion.Control>
                            <Group gap="xs">
                              <Text fw={600} dir="auto">
                                {shortName(table, schema)}
                              </Text>
                              {made.length > 0 && (
                                <Text size="sm" c="dimmed">
                                  model {made.map((one) => one.name).join(', ')}
                                </Text>
                              )}
                            </Group>
                          </Accordion.Control>
                          <Accordion.Panel>
                            {opened.includes(table) && (
                              <Stack>
                                <Group>
                                  <Button component={Link} to="/models/new" search={{ source: source.uid, table } as never} size="compact-sm">
                                    Make a model of it
                                  </Button>
                                  {made.map((one) => (
                                    <Anchor key={one.uid} component={Link} to={`/models/${one.uid}`} size="sm">
                                      Open model {one.name}
                                    </Anchor>
                                  ))}
                                </Group>
                                <Columns source={source.name} table={table} />
                              </Stack>
                            )}
                          </Accordion.Panel>
                        </Accordion.Item>
                      );
                    })}
                  </Accordion>
                </div>
              ))}
              {shown.length < found.length && (
                <Button variant="default" onClick={() => setAll(true)}>
                  Show all {count(found.length)} tables
                </Button>
              )}
            </Stack>
          );
        }}
      </Loaded>
    </section>
  );
}
