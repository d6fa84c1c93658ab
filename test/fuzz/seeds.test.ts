/** That a seed is enough to make the same again, whatever was made before it. */
import test from 'ava';
import * as conversations from './conversations.js';
import * as files from './files.js';

test('a seed makes the same conversations, and the same file, at any time', (t) => {
  const session = Buffer.from(conversations.captureOf(11, 40).capture);
  const file = Buffer.from(files.captureOf(11).capture);
  for (const seed of [12, 13]) {
    conversations.captureOf(seed, 20);
    files.captureOf(seed);
  }
  t.deepEqual(Buffer.from(conversations.captureOf(11, 40).capture), session);
  t.deepEqual(Buffer.from(files.captureOf(11).capture), file);
  // Fewer conversations are the beginning of more.
  t.deepEqual(
    Buffer.from(conversations.captureOf(11, 3).capture),
    session.subarray(0, conversations.captureOf(11, 3).capture.length),
  );
});
