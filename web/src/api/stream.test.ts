import { expect, it } from 'vitest';

import { eventReader, lineReader } from './stream';

it('cuts events out of text that comes in pieces', () => {
  const read = eventReader();
  expect(read('event: step\nda')).toEqual([]);
  expect(read('ta: {"a":1}\n\nevent: end\ndata: x\ndata: y\n\n: comment\n\n')).toEqual([
    { event: 'step', data: '{"a":1}' },
    { event: 'end', data: 'x\ny' },
  ]);
});

it('cuts lines, and keeps what is not whole', () => {
  const read = lineReader();
  expect(read('{"a":1}\n{"b"')).toEqual(['{"a":1}']);
  expect(read(':2}\n\n')).toEqual(['{"b":2}']);
});
