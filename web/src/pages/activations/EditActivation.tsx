import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function EditActivation() {
  return (
    <>
      <PageHead title="Edit activation" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
