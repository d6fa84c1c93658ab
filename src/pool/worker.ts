/**
 * The worker's whole life is one call: it ends when the source has ended and all is decoded, and returns
 * how many blocks it has sent.
 */
import { createCore } from '../decode/core.js';
import { RingReader } from '../memory/batch-ring.js';
import { decodeBatches } from './batches.js';
import { BlockSealer } from './block-sealer.js';
import { openKernelRing } from './kernel-ring.js';
import { READY, type WorkerTask } from './messages.js';

export default async function work(task: WorkerTask): Promise<number> {
  const { map, memory } = task;
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  const ring = new RingReader(buffer, map);
  const kernel = task.rings === null ? null : await openKernelRing(task, task.rings);
  const sealer = new BlockSealer(task, ring, kernel);
  const core = createCore(task.module, memory, { onBlock: () => sealer.seal(core), onEvents() {} });
  core.init(task.config);
  task.port.postMessage(READY);
  if (kernel === null) decodeBatches(task, ring, core);
  else kernel.drain(ring, core);
  core.finish();
  kernel?.close();
  return sealer.sealed;
}
