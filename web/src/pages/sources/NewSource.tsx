import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function NewSource() {
  return (
    <>
      <PageHead title="New source" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
