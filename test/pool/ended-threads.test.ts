/** Threads that are really ended, at any moment: what arrived, what was told and what is counted is the same. */
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { verifyProfile } from 'membench/profile';
import { outcomes } from '../support/account.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';
import { seeded } from '../support/random.js';
import { recordOnThreads } from '../support/recording.js';

const WORKERS = 2;
const CAPTURE = pcapFile(
  interleave(
    ...Array.from({ length: 12 }, (_, i) =>
      packetsOf(randomConversation(1000 + i, 400), { seed: i, clientPort: 41000 + i }),
    ),
  ),
);
const CHUNK = 4096;

for (const seed of [1, 2, 3]) {
  test(`threads ended at random, seed ${seed}`, async (t) => {
    t.timeout(120_000);
    const random = seeded(seed);
    let ended = 0;
    const result = await recordOnThreads(t, CAPTURE, {
      workers: WORKERS,
      chunk: CHUNK,
      async beforeChunk(recorder, chunk) {
        // Blocks all the time, so that threads are ended while they send them.
        recorder.flush();
        if (chunk % 40 !== 39) return;
        // The one before was replaced, or is being replaced.
        await sleep(100);
        recorder.shared.pool!.end(Math.floor(random() * WORKERS), 'for the test');
        ended++;
      },
    });
    t.true(ended > 5, `${ended}`);
    t.true(result.rebuilt.length > 3, result.rebuilt.join('\n'));
    const { counters, blocks } = result;
    t.is(counters.packets_seen, outcomes(counters));
    const told = (name: string) => blocks.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);
    for (const name of ['events', 'requests', 'answered', 'unanswered', 'hits', 'misses'] as const) {
      t.is(told(name), counters[name], name);
    }
    t.is(
      blocks.reduce((sum, { events }) => sum + events, 0),
      counters.events,
    );
    t.deepEqual(verifyProfile(result.path).problems, []);
  });
}
