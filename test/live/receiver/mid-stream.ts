/** Recordings that begin when the connection is long open: what was agreed on at its start nobody knows. */
import { RST } from '../../support/packets.js';
import { type Case, get, hit, put, set } from './case.js';

/** The device's packets without the handshake. */
const headless = (packets: Parameters<NonNullable<Case['recorded']>>[0]) => packets.slice(3);
const LONG = set('long', 'v'.repeat(2000));

/**
 * Two requests and their answers: behind the first the recorder knows where a request begins, behind the second, which
 * names its key, that an answer is for it. Then more.
 */
const later = (name: string, served: string, run: Case['run'], more: Partial<Case> = {}): Case => ({
  name: `from mid-stream: ${name}`,
  connection: { scale: 7 },
  served: get(1, 9) + served,
  unproven: 1,
  recorded: headless,
  run: async (p) => {
    for (const key of [1, 9]) {
      p.say(get(key));
      await p.hear(hit(key));
    }
    await run(p);
  },
  ...more,
});
/** Where the stream goes on behind these. */
const AT = get(1, 9).length;

export const MID_STREAM: Case[] = [
  later('early segments are used when their turn comes', get(2, 3, 4), (p) =>
    put(p, [AT + 16, get(4)], [AT + 8, get(3)], [AT, get(2)]),
  ),
  later(
    'copies that contradict each other where there may be no window cost nothing inside a value',
    LONG + get(2),
    (p) => {
      const at = AT + 1000;
      p.put(at, LONG.slice(1000));
      p.put(at, 'w'.repeat(500));
      p.put(AT, LONG.slice(0, 1000));
      p.put(AT + LONG.length, get(2));
    },
    { counters: { ambiguous_copies: 1, value_gaps: 1 } },
  ),
  later(
    'copies that contradict each other where there may be no window are used by none',
    LONG + get(2, 3, 4),
    (p) => {
      put(
        p,
        [AT + LONG.length + 8, get(3)],
        [AT + LONG.length + 8, get(5)],
        [AT, LONG],
        [AT + LONG.length, get(2)],
        [AT + LONG.length + 16, get(4)],
      );
    },
    { counters: { ambiguous_copies: 1, gaps: 1 }, gap: true },
  ),
  later('copies that are alike are used wherever they come from', LONG + get(2, 3), (p) =>
    put(
      p,
      [AT + LONG.length + 8, get(3)],
      [AT + LONG.length + 8, get(3)],
      [AT, LONG],
      [AT + LONG.length, get(2)],
    ),
  ),
  later('a RST at the next byte ends the connection', '', (p) => p.put(AT, '', { flags: RST }), {
    ends: 'reset',
  }),
  later(
    'time stamps that are old take their segment with them',
    get(2, 3),
    (p) => {
      p.put(AT, get(8), { stamp: -100_000 });
      put(p, [AT, get(2)], [AT + 8, get(3)]);
    },
    { connection: { scale: 7, timestamps: true } },
  ),
];
