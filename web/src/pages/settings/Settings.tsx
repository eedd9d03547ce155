import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Settings() {
  return (
    <>
      <PageHead title="Settings" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
