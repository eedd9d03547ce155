import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Segment() {
  return (
    <>
      <PageHead title="Segment" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
