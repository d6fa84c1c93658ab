/** What the half with the rights does with a recorder that says anything at all. */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { MembenchError } from '#src/errors.js';
import { NO_CAPTURE } from '#src/memory/capture-header.js';
import type { SealedBlock } from '#src/pool/messages.js';
import { encodeFrame } from '#src/profile/envelope.js';
import { RecorderChild } from '#src/recorder/child.js';
import { frameHead } from '#src/recorder/frames.js';
import { FROM_RECORDER, type FromRecorder, TO_RECORDER } from '#src/recorder/messages.js';
import { encodeReport } from '#src/recorder/report.js';
import { temporary } from '../support/cli.js';
import { READY_MESSAGE } from '../support/sandbox.js';
import type { Step } from './hostile-child.js';

const HOSTILE = fileURLToPath(new URL('./hostile-child.js', import.meta.url));
const serial = process.platform === 'linux' ? test.serial : test.serial.skip;

interface Outcome {
  /** What went wrong at the start or the end, where something did. */
  error: MembenchError | undefined;
  blocks: SealedBlock[];
  said: string[];
}

/** Lets a recorder do these things, and gives what came of it. It is gone afterwards. */
async function meet(t: ExecutionContext, steps: Step[]): Promise<Outcome> {
  const script = join(temporary(t), 'script');
  writeFileSync(script, steps.map((step) => JSON.stringify(step)).join('\n'));
  const fd = openSync(script, 'r');
  const key = Buffer.from('a secret of sorts');
  const blocks: SealedBlock[] = [];
  const said: string[] = [];
  const child: RecorderChild = new RecorderChild(
    {
      feed: { kind: 'stream', fd, header: NO_CAPTURE },
      ...{ workers: 2, buffer: undefined, ports: [[11211, 11211]], count: 0, duration: 0n, hashSeed: 1n },
      ...{
        run: Buffer.alloc(16),
        key,
        addressKey: Buffer.alloc(16, 1),
        sample: 1,
        simd: true,
        zeroCopy: true,
      },
    },
    null,
    {
      onBlock(block) {
        blocks.push(block);
        child.blockWritten();
      },
      onRebuilt: (_worker, why) => said.push(why),
    },
    HOSTILE,
  );
  let error: MembenchError | undefined;
  try {
    await child.ready();
    await child.run();
  } catch (thrown) {
    error = thrown as MembenchError;
  } finally {
    await child.close();
    closeSync(fd);
  }
  t.throws(() => process.kill(child.pid!, 0), { code: 'ESRCH' });
  return { error, blocks, said };
}

const base64 = (...pieces: Uint8Array[]) => Buffer.concat(pieces).toString('base64');
const say = (...messages: FromRecorder[]): Step => ({ say: base64(...messages.flatMap(encodeReport)) });
const block = (more: Partial<SealedBlock>): FromRecorder => ({
  kind: 'block',
  block: {
    frame: encodeFrame('MBBK', Buffer.from('anything')) as Uint8Array<ArrayBuffer>,
    ...{ worker: 0, seq: 0, events: 0, minNs: 0n, maxNs: 0n, counts: {} },
    ...more,
  },
});
const started: Step = { await: TO_RECORDER.indexOf('start') };
const running: Step = { await: TO_RECORDER.indexOf('run') };
const READY = say(READY_MESSAGE);

for (const [what, steps, why] of [
  ['rubbish', [{ say: base64(Buffer.from('{"kind":"ready"}')) }], 'a message of type 123'],
  [
    'a message of 4 GiB',
    [READY, running, { say: base64(frameHead(1, 0xffffffff), Buffer.alloc(100)) }],
    'a message of type 1 with 4294967295 bytes',
  ],
  ['a worker there is not', [READY, running, say(block({ worker: 2 }))], 'unknown worker 2'],
  ['a block before there is a file for it', [say(READY_MESSAGE, block({}))], 'block, at the wrong time'],
  [
    'an error there is not',
    [{ say: base64(frameHead(FROM_RECORDER.indexOf('failed'), 4), Buffer.from([200, 0, 0, 0])) }],
    'unknown error code 200',
  ],
  [
    'a footer for a block',
    [READY, running, say(block({ frame: encodeFrame('MBFT', Buffer.alloc(9)) as Uint8Array<ArrayBuffer> }))],
    'an invalid block',
  ],
] as [string, Step[], string][]) {
  serial(`${what}: the recording ends, and it is said`, async (t) => {
    const { error, blocks } = await meet(t, [started, ...steps]);
    t.is(error?.code, 'ERR_MEMBENCH_WORKER');
    t.is(error?.message, `the recorder sent what it must not: ${why}`);
    t.deepEqual(blocks, []);
  });
}

serial(
  'blocks without an end from a recorder that hears no answer: it is not written to for ever',
  async (t) => {
    const { error } = await meet(t, [started, READY, running, { flood: base64(...encodeReport(block({}))) }]);
    t.is(error?.message, 'the recorder sent what it must not: messages without reading the answers');
  },
);

serial('texts that would steer a terminal', async (t) => {
  const [esc, bell] = ['\u001b', '\u0007'];
  const failed = await meet(t, [
    started,
    say({ kind: 'rebuilt', worker: 1, why: `${esc}[2Jgone` }),
    say({
      kind: 'failed',
      code: 'ERR_MEMBENCH_SOURCE',
      message: `eth0: ${esc}]0;owned${bell}\nmembench: done`,
      hint: `rm -rf\r${esc}[8m`,
    }),
  ]);
  t.deepEqual(failed.said, [' [2Jgone']);
  t.is(failed.error?.code, 'ERR_MEMBENCH_SOURCE');
  t.is(failed.error?.message, 'eth0:  ]0;owned membench: done');
  t.is(failed.error?.hint, 'rm -rf [8m');

  const ended = await meet(t, [
    started,
    { stderr: `${'x'.repeat(100_000)}\nTypeError: ${esc}[31mred${bell}${'y'.repeat(1000)}\n` },
    { exit: 3 },
  ]);
  t.regex(ended.error!.message, /^the recorder ended early \(exit 3\): x{300}$/);
  const crashed = await meet(t, [
    started,
    { stderr: `file:1\n  ^\nTypeError: ${esc}[31mred${bell}\n at x\n` },
    { exit: 1 },
  ]);
  t.is(crashed.error!.message, 'the recorder ended early (exit 1): TypeError:  [31mred');
});

serial('what it sent before it ended is taken', async (t) => {
  const blocks = Array.from({ length: 200 }, (_, seq) =>
    say(block({ seq, frame: encodeFrame('MBBK', Buffer.alloc(3000)) as Uint8Array<ArrayBuffer> })),
  );
  const { error, blocks: taken } = await meet(t, [started, READY, running, ...blocks, { exit: 0 }]);
  t.is(error?.message, 'the recorder ended early (exit 0)');
  t.is(taken.length, 200);
});
