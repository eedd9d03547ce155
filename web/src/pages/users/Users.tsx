import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Users() {
  return (
    <>
      <PageHead title="Users" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
