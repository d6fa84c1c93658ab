import type { RingReader } from '../memory/batch-ring.js';
import { clearRegion } from '../memory/map.js';
import type { WorkerState } from '../memory/worker-state.js';
import type { KernelRing } from './drain.js';
import type { WorkerTask } from './messages.js';

/**
 * Makes a worker's region fit for a new parser, after the one before trapped, hung or died. What was not
 * sealed is given up and counted as lost, with what is left of the batch at hand; its flows are picked up
 * again in mid-stream.
 */
export function recover(
  task: WorkerTask,
  state: WorkerState,
  ring: RingReader,
  kernel: KernelRing | null,
): void {
  state.loseUnsealed(giveUpBatch(task, state, ring, kernel));
  clearRegion(task.memory.buffer, task.map, task.worker);
  state.end();
}

/** Returns how many of the batch's packets came to no end. */
function giveUpBatch(
  task: WorkerTask,
  state: WorkerState,
  ring: RingReader,
  kernel: KernelRing | null,
): number {
  if (kernel !== null) {
    if (state.phase === 'decoding') kernel.skip(state.seenInBatch);
    return state.unfinished;
  }
  switch (state.phase) {
    case 'waiting':
      return 0;
    case 'indexing':
      // Nobody knows what is in the slot, or where the next record begins.
      ring.indexFailed();
      return 0;
    case 'decoding': {
      const list = ring.slot + task.map.listOffset + task.worker * task.map.listStride;
      const entries = new DataView(task.memory.buffer).getUint32(list, true);
      const unfinished = entries - state.decodedInBatch;
      ring.decodeDone();
      return unfinished;
    }
  }
}
