import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Destination() {
  return (
    <>
      <PageHead title="Destination" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
