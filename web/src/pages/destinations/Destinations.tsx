import { Anchor, Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { everythingQuery } from '../../api/catalog';
import { useMay } from '../../api/queries';
import { Empty } from '../../components/Empty';
import { Listing } from '../../components/Listing';
import { Loaded } from '../../components/Loading';
import { PageHead } from '../../components/PageHead';
import { type Destination, projectTypes, regions } from '../../lib/destinations';
import { usesOf } from '../../lib/uses';
import { many } from '../../lib/words';

export default function Destinations() {
  const mayEdit = useMay('editor');
  const query = useQuery(everythingQuery);
  const connect = mayEdit ? (
    <Button component={Link} to="/destinations/new">
      Connect Iterable
    </Button>
  ) : null;
  return (
    <>
      <PageHead title="Destinations" about="The Iterable projects in which Rollcall keeps lists." actions={query.data?.destinations.length ? connect : null} />
      <Loaded query={query}>
        {(all) =>
          all.destinations.length === 0 ? (
            <Empty title="No Iterable project is connected" action={connect}>
              A destination is one Iterable project. With its API key Rollcall makes lists there and keeps them true. It never creates a contact.
            </Empty>
          ) : (
            <Listing
              label="Destinations"
              rows={all.destinations as unknown as Destination[]}
              rowKey={(one) => one.uid}
              columns={[
                {
                  head: 'Name',
                  cell: (one) => (
                    <Anchor component={Link} to={`/destinations/${one.uid}`} fw={600} dir="auto">
                      {one.name}
                    </Anchor>
                  ),
                },
                { head: 'Service', cell: () => 'Export contact lists' },
                { head: 'Region', cell: (one) => (one.base_url ? one.base_url : regions.find((region) => region.value === (one.region ?? 'us'))?.label) },
                { head: 'Project type', cell: (one) => projectTypes.find((type) => type.value === (one.project_type ?? 'hybrid'))?.label },
                { head: 'One-click activation', cell: (one) => (one.defaults?.match_key ? 'Ready' : 'Needs default settings') },
                { head: 'Activations', cell: (one) => many(usesOf('destination', one.name, all).length, 'activation') },
              ]}
            />
          )
        }
      </Loaded>
    </>
  );
}
