/**
 * The worker's whole life is one call: it ends when the source has ended and all is decoded, and returns
 * how many blocks were sent.
 */
import { threadId } from 'node:worker_threads';
import { WorkerState } from '../memory/worker-state.js';
import { loadLibc } from '../native/libc.js';
import { openBpfRing } from './bpf-ring.js';
import type { KernelRing } from './drain.js';
import { WorkerLoop } from './loop.js';
import type { FromWorker, WorkerTask } from './messages.js';
import { openPacketRing } from './packet-ring.js';

export default async function work(task: WorkerTask): Promise<number> {
  const kernel = await openRing(task);
  const loop = new WorkerLoop(task, { kernel });
  task.port.postMessage({ ready: threadId } satisfies FromWorker);
  for (let step = loop.step(); step !== 'ended'; step = loop.step()) {
    if (step === 'idle') loop.wait();
  }
  kernel?.close();
  return loop.blocks;
}

async function openRing(task: WorkerTask): Promise<KernelRing | null> {
  const state = new WorkerState(task.memory.buffer, task.map, task.worker);
  switch (task.ring?.kind) {
    case 'bpf ring':
      return openBpfRing(await loadLibc(), task, task.ring, state);
    case 'packet ring':
      return openPacketRing(await loadLibc(), task, task.ring, state);
    default:
      return null;
  }
}
