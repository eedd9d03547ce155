import { Stack } from '@mantine/core';

import { PageHead } from '../../components/PageHead';
import { About } from './About';
import { Account } from './Account';
import { CatalogFile } from './CatalogFile';
import { Colours } from './Colours';

export default function Settings() {
  return (
    <>
      <PageHead title="Settings" about="Your account, how this page looks, the catalog as a file, and what runs here." />
      <Stack gap="lg" maw={860}>
        <Account />
        <Colours />
        <CatalogFile />
        <About />
      </Stack>
    </>
  );
}
