/**
 * Early copies that contradict each other, which only a forger sends. The names say what Linux makes of them; the
 * recorder does not know which copy a receiver takes.
 */
import { ACK, FIN } from '../../support/packets.js';
import { type Case, get, put, set } from './case.js';

/** The bytes in question are a gap. */
const GAPS: Case[] = [
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
    name: 'an early segment covers one of which another has taken the start',
    served: get(1, 5, 6, 3, 4),
    run: (p) => put(p, [16, get(2, 3, 4)], [8, get(5, 6)], [20, 'k9\r\nget k9\r\n'], [0, get(1)]),
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
    name: 'which copy of a size wins decides where the value ends',
    served: `set v 0 0 8\r\n${get(1)}\r\n${get(2)}`,
    run: (p) => put(p, [10, `8\r\n${get(1)}\r\n`], [10, '0\r\n\r\n'], [0, 'set v 0 0 '], [23, get(2)]),
  },
  {
    name: 'sequence numbers wrap between early segments that contradict each other',
    connection: { initial: 0xffffffff - 12 },
    served: get(1, 3, 4, 5),
    run: (p) => put(p, [8, get(2)], [8, get(3, 4)], [16, get(6, 5)], [0, get(1)]),
  },
  {
    name: 'an early FIN is overrun by data whose turn it is',
    served: get(1, 2),
    run: (p) => {
      p.say(get(1));
      p.put(12, '', { flags: FIN | ACK });
      p.say(get(2));
    },
  },
  {
    name: 'an early FIN where longer data comes early, too, ends nothing',
    served: get(1, 2, 3),
    run: (p) => {
      p.say(get(1));
      p.put(16, '', { flags: FIN | ACK });
      p.put(16, get(3));
      p.say(get(2));
    },
  },
  {
    name: 'from mid-stream, inside what the window says at least, the first of two copies wins',
    connection: { scale: 7 },
    served: get(1, 2, 3),
    recorded: (packets) => packets.slice(3),
    run: async (p) => {
      p.say(get(1));
      await p.hear('END\r\n');
      put(p, [16, get(3)], [16, get(4)], [8, get(2)]);
    },
  },
];

/** The bytes in question are inside a value, whose size is known: nothing else is lost. */
const IN_VALUES: Case[] = [
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
    name: 'a value with pieces missing ends where its length says, whichever copies are used',
    served: get(1) + set('v', 'aaaabbbbcccc') + get(2),
    run: (p) => {
      put(p, [0, get(1)], [8, 'set v 0 0 12\r\n'], [26, 'bbbb'], [26, 'get ']);
      put(p, [30, 'cccc\r\n'], [22, 'aaaa'], [36, get(2)]);
    },
    counters: { ambiguous_copies: 1, value_gaps: 1 },
  },
];

export const CONTRADICTIONS: Case[] = [...GAPS.map((item) => ({ ...item, gap: true })), ...IN_VALUES];
