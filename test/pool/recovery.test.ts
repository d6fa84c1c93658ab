import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { analyze } from 'membench';
import { verifyProfile } from 'membench/profile';
import { usesSimd } from '#src/decode/simd.js';
import { parseCaptureHeader } from '#src/memory/capture-header.js';
import { regionAddress } from '#src/memory/map.js';
import { ProfileWriter } from '#src/profile/writer.js';
import { Recorder } from '#src/recorder/recorder.js';
import { temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';

const WORKERS = 2;
const RUN = new Uint8Array(16);
/** Many conversations at once, so that every worker is in the middle of some wherever it is hit. */
const CAPTURE = pcapFile(
  interleave(
    ...Array.from({ length: 12 }, (_, i) =>
      packetsOf(randomConversation(1000 + i, 150), { seed: i, clientPort: 41000 + i }),
    ),
  ),
);

/** Records the capture, which comes bit by bit, and does something to the memory in the middle of it. */
async function recordDamaged(
  t: { teardown(fn: () => void): void },
  damage: (recorder: Recorder, worker: number) => void,
  hits: number,
) {
  const folder = temporary(t);
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const fd = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
  const path = join(folder, 'out.mbp');
  const header = parseCaptureHeader(CAPTURE.subarray(0, 24));
  const profile = ProfileWriter.create(path, {
    force: false,
    header: {
      run: RUN,
      created_ns: 0n,
      tool: 'test',
      source: 'file',
      unit: header.unit,
      workers: WORKERS,
      ports: [[11211, 11211]],
      key_id: new Uint8Array(8),
    },
  });
  const rebuilt: string[] = [];
  const recorder = new Recorder(
    {
      feed: { kind: 'stream', fd, header },
      sample: 1,
      simd: usesSimd(),
      workers: WORKERS,
      buffer: 1 << 20,
      ports: [[11211, 11211]],
      count: 0,
      duration: 0n,
      run: RUN,
      key: new Uint8Array(16),
      addressKey: new Uint8Array(16),
      hashSeed: 1n,
      zeroCopy: true,
    },
    {
      onBlock(block) {
        profile.writeBlock(block.frame, block);
        recorder.blockWritten();
      },
      onRebuilt: (worker, why) => rebuilt.push(`${worker}: ${why}`),
    },
  );
  await recorder.ready();
  const done = recorder.run();
  const step = 16384;
  const every = Math.floor(CAPTURE.length / step / (hits + 1));
  for (let at = 24, n = 1; at < CAPTURE.length; n++) {
    at += writeSome(writer, CAPTURE.subarray(at, at + step));
    await sleep(15);
    if (n % every === 0 && n / every <= hits) damage(recorder, (n / every) % WORKERS);
  }
  closeSync(writer);
  const result = await done;
  await recorder.close();
  closeSync(fd);
  const counts = Object.fromEntries(Object.entries(result.counters).filter(([, value]) => value > 0));
  profile.finish({ ended: result.ended, elapsed_ns: 1n, counts, first_ns: 0n, last_ns: 0n });
  return { ...result, path, rebuilt };
}

function writeSome(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes);
  } catch {
    // Full: the reader hangs, or is behind.
    return 0;
  }
}

/** The words of a worker's flow table. */
function buckets(recorder: Recorder, worker: number): BigUint64Array {
  const { memory, map } = recorder.shared;
  const { flowBuckets, flowBucketCount } = map.region;
  return new BigUint64Array(memory.buffer, regionAddress(map, worker) + flowBuckets.at, flowBucketCount);
}

async function check(t: import('ava').ExecutionContext, hits: number, damage: typeof trap, why: RegExp) {
  const { counters, path, rebuilt, ended } = await recordDamaged(t, damage, hits);
  t.is(ended, 'end of source');
  t.is(rebuilt.length, hits, rebuilt.join('\n'));
  for (const message of rebuilt) t.regex(message, why);
  const outcomes = Object.entries(counters).filter(([name]) =>
    /^(packets_decoded|skipped_|lost_)/.test(name),
  );
  t.is(
    outcomes.reduce((sum, [, n]) => sum + n, 0),
    counters.packets_seen,
    'every packet is accounted for',
  );
  t.true(counters.lost_worker_failed > 0);
  t.is(counters.requests, counters.answered + counters.unanswered);
  t.true(counters.requests > 0);
  const report = verifyProfile(path);
  t.deepEqual(report.problems, []);
  t.is(report.events, counters.events, 'what is counted is what is there');
  const { loss } = await analyze([path]);
  t.is(loss.lost.worker_failed, counters.lost_worker_failed);
}

/** Lets every flow's entry point behind the end of the memory. */
function trap(recorder: Recorder, worker: number): void {
  const words = buckets(recorder, worker);
  for (let i = 0; i < words.length; i++) if (words[i] !== 0n) words[i]! |= 0xfffffff0n;
}

/** Leaves no free bucket: the next search has no end. */
function hang(recorder: Recorder, worker: number): void {
  buckets(recorder, worker).fill(0xffffffffffffffffn);
}

test('a parser that traps is replaced: the recording goes on, and what it cost is counted', async (t) => {
  t.timeout(60_000);
  await check(t, 5, trap, /out of bounds/);
});

test('a parser that hangs is ended and replaced', async (t) => {
  t.timeout(60_000);
  await check(t, 1, hang, /hung/);
});
