/** Checksums: a segment with a wrong one never arrived. */
import { ACK, FIN } from '../../support/packets.js';
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
  {
    name: 'of a longer segment with a wrong checksum nothing is used, not even what comes again alike',
    served: get(1, 2, 3, 7),
    run: (p) => {
      p.put(8, get(2, 3, 4), { checksum: 'wrong' });
      p.put(8, get(2));
      p.put(16, get(3));
      p.put(24, get(7));
      p.put(0, get(1));
    },
  },
  {
    name: 'an early FIN with a wrong checksum ends nothing',
    served: get(1, 2, 3),
    run: (p) => {
      p.put(16, '', { checksum: 'wrong', flags: FIN | ACK });
      p.put(16, 'g');
      p.put(17, get(3).slice(1));
      p.put(8, get(2));
      p.put(0, get(1));
    },
  },
  {
    name: 'a value part with a wrong checksum that is longer than the right one',
    served: `set v 0 0 20\r\n${'x'.repeat(20)}\r\n${get(4)}`,
    run: (p) => {
      p.put(0, 'set v 0 0 20\r\n');
      p.put(24, `${'y'.repeat(10)}\r\n${get(5)}`, { checksum: 'wrong' });
      p.put(24, `${'x'.repeat(10)}\r\n`);
      p.put(36, get(4));
      p.put(14, 'x'.repeat(10));
    },
  },
  {
    name: 'IPv6: an early segment with a wrong checksum is none',
    connection: { version: 6 },
    served: get(1, 3),
    run: (p) => {
      p.put(8, get(2), { checksum: 'wrong' });
      p.put(8, get(3));
      p.put(0, get(1));
    },
  },
  {
    name: 'segments longer than a page with a wrong checksum are none',
    served: `${get(1)}set v 0 0 6001\r\n${'x'.repeat(6001)}\r\n${get(2)}`,
    run: (p) => {
      const text = `set v 0 0 6001\r\n${'x'.repeat(6001)}\r\n${get(2)}`;
      p.put(8, text.replace('set v', 'set w').replace(/x/g, 'y').replace('6001', '5001'), {
        checksum: 'wrong',
      });
      p.put(8, text);
      p.put(0, get(1));
    },
  },
];
