/** Recordings that begin when the connection is long open: what was agreed on at its start nobody knows. */
import { RST } from '../../support/packets.js';
import { type Case, get, put, set } from './case.js';

/** The device's packets without the handshake. */
const headless = (packets: Parameters<NonNullable<Case['recorded']>>[0]) => packets.slice(3);
const LONG = set('long', 'v'.repeat(2000));

/** A first request and its answer, from which the recorder knows where it is; then more. */
const later = (name: string, served: string, run: Case['run'], more: Partial<Case> = {}): Case => ({
  name: `from mid-stream: ${name}`,
  connection: { scale: 7 },
  served: get(1) + served,
  recorded: headless,
  run: async (p) => {
    p.say(get(1));
    await p.hear('END\r\n');
    await run(p);
  },
  ...more,
});

export const MID_STREAM: Case[] = [
  later('early segments are used when their turn comes', get(2, 3, 4), (p) =>
    put(p, [24, get(4)], [16, get(3)], [8, get(2)]),
  ),
  later(
    'copies that contradict each other where there may be no window cost nothing inside a value',
    LONG + get(2),
    (p) => {
      const at = 8 + 1000;
      p.put(at, LONG.slice(1000));
      p.put(at, 'w'.repeat(500));
      p.put(8, LONG.slice(0, 1000));
      p.put(8 + LONG.length, get(2));
    },
    { counters: { ambiguous_copies: 1, value_gaps: 1 } },
  ),
  later(
    'copies that contradict each other where there may be no window are used by none',
    LONG + get(2, 3, 4),
    (p) => {
      put(
        p,
        [8 + LONG.length + 8, get(3)],
        [8 + LONG.length + 8, get(5)],
        [8, LONG],
        [8 + LONG.length, get(2)],
        [8 + LONG.length + 16, get(4)],
      );
    },
    { counters: { ambiguous_copies: 1, gaps: 1 }, gap: true },
  ),
  later('copies that are alike are used wherever they come from', LONG + get(2, 3), (p) =>
    put(
      p,
      [8 + LONG.length + 8, get(3)],
      [8 + LONG.length + 8, get(3)],
      [8, LONG],
      [8 + LONG.length, get(2)],
    ),
  ),
  later('a RST at the next byte ends the connection', '', (p) => p.put(8, '', { flags: RST }), {
    ends: 'reset',
  }),
  later(
    'time stamps that are old take their segment with them',
    get(2, 3),
    (p) => {
      p.put(8, get(9), { stamp: -100_000 });
      put(p, [8, get(2)], [16, get(3)]);
    },
    { connection: { scale: 7, timestamps: true } },
  ),
];
