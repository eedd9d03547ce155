import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Start() {
  return (
    <>
      <PageHead title="First steps" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
