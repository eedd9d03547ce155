import { Button, Stack, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';

import { everythingQuery, objectQuery, rowsQuery, type Thing } from '../../api/catalog';
import type { Tagged } from '../../api/client';
import { modelFieldsQuery, useMay } from '../../api/queries';
import { Empty } from '../../components/Empty';
import { Listing } from '../../components/Listing';
import { Loaded } from '../../components/Loading';
import { NextStep } from '../../components/NextStep';
import { ObjectActions, Tested, useTest } from '../../components/ObjectActions';
import { PageHead } from '../../components/PageHead';
import { RemoveObject, Uses } from '../../components/RemoveObject';
import { useEdit } from '../../components/useEdit';
import { typeName } from '../../lib/columns';
import { usesOf } from '../../lib/uses';
import { many } from '../../lib/words';
import { ComputedFields } from './ComputedFields';
import { type Model as Stored, typeTitle } from './model';
import { ModelEditor } from './ModelEditor';
import { Relations } from './Relations';
import { Rows } from './Rows';

function AllFields({ uid }: { uid: string }) {
  const query = useQuery({ ...modelFieldsQuery(uid), retry: false });
  return (
    <Loaded query={query}>
      {({ items }) => (
        <Listing
          label="Fields"
          rows={items}
          rowKey={(one) => one.name}
          columns={[
            { head: 'Name', cell: (one) => <b dir="auto">{one.name}</b> },
            { head: 'Label', cell: (one) => <span dir="auto">{one.label}</span> },
            { head: 'Type', cell: (one) => typeName(one.type) },
          ]}
        />
      )}
    </Loaded>
  );
}

function SomeRows({ model }: { model: Stored }) {
  const mayLook = useMay('operator');
  const [limit, setLimit] = useState(20);
  const query = useQuery({ ...rowsQuery(model.name, limit), enabled: mayLook, placeholderData: (before) => before });
  if (!mayLook) return <Empty title="To see rows, the role operator is needed">They may hold what is known of people.</Empty>;
  return (
    <Loaded query={query} lines={8}>
      {(preview) => (
        <Stack>
          <Rows shown={preview} label={`Rows of ${model.name}`} first={model.primary_key ? [model.primary_key] : []} />
          {preview.rows.length === limit && limit < 100 && (
            <div>
              <Button variant="default" onClick={() => setLimit(100)} loading={query.isFetching}>
                Show 100 rows
              </Button>
            </div>
          )}
        </Stack>
      )}
    </Loaded>
  );
}

// A change is a change of what was read when it was begun, whatever is read meanwhile.
function EditModel({ sources, stored }: { sources: Thing[]; stored: Tagged<Thing> }) {
  const edit = useEdit('model', stored.value.uid);
  const [base, setBase] = useState(stored);
  const [dirty, setDirty] = useState(false);
  if (!dirty && base.etag !== stored.etag) setBase(stored);
  return (
    <>
      {edit.choice}
      <ModelEditor
        key={base.etag}
        sources={sources}
        stored={base.value as Stored}
        verb="Save the model"
        onDirty={setDirty}
        save={async (body) => {
          await edit.save(base, body);
          setDirty(false);
        }}
      />
    </>
  );
}

export default function Model() {
  const { uid } = useParams({ strict: false }) as { uid: string };
  const { tab = 'fields' } = useSearch({ strict: false }) as { tab?: string };
  const navigate = useNavigate();
  const mayEdit = useMay('editor');
  const query = useQuery(objectQuery('model', uid));
  const all = useQuery(everythingQuery).data;
  const fields = useQuery({ ...modelFieldsQuery(uid), retry: false }).data?.items ?? [];
  const [removing, setRemoving] = useState(false);
  const test = useTest('model', uid);
  return (
    <Loaded query={query}>
      {(stored) => {
        const model = stored.value as Stored;
        const models = (all?.models ?? []) as unknown as Stored[];
        const uses = all ? usesOf('model', model.name, all) : [];
        const isPeople = (model.type ?? 'users') === 'users';
        return (
          <>
            <PageHead
              title={model.name}
              up={{ to: '/models', label: 'Models' }}
              about={
                <span dir="auto">
                  {typeTitle(model.type)} from {model.table ? `${model.table} in ${model.source}` : `a query in ${model.source}`}
                  {model.primary_key ? `, told apart by ${model.primary_key}` : ''}
                </span>
              }
              actions={
                <ObjectActions test={test} onRemove={() => setRemoving(true)}>
                  {mayEdit && isPeople && (
                    <Button component={Link} to="/segments/new" search={{ model: model.uid } as never}>
                      Build a segment
                    </Button>
                  )}
                </ObjectActions>
              }
            />
            <NextStep done="model" />
            <RemoveObject kind="model" object={model} opened={removing} onClose={() => setRemoving(false)} onRemoved={() => void navigate({ to: '/models' })}>
              <Text>
                What the table means is forgotten: its labels, {many(model.relations?.length ?? 0, 'relation')} and {many(model.computed?.length ?? 0, 'computed field')}. The table stays as it is.
              </Text>
            </RemoveObject>
            {(test.isError || test.data) && (
              <Stack mb="lg">
                <Tested test={test} about={model.name} />
              </Stack>
            )}
            <Tabs
              value={tab}
              onChange={(next) => void navigate({ to: '/models/$uid', params: { uid }, search: { tab: next ?? undefined } as never, replace: true })}
              keepMounted={false}
            >
              <Tabs.List mb="md">
                <Tabs.Tab value="fields">Data and fields</Tabs.Tab>
                <Tabs.Tab value="relations">Relations</Tabs.Tab>
                <Tabs.Tab value="computed">Computed fields</Tabs.Tab>
                <Tabs.Tab value="rows">Rows</Tabs.Tab>
                <Tabs.Tab value="uses">Used by</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="fields">
                {!mayEdit ? (
                  <AllFields uid={uid} />
                ) : (
                  all && (
                    <EditModel sources={all.sources as never} stored={stored} />
                  )
                )}
              </Tabs.Panel>
              <Tabs.Panel value="relations">{all && <Relations models={models} only={model} readOnly={!mayEdit} />}</Tabs.Panel>
              <Tabs.Panel value="computed">
                <ComputedFields model={model} models={models} types={new Map(fields.map((one) => [one.name, one.type]))} readOnly={!mayEdit} />
              </Tabs.Panel>
              <Tabs.Panel value="rows">
                <SomeRows model={model} />
              </Tabs.Panel>
              <Tabs.Panel value="uses">
                {uses.length === 0 ? (
                  <Empty title="Nothing is made of it yet">{isPeople ? 'Build a segment of these people.' : 'Relate it to people, and segments can ask about it.'}</Empty>
                ) : (
                  <Uses uses={uses} />
                )}
              </Tabs.Panel>
            </Tabs>
          </>
        );
      }}
    </Loaded>
  );
}
