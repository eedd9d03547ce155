import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Home() {
  return (
    <>
      <PageHead title="Home" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
