import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Destinations() {
  return (
    <>
      <PageHead title="Destinations" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
