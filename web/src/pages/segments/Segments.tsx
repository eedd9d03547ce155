import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Segments() {
  return (
    <>
      <PageHead title="Segments" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
