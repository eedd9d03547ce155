import { expect, it } from 'vitest';

import { fileName, folderOf, inFolder, sizeText } from './files';

it('takes paths apart', () => {
  expect([fileName('/srv/files/a.csv'), folderOf('/srv/files/a.csv'), folderOf('a.csv')]).toEqual(['a.csv', '/srv/files', 'a.csv']);
  expect([inFolder('/f/a.csv', '/f/'), inFolder('/f/a.csv', ''), inFolder('/fa.csv', '/f'), inFolder('/f', '/f')]).toEqual([true, true, false, true]);
});

it('says sizes', () => {
  expect([0, 999, 1000, 1_234_567, 999_900, 5e12].map(sizeText)).toEqual(['0 bytes', '999 bytes', '1 kB', '1.2 MB', '1 MB', '5,000 GB']);
});
