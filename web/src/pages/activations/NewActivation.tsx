import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function NewActivation() {
  return (
    <>
      <PageHead title="New activation" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
