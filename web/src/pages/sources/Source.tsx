import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Source() {
  return (
    <>
      <PageHead title="Source" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
