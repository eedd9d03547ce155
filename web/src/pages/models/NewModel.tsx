import { Empty } from '../../components/Empty';
import { PageHead } from '../../components/PageHead';

export default function NewModel() {
  return (
    <>
      <PageHead title="New model" />
      <Empty title="Nothing to see yet" />
    </>
  );
}
