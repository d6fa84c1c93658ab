import type { Core } from '../decode/core.js';
import { SLOT } from '../layout/generated.js';
import type { RingReader } from '../memory/batch-ring.js';
import type { WorkerState } from '../memory/worker-state.js';
import type { WorkerTask } from './messages.js';

/** Takes this worker's part of every slot of the batch ring, to the end of the source. Blocks the thread. */
export function decodeBatches(task: WorkerTask, ring: RingReader, core: Core, state: WorkerState): void {
  const { map } = task;
  const view = new DataView(task.memory.buffer);
  const ownList = map.listOffset + task.worker * map.listStride;
  for (;;) {
    const next = ring.next();
    switch (next.kind) {
      case 'index': {
        const { slot } = next;
        const lists = slot + map.listOffset;
        const ordinal = view.getBigUint64(map.indexState, true);
        view.setBigUint64(slot + SLOT.base_ordinal, ordinal, true);
        const size = ring.stopped ? 0 : view.getUint32(slot + SLOT.size, true);
        state.begin('indexing');
        ring.beginCapture(slot);
        core.indexSlot(
          slot + map.chunkOffset,
          size,
          lists,
          map.listStride,
          map.workers,
          slot + map.roomOffset,
        );
        state.end();
        ring.indexDone();
        break;
      }
      case 'decode':
        state.begin('decoding');
        core.decodeSlot(next.slot + ownList, view.getBigUint64(next.slot + SLOT.base_ordinal, true));
        state.end();
        ring.decodeDone();
        break;
      case 'flush':
        core.sealNow();
        break;
      case 'end':
        return;
    }
  }
}
