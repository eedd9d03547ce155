import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Activation() {
  return (
    <>
      <PageHead title="Activation" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
