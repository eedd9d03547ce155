import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';

import { type Thing, useMake } from '../../api/catalog';
import { sourcesQuery, useMay } from '../../api/queries';
import { Empty } from '../../components/Empty';
import { Loaded } from '../../components/Loading';
import { NotAllowed } from '../../components/NotAllowed';
import { PageHead } from '../../components/PageHead';
import { ModelEditor } from './ModelEditor';

export default function NewModel() {
  const search = useSearch({ strict: false }) as { source?: string; table?: string };
  const navigate = useNavigate();
  const sources = useQuery(sourcesQuery);
  const make = useMake('model');
  const mayEdit = useMay('editor');
  const head = (
    <PageHead
      title="New model"
      about="A model says what the rows of a table are. Segments are made of models of people; other models add what these people did or have."
      up={{ to: '/models', label: 'Models' }}
    />
  );
  if (!mayEdit) return <NotAllowed head={head} what="To make a model" />;
  return (
    <>
      {head}
      <Loaded query={sources}>
        {(all) =>
          all.length === 0 ? (
            <Empty
              title="Connect a source first"
              action={
                <Button component={Link} to="/sources/new">
                  Connect a source
                </Button>
              }
            >
              A model is made of a table, and tables are in sources.
            </Empty>
          ) : (
            <ModelEditor
              sources={all as unknown as Thing[]}
              start={{ source: all.find((one) => one.uid === search.source)?.name ?? '', table: search.table ?? '' }}
              verb="Create the model"
              save={async (body) => {
                const made = await make.mutateAsync(body);
                await navigate({ to: '/models/$uid', params: { uid: made.value.uid }, ignoreBlocker: true });
              }}
            />
          )
        }
      </Loaded>
    </>
  );
}
