import { readFileSync } from 'node:fs';
import test from 'ava';
import { verifyProfile } from 'membench/profile';
import { captureOfBlocks } from '../support/many-shapes.js';
import { recordOnThreads } from '../support/recording.js';

const BLOCKS = 40;

test('frames whose memory goes back to the worker are those of a recording that keeps them all', async (t) => {
  const capture = captureOfBlocks(BLOCKS);
  const kept = await recordOnThreads(t, capture, { workers: 1, onBlock: (_, written) => written() });
  let left = 0;
  const given = await recordOnThreads(t, capture, {
    workers: 1,
    onBlock(block, written) {
      written(block);
      if (block.frame.byteLength === 0) left++;
    },
  });
  t.true(given.blocks.length >= BLOCKS);
  t.is(left, given.blocks.length, 'the memory of each frame left this thread');
  t.deepEqual(verifyProfile(given.path).problems, []);
  t.deepEqual(readFileSync(given.path), readFileSync(kept.path));
});
