/**
 * The recorder of a live recording: a process of its own, started by the one that has the rights. It loads
 * what it needs, gives up every right, and only then touches packets. It holds no file and no socket but
 * the descriptors it inherited.
 */
import { MembenchError } from '../errors.js';
import { loadLibc } from '../native/libc.js';
import type { SealedBlock } from '../pool/messages.js';
import { dropRights } from './drop-rights.js';
import type { FromRecorder, ToRecorder } from './messages.js';
import { Recorder, type RecorderSettings } from './recorder.js';

/** Between two reports of progress, ms. */
const PROGRESS_INTERVAL = 200;

function send(message: FromRecorder): void {
  process.send!(message);
}

function fail(error: unknown): void {
  const { code, hint } = error as MembenchError;
  send({
    kind: 'failed',
    code: error instanceof MembenchError ? code : 'ERR_MEMBENCH_WORKER',
    message: (error as Error).message,
    hint,
  });
}

let recorder: Recorder | undefined;

async function start(settings: RecorderSettings, user: { uid: number; gid: number } | null): Promise<void> {
  // A stream needs nothing of the C library: without it (another system, no koffi) less is locked, no more.
  const libc = await loadLibc().catch((error: unknown) => {
    if (settings.feed.kind !== 'stream') throw error;
    return undefined;
  });
  libc?.hideMemory();
  const events = {
    onBlock: (block: SealedBlock) => send({ kind: 'block', block }),
    onRebuilt: (worker: number, why: string) => send({ kind: 'rebuilt', worker, why }),
  };
  recorder = new Recorder(settings, events, libc?.pageSize);
  // Workers load their code while it can still be read; they get to see packets only when the kernel's
  // programs are attached, which waits for `ready`.
  await recorder.ready();
  dropRights(user, libc !== undefined);
  libc?.dieWithParent();
  send({ kind: 'ready' });
}

async function run(): Promise<void> {
  const timer = setInterval(
    () => send({ kind: 'progress', progress: recorder!.progress() }),
    PROGRESS_INTERVAL,
  );
  try {
    const result = await recorder!.run();
    send({ kind: 'done', result });
  } finally {
    clearInterval(timer);
  }
}

process.on('message', (message: ToRecorder) => {
  switch (message.kind) {
    case 'start':
      start(message.settings, message.user).catch(fail);
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
});
// Whoever holds the rights is gone: there is nobody to write for. The kernel sees to it once rights are
// given up; this is for before.
process.on('disconnect', () => process.exit(1));
// A terminal sends its signals to both; the parent decides.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGUSR2', 'SIGHUP'] as const) process.on(signal, () => {});
send({ kind: 'loaded' });
