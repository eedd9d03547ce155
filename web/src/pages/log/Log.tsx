import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Log() {
  return (
    <>
      <PageHead title="Log" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
