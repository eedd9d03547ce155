import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Model() {
  return (
    <>
      <PageHead title="Model" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
