/**
 * Random conversations, whole and hostile, split, lost, doubled and reordered, for the parser and its scalar
 * twin. MEMBENCH_FUZZ_SESSIONS says how many sessions of 128 conversations (100), MEMBENCH_SEED where to begin.
 */
import test from 'ava';
import { runSession, SESSION } from './conversations.js';

const SESSIONS = Number(process.env.MEMBENCH_FUZZ_SESSIONS ?? 100);

test(`${SESSIONS * SESSION} conversations: no trap, nothing unaccounted, the twins agree, memory is fixed`, (t) => {
  t.timeout(3_600_000);
  const first = Number(process.env.MEMBENCH_SEED ?? Date.now() % 1_000_000_000);
  t.log(`seeds from ${first} on`);
  for (let seed = first; seed < first + SESSIONS; seed++) {
    try {
      runSession(seed);
    } catch (error) {
      throw new Error(`MEMBENCH_SEED=${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
  t.pass();
});
