import { Anchor, Button, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { everythingQuery } from '../../api/catalog';
import { useMay } from '../../api/queries';
import { Empty } from '../../components/Empty';
import { Listing } from '../../components/Listing';
import { Loaded } from '../../components/Loading';
import { PageHead } from '../../components/PageHead';
import { kindText } from '../../lib/source-forms';
import { usesOf } from '../../lib/uses';
import { many } from '../../lib/words';

/** Where its data are, without what is secret. */
export function whereOf(source: Record<string, unknown>): string {
  const text = (key: string) => (source[key] === undefined ? '' : String(source[key]));
  if (text('url')) return text('url');
  if (text('host')) return `${text('database')} on ${text('host')}`;
  return text('path');
}

export default function Sources() {
  const mayEdit = useMay('editor');
  const query = useQuery(everythingQuery);
  const connect = mayEdit ? (
    <Button component={Link} to="/sources/new">
      Connect a source
    </Button>
  ) : null;
  return (
    <>
      <PageHead
        title="Sources"
        about="Where your data are: databases, warehouses, files. Rollcall only reads them."
        actions={query.data?.sources.length ? connect : null}
      />
      <Loaded query={query}>
        {(all) =>
          all.sources.length === 0 ? (
            <Empty title="No source is connected" action={connect ?? <Text size="sm">You may look at sources. To connect one, the role editor is needed.</Text>}>
              A source is where your customers, orders and events are kept. Connect your database or warehouse, or upload files. Rollcall only reads, and copies no more than a
              list needs.
            </Empty>
          ) : (
            <Listing
              label="Sources"
              rows={all.sources}
              rowKey={(one) => one.uid}
              columns={[
                {
                  head: 'Name',
                  cell: (one) => (
                    <Anchor component={Link} to={`/sources/${one.uid}`} fw={600} dir="auto">
                      {one.name}
                    </Anchor>
                  ),
                },
                { head: 'Kind', cell: (one) => kindText(String(one.kind)).title },
                { head: 'Where', cell: (one) => <span dir="auto">{whereOf(one)}</span> },
                { head: 'Models', cell: (one) => many(usesOf('source', one.name, all).length, 'model') },
              ]}
            />
          )
        }
      </Loaded>
    </>
  );
}
