/** The task of a worker: decodes until the source has ended, and returns how many blocks were sent. */
import { threadId } from 'node:worker_threads';
import { WorkerState } from '../memory/worker-state.js';
import type { KernelRing } from './drain.js';
import { WorkerLoop } from './loop.js';
import type { FromWorker, WorkerTask } from './messages.js';

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

/** Opens the task's kernel ring, if it has one. For files the modules are bundled, but not executed. */
async function openRing(task: WorkerTask): Promise<KernelRing | null> {
  const { ring } = task;
  if (ring === null) return null;
  const state = new WorkerState(task.memory.buffer, task.map, task.worker);
  const { loadLibc } = await import('../native/libc.js');
  const libc = await loadLibc();
  if (ring.kind === 'bpf ring') {
    const { openBpfRing } = await import('./bpf-ring.js');
    return openBpfRing(libc, task, ring, state);
  }
  if (ring.kind === 'perf rings') {
    const { openPerfRings } = await import('./perf-rings.js');
    return openPerfRings(libc, task, ring, state);
  }
  const { openPacketRing } = await import('./packet-ring.js');
  return openPacketRing(libc, task, ring, state);
}
