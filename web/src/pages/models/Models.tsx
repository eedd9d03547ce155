import { Anchor, Button, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { everythingQuery } from '../../api/catalog';
import { useMay } from '../../api/queries';
import { Empty } from '../../components/Empty';
import { Listing } from '../../components/Listing';
import { Loaded } from '../../components/Loading';
import { PageHead } from '../../components/PageHead';
import { usesOf } from '../../lib/uses';
import { many } from '../../lib/words';
import { type Model, typeTitle } from './model';
import { Relations } from './Relations';

export default function Models() {
  const mayEdit = useMay('editor');
  const query = useQuery(everythingQuery);
  const hasSource = (query.data?.sources.length ?? 0) > 0;
  const make = mayEdit ? (
    <Button component={Link} to={hasSource ? '/models/new' : '/sources/new'}>
      {hasSource ? 'New model' : 'Connect a source'}
    </Button>
  ) : null;
  return (
    <>
      <PageHead title="Models" about="What your data mean: who the people are, what they did, what belongs to them." actions={query.data?.models.length ? make : null} />
      <Loaded query={query}>
        {(all) => {
          const models = all.models as unknown as Model[];
          if (models.length === 0)
            return (
              <Empty title="There is no model yet" action={make}>
                {hasSource
                  ? 'A model is made of a table: say which field tells people apart, and segments can be built on it.'
                  : 'A model is made of a table, and tables are in sources. Connect a source first.'}
              </Empty>
            );
          return (
            <Tabs defaultValue="list" keepMounted={false}>
              <Tabs.List mb="md">
                <Tabs.Tab value="list">List</Tabs.Tab>
                <Tabs.Tab value="relations">Relations</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="list">
                <Listing
                  label="Models"
                  rows={models}
                  rowKey={(one) => one.uid}
                  columns={[
                    {
                      head: 'Name',
                      cell: (one) => (
                        <Anchor component={Link} to={`/models/${one.uid}`} fw={600} dir="auto">
                          {one.name}
                        </Anchor>
                      ),
                    },
                    { head: 'Rows are', cell: (one) => typeTitle(one.type) },
                    { head: 'From', cell: (one) => <span dir="auto">{one.table ? `${one.table} in ${one.source}` : `a query in ${one.source}`}</span> },
                    { head: 'Relations', cell: (one) => <span dir="auto">{(one.relations ?? []).map((relation) => relation.name).join(', ') || 'none'}</span> },
                    { head: 'Computed', cell: (one) => many(one.computed?.length ?? 0, 'field') },
                    { head: 'Segments', cell: (one) => many(usesOf('model', one.name, all).filter((use) => use.kind === 'segment').length, 'segment') },
                  ]}
                />
              </Tabs.Panel>
              <Tabs.Panel value="relations">
                <Relations models={models} readOnly={!mayEdit} />
              </Tabs.Panel>
            </Tabs>
          );
        }}
      </Loaded>
    </>
  );
}
