import test from 'ava';
import { verifyProfile } from 'membench/profile';
import { outcomes } from '../support/account.js';
import { captureOfBlocks } from '../support/many-shapes.js';
import { recordOnThreads } from '../support/recording.js';

/** Looks at a worker that is at work until it is taken for one that hangs last six seconds. */
const STALL = 8000;
/** More blocks than may be on their way to the writer. */
const BLOCKS = 60;

const CAPTURE = captureOfBlocks(BLOCKS);

test('a writer that is late is waited for, however long: it costs no worker and no packet', async (t) => {
  t.timeout(120_000);
  const held: (() => void)[] = [];
  let late = true;
  const timer = setTimeout(() => {
    t.true(held.length >= 32, 'the workers wait');
    late = false;
    for (const written of held) written();
  }, STALL);
  t.teardown(() => clearTimeout(timer));
  const result = await recordOnThreads(t, CAPTURE, {
    workers: 2,
    onBlock(_, written) {
      if (late) held.push(written);
      else written();
    },
  });
  t.false(late);
  t.deepEqual(result.rebuilt, []);
  t.is(result.counters.lost_worker_failed, 0);
  t.true(result.blocks.length >= BLOCKS);
  t.is(result.counters.packets_seen, outcomes(result.counters));
  t.deepEqual(verifyProfile(result.path).problems, []);
});
