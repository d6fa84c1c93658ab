/** Checksums: a segment with a wrong one never arrived. */
import { type Case, get } from './case.js';

export const CHECKSUMS: Case[] = [
  {
    name: 'an early segment with a wrong checksum is none, the right one behind it is used',
    served: get(1, 3),
    run: (p) => {
      p.put(8, get(2), { checksum: 'wrong' });
      p.put(8, get(3));
      p.put(0, get(1));
    },
  },
  {
    name: 'an early segment with no checksum is none either',
    served: get(1, 3),
    run: (p) => {
      p.put(8, get(2), { checksum: 'zero' });
      p.put(8, get(3));
      p.put(0, get(1));
    },
  },
  {
    name: 'a copy with a wrong checksum does not take the place of a shorter one',
    served: get(1, 2, 5),
    run: (p) => {
      p.put(8, get(2));
      p.put(8, get(3, 4), { checksum: 'wrong' });
      p.put(16, get(5));
      p.put(0, get(1));
    },
  },
  {
    name: 'one that starts earlier and has a wrong checksum covers nothing',
    served: get(1, 2, 3),
    run: (p) => {
      p.put(16, get(3));
      p.put(8, get(4, 5), { checksum: 'wrong' });
      p.put(8, get(2));
      p.put(0, get(1));
    },
  },
  {
    name: 'two right copies with a wrong one between them',
    served: get(1, 4, 5),
    run: (p) => {
      p.put(16, get(2), { checksum: 'wrong' });
      p.put(16, get(3, 3), { checksum: 'wrong' });
      p.put(8, get(4));
      p.put(16, get(5));
      p.put(0, get(1));
    },
  },
  {
    name: 'a longer segment with a wrong checksum gives way to pieces of it',
    served: get(1, 5, 6, 7),
    run: (p) => {
      p.put(8, get(2, 3, 4), { checksum: 'wrong' });
      p.put(8, get(5));
      p.put(16, get(6));
      p.put(24, get(7));
      p.put(0, get(1));
    },
  },
  {
    name: 'a segment of an odd number of bytes with a wrong checksum is none, too',
    served: `${get(1)}get k22\r\n`,
    run: (p) => {
      p.put(8, 'get k33\r\n', { checksum: 'wrong' });
      p.put(8, 'get k22\r\n');
      p.put(0, get(1));
    },
  },
  {
    name: 'what is sent again because its checksum was wrong is used once',
    served: get(1, 2),
    run: (p) => {
      p.put(0, get(1), { checksum: 'wrong' });
      p.put(8, get(2));
      p.put(0, get(1));
    },
  },
];
