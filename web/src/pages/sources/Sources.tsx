import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Sources() {
  return (
    <>
      <PageHead title="Sources" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
