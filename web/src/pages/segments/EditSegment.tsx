import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function EditSegment() {
  return (
    <>
      <PageHead title="Edit segment" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
