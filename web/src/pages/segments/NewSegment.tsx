import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function NewSegment() {
  return (
    <>
      <PageHead title="New segment" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
