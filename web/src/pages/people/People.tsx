import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function People() {
  return (
    <>
      <PageHead title="People" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
