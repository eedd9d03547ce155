import { expect, test } from 'vitest';
import { csv } from './csv';

test('cells are quoted where they must be, and none is a formula', () => {
  expect(
    csv(
      ['a', 'b'],
      [
        ['x,y', 'say "hi"'],
        ['=1+1', null],
        [-3, true],
        ['-3', 'two\nlines'],
      ],
    ),
  ).toBe('a,b\r\n"x,y","say ""hi"""\r\n\'=1+1,\r\n-3,true\r\n\'-3,"two\nlines"\r\n');
});
