import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Alerts() {
  return (
    <>
      <PageHead title="Alerts" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
