import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Models() {
  return (
    <>
      <PageHead title="Models" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
