/** One capture through the twins, and what must hold of it. */
import { Find } from './find.js';
import { CHUNK_MAX } from './parser.js';
import { readPlainly } from './plain-reader.js';
import type { Twins } from './twins.js';

/**
 * Runs a capture, for the second of the twins in pieces of `step` bytes.
 *
 * @throws Find; MembenchError where it does not begin like a capture
 */
export function runCapture(twins: Twins, capture: Uint8Array, step = CHUNK_MAX): void {
  const { size } = twins.begin(capture);
  for (let at = size; at < capture.length; at += CHUNK_MAX) {
    twins.feed(capture.subarray(at, at + CHUNK_MAX), step);
    twins.check();
  }
  twins.finish();
  compareReaders(twins, capture);
}

/** The parser must see the packets a plain reader finds, and no end but the file's. */
function compareReaders(twins: Twins, capture: Uint8Array): void {
  const { packets, broken } = readPlainly(capture);
  // What a capture tells of packets that were lost counts as seen, too.
  const seen = twins.count('packets_seen') - twins.count('lost_by_kernel');
  if (seen !== packets) {
    throw new Find('readers differ', `${seen} packets were seen, a plain reader finds ${packets}`);
  }
  if (twins.isBroken !== broken) {
    const what = broken ? 'broken' : 'whole';
    throw new Find('readers differ', `a plain reader takes it for ${what}, the parser does not`);
  }
}
