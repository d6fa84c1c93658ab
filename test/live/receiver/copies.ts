/** Segments out of order, and copies that contradict each other. */
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
    name: 'of two early segments of one place the first wins',
    served: get(1, 2),
    run: (p) => put(p, [8, get(2)], [8, get(3)], [0, get(1)]),
  },
  {
    name: 'of three early segments of one place the first wins',
    served: get(1, 2),
    run: (p) => put(p, [8, get(2)], [8, get(3)], [8, get(4)], [0, get(1)]),
  },
  {
    name: 'an early segment gives way to a longer one that starts alike',
    served: get(1, 3, 4),
    run: (p) => put(p, [8, get(2)], [8, get(3, 4)], [0, get(1)]),
  },
  {
    name: 'an early segment stays where a shorter one starts alike',
    served: get(1, 2, 3),
    run: (p) => put(p, [8, get(2, 3)], [8, get(4)], [0, get(1)]),
  },
  {
    name: 'an early segment gives way to one that starts before it and covers it',
    served: get(1, 4, 5),
    run: (p) => put(p, [16, get(3)], [8, get(4, 5)], [0, get(1)]),
  },
  {
    name: 'two early segments give way to one that covers both',
    served: get(1, 4, 5, 6, 7),
    run: (p) => put(p, [16, get(2)], [24, get(3)], [8, get(4, 5, 6, 7)], [0, get(1)]),
  },
  {
    name: 'where an early segment starts before another and overlaps it, the one that starts first wins',
    served: get(1, 5, 6, 4),
    run: (p) => put(p, [16, get(3, 4)], [8, get(5, 6)], [0, get(1)]),
  },
  {
    name: 'where an early segment overlaps the tail of another, the first of them wins',
    served: get(1, 2, 3, 5),
    run: (p) => put(p, [8, get(2, 3)], [16, get(4, 5)], [0, get(1)]),
  },
  {
    name: 'an early segment inside another is dropped',
    served: get(1, 2, 3, 4),
    run: (p) => put(p, [8, get(2, 3, 4)], [16, get(5)], [0, get(1)]),
  },
  {
    name: 'an early segment between two others fills what they leave',
    served: get(1, 2, 3, 7, 8),
    run: (p) => put(p, [8, get(2, 3)], [32, get(5)], [16, get(6, 7, 8)], [0, get(1)]),
  },
  {
    name: 'of a segment that starts as the second of two early neighbours, and is longer, the rest is used',
    served: get(1, 2, 3, 5),
    run: (p) => put(p, [8, get(2)], [16, get(3)], [16, get(4, 5)], [0, get(1)]),
  },
  {
    name: 'one longer than the second of two early neighbours that came before the first takes its place',
    served: get(1, 2, 4, 5),
    run: (p) => put(p, [16, get(3)], [8, get(2)], [16, get(4, 5)], [0, get(1)]),
  },
  {
    name: 'which of two wins, where it depends on all that came before, does not matter inside a value',
    served: `${get(2)}${set('tree', 'aaaabbbbccccdddd')}${get(1)}`,
    run: (p) => {
      put(p, [0, get(2)], [33, 'cccc'], [29, 'bbbb'], [33, 'xxxx']);
      put(p, [8, 'set tree 0 0 16\r\n'], [25, 'aaaa'], [37, `dddd\r\n${get(1)}`]);
    },
    counters: { ambiguous_copies: 1, value_gaps: 1 },
  },
  {
    name: 'an early segment covers one of which another has taken the start',
    served: get(1, 5, 6, 3, 4),
    run: (p) => put(p, [16, get(2, 3, 4)], [8, get(5, 6)], [20, 'k9\r\nget k9\r\n'], [0, get(1)]),
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
    name: 'a segment whose turn it is wins over early ones it covers',
    served: get(3, 4),
    run: (p) => put(p, [8, get(2)], [0, get(3, 4)]),
  },
  {
    name: 'a segment whose turn it is wins over the start of an early one',
    served: get(4, 5, 3),
    run: (p) => put(p, [8, get(2, 3)], [0, get(4, 5)]),
  },
  {
    name: 'one segment over two holes takes the place of all that is between',
    served: get(5, 6, 7, 8),
    run: (p) => put(p, [8, get(2)], [24, get(4)], [0, get(5, 6, 7, 8)]),
  },
  {
    name: 'a segment half delivered wins over early ones, too',
    served: get(1, 4, 5),
    run: (p) => put(p, [0, get(1)], [16, get(3)], [0, get(9, 4, 5)]),
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
    name: 'a value with pieces missing ends where its length says, with the copies that came first',
    served: set('v', 'aaaabbbbcccc') + get(1),
    run: (p) =>
      put(
        ...([
          p,
          [0, 'set v 0 0 12\r\n'],
          [18, 'bbbb'],
          [18, 'get '],
          [22, 'cccc\r\n'],
          [14, 'aaaa'],
          [28, get(1)],
        ] as const),
      ),
  },
  {
    name: 'which copy of a size wins decides where the value ends',
    served: `set v 0 0 8\r\n${get(1)}\r\n${get(2)}`,
    run: (p) => put(p, [10, `8\r\n${get(1)}\r\n`], [10, '0\r\n\r\n'], [0, 'set v 0 0 '], [23, get(2)]),
  },
  {
    name: 'sequence numbers wrap inside a value',
    connection: { initial: 0xffffffff - 40 },
    served: set('wrap', 'x'.repeat(100)) + get(1),
    run: (p) => p.say(set('wrap', 'x'.repeat(100)) + get(1)),
  },
  {
    name: 'sequence numbers wrap between early segments that contradict each other',
    connection: { initial: 0xffffffff - 12 },
    served: get(1, 3, 4, 5),
    run: (p) => put(p, [8, get(2)], [8, get(3, 4)], [16, get(6, 5)], [0, get(1)]),
  },
  {
    name: 'a hole is waited for while hundreds of segments come behind it',
    served: get(1, ...Array.from({ length: 300 }, (_, i) => (i % 9) + 1)),
    run: (p) =>
      put(p, ...Array.from({ length: 300 }, (_, i) => [8 + i * 8, get((i % 9) + 1)] as const), [0, get(1)]),
  },
];
