/**
 * Where releases differ on what a client's bytes are, they are not read: whichever server it was, no event that it did
 * not execute, and the stream is found again behind each such line. MEMBENCH_CONVERSATIONS says how many with each kind
 * of server (150).
 */
import test from 'ava';
import { keyText } from '../reference/siphash.js';
import { ascii, CUTS, packetsOf } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { pcapFile } from '../support/packets.js';
import { between, seeded } from '../support/random.js';
import { conversationWith, type Executed, type Release } from '../support/releases.js';

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);
const CONVERSATIONS = Number(process.env.MEMBENCH_CONVERSATIONS ?? 150);

interface Told {
  op: string;
  key: string | null;
  status: string;
}

/** The first of the events told that is not one of those executed, in their order; undefined where all are. */
function invented(told: readonly Told[], executed: readonly Executed[], hashes: Map<string, string>) {
  let at = 0;
  return told.find((event) => {
    const fits = (was: Executed) =>
      was.op === event.op &&
      (event.status === 'unanswered' || was.status === event.status) &&
      (event.key === null || (was.key !== null && hashes.get(was.key) === event.key));
    while (at < executed.length && !fits(executed[at]!)) at++;
    return at++ >= executed.length;
  });
}

function toldBy(release: Release, seed: number, lost: number) {
  const { turns, executed } = conversationWith(release, seed, 60, 0.06);
  const random = seeded(seed + 7);
  const packets = packetsOf(turns, { seed, cut: CUTS[seed % CUTS.length]! }).filter(() => random() >= lost);
  const slotSize = between(random, 66000, 200_000);
  const { events, counters } = recordInProcess(pcapFile(packets), { key: KEY, map: { slotSize } });
  const names = new Set(executed.flatMap(({ key }) => (key === null ? [] : [key])));
  const hashes = new Map([...names].map((name) => [name, keyText(KEY, ascii(name))]));
  const told = events.filter(({ op }) => op !== 'mn');
  return { invention: invented(told, executed, hashes), done: executed.length, told: told.length, counters };
}

for (const release of ['old', 'late'] as const) {
  for (const [lost, least] of [
    [0, 0.7],
    [0.02, 0.6],
  ] as const) {
    test(`a server of the ${release} kind, ${100 * lost} % of the packets lost: nothing invented`, (t) => {
      let recorded = 0;
      let done = 0;
      let lines = 0;
      let found = 0;
      for (let seed = 1; seed <= CONVERSATIONS; seed++) {
        const { invention, counters, ...result } = toldBy(release, seed, lost);
        t.is(invention, undefined, `seed ${seed}`);
        recorded += result.told;
        done += result.done;
        lines += counters.ambiguous_lengths;
        found += counters.resyncs;
      }
      t.log(`${recorded} of ${done} operations; ${lines} such lines, found again ${found} times`);
      t.true(lines > 100);
      t.true(recorded / done > least);
    });
  }
}
