import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function NewDestination() {
  return (
    <>
      <PageHead title="New destination" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
