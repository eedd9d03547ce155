import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function Tokens() {
  return (
    <>
      <PageHead title="Tokens" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
