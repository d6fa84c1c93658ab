/**
 * The recorder process of a live recording, started by the privileged one. It loads its code, gives up every
 * right, and only then touches packets. It has no file and no socket but the descriptors it was given.
 *
 * Argument: the first descriptor number after those it was given.
 */
import { Socket } from 'node:net';
import { MembenchError } from '../errors.js';
import { closeInherited } from '../native/descriptors.js';
import { hideMemory } from '../native/dumps.js';
import { loadLibc } from '../native/libc.js';
import { shortenSlices } from '../native/slices.js';
import type { SealedBlock } from '../pool/messages.js';
import { CHANNEL_FD, type Start, type ToRecorder } from './messages.js';
import { Parent } from './parent.js';
import { Recorder, type RecorderProgress } from './recorder.js';
import { enterSandbox, shedSets } from './sandbox.js';

/** Time between two reports of progress, ms. */
const PROGRESS_INTERVAL = 500;
/** The same while no packet arrives, ms. */
const QUIET_INTERVAL = 1000;

// The parent may have inherited descriptors from others.
closeInherited(Number(process.argv[2]));
// A terminal sends its signals to both processes; the parent decides what to do.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const)
  process.on(signal, () => {});

const libcOrError = await loadLibc().catch((error: unknown) => error as Error);
const libc = libcOrError instanceof Error ? undefined : libcOrError;
// Before this process receives any secret.
hideMemory(libc);

let recorder: Recorder | undefined;

function fail(error: unknown): void {
  const { code, hint, message } = error as MembenchError;
  parent.say({
    kind: 'failed',
    code: error instanceof MembenchError ? code : 'ERR_MEMBENCH_WORKER',
    message,
    hint,
  });
}

async function start({ settings, user, bounded }: Start): Promise<void> {
  // A stream works without the C library (another system, no koffi); the process is then less confined.
  if (libcOrError instanceof Error && settings.feed.kind !== 'stream') throw libcOrError;
  // Before the workers start, because threads inherit both.
  if (libc !== undefined) {
    await shedSets();
    await shortenSlices();
  }
  const events = {
    onBlock: (block: SealedBlock) => parent.say({ kind: 'block', block }),
    onRebuilt: (worker: number, why: string) => parent.say({ kind: 'rebuilt', worker, why }),
  };
  recorder = new Recorder(settings, events, { pageSize: libc?.pageSize });
  // Workers load their code while files can still be read. Packets arrive only once the parent starts the
  // source, which waits for `ready`.
  await recorder.ready();
  parent.say({ kind: 'ready', sandbox: await enterSandbox(user, bounded, libc) });
}

async function run(): Promise<void> {
  let last: RecorderProgress | undefined;
  let timer: NodeJS.Timeout;
  const report = () => {
    const progress = recorder!.progress();
    // While nothing arrives, the parent sleeps. It has been told once that there is no lag any more.
    const isQuiet = progress.packets === last?.packets && progress.lost === last.lost && last.lag === null;
    last = progress;
    if (!isQuiet) parent.say({ kind: 'progress', progress });
    timer = setTimeout(report, isQuiet ? QUIET_INTERVAL : PROGRESS_INTERVAL);
  };
  timer = setTimeout(report, PROGRESS_INTERVAL);
  try {
    const result = await recorder!.run();
    parent.say({ kind: 'done', result });
  } finally {
    clearTimeout(timer);
  }
}

function onMessage(message: ToRecorder): void {
  switch (message.kind) {
    case 'start':
      start(message).catch(fail);
      break;
    case 'run':
      run().catch(fail);
      break;
    case 'stop':
      recorder?.stop();
      break;
    case 'flush':
      recorder?.flush();
      break;
    case 'written':
      recorder?.blockWritten();
      break;
  }
}

// Without the parent nobody writes the profile. Once rights are given up the kernel ends this process with
// its parent; this does the same before. An exit would stop the threads first, and koffi crashes, with a trace on
// stderr, where that happens while one of them loads it.
const channel = new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
const parent = new Parent(channel, onMessage, () => process.kill(process.pid, 'SIGKILL'));
