import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Activations() {
  return (
    <>
      <PageHead title="Activations" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
