/**
 * The worker's whole life is one call: it ends when the source has ended and all is decoded, and returns
 * how many blocks it has sent.
 */
import { createCore } from '../decode/core.js';
import { RingReader } from '../memory/batch-ring.js';
import { decodeBatches } from './batches.js';
import { BlockSealer } from './block-sealer.js';
import { openBpfRing } from './bpf-ring.js';
import { drain, type KernelRing } from './drain.js';
import { READY, type WorkerTask } from './messages.js';
import { openPacketRing } from './packet-ring.js';

export default async function work(task: WorkerTask): Promise<number> {
  const { map, memory } = task;
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  const ring = new RingReader(buffer, map);
  const kernel = await openRing(task);
  const sealer = new BlockSealer(task, ring, kernel);
  const core = createCore(task.module, memory, { onBlock: () => sealer.seal(core), onEvents() {} });
  core.init(task.config);
  task.port.postMessage(READY);
  if (kernel === null) decodeBatches(task, ring, core);
  else drain(kernel, ring, core);
  core.finish();
  kernel?.close();
  return sealer.sealed;
}

async function openRing(task: WorkerTask): Promise<KernelRing | null> {
  switch (task.ring?.kind) {
    case 'bpf ring':
      return openBpfRing(task, task.ring);
    case 'packet ring':
      return openPacketRing(task, task.ring);
    default:
      return null;
  }
}
