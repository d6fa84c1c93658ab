/** Segments out of order, and copies that say the same or come too late. */
import { type Case, get, pieces, put, set } from './case.js';

const MULTIGET = 'get k1 none k2 k3 nothing k4 k5 k6\r\n';

export const COPIES: Case[] = [
  {
    name: 'segments in order are used as they come',
    served: get(1, 2),
    run: (p) => put(p, [0, get(1)], [8, get(2)]),
  },
  {
    name: 'a segment that came early is used when its turn comes',
    served: get(1, 2),
    run: (p) => put(p, [8, get(2)], [0, get(1)]),
  },
  {
    name: 'single bytes in reverse order are one request',
    served: MULTIGET,
    run: (p) => put(p, ...pieces(MULTIGET, 1).reverse()),
  },
  {
    name: 'what was delivered stays, whatever is sent again',
    served: get(1, 3),
    run: (p) => put(p, [0, get(1)], [0, get(2)], [8, get(3)]),
  },
  {
    name: 'of a segment half delivered before only the other half is used',
    served: get(1, 3),
    run: (p) => put(p, [0, get(1)], [0, get(2, 3)]),
  },
  {
    name: 'a request half delivered goes on with the copy that brings more',
    served: 'get k1\r\n',
    run: (p) => put(p, [0, 'get k'], [0, 'mg k91\r\n']),
  },
  {
    name: 'a pipeline with holes filled from behind is whole',
    served: get(1, 2, 3, 4, 5, 6),
    run: (p) => put(p, [40, get(6)], [24, get(4)], [8, get(2)], [32, get(5)], [16, get(3)], [0, get(1)]),
  },
  {
    name: 'what is sent again in other pieces is used once',
    served: get(1, 2, 3, 4),
    run: (p) => put(p, ...pieces(get(1, 2, 3), 7), ...pieces(get(1, 2, 3, 4), 5), ...pieces(get(1, 2), 11)),
  },
  {
    name: 'early pieces cut differently are used once',
    served: get(1, 2, 3, 4),
    run: (p) => put(p, ...pieces(get(2, 3, 4), 7, 8), ...pieces(get(2, 3, 4), 5, 8), [0, get(1)]),
  },
  {
    name: 'sequence numbers wrap inside a value',
    connection: { initial: 0xffffffff - 40 },
    served: set('wrap', 'x'.repeat(100)) + get(1),
    run: (p) => p.say(set('wrap', 'x'.repeat(100)) + get(1)),
  },
  {
    name: 'a hole is waited for while hundreds of segments come behind it',
    served: get(1, ...Array.from({ length: 300 }, (_, i) => (i % 9) + 1)),
    run: (p) =>
      put(p, ...Array.from({ length: 300 }, (_, i) => [8 + i * 8, get((i % 9) + 1)] as const), [0, get(1)]),
  },
];
