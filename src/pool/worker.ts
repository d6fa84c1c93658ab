/**
 * The worker's whole life is one call: it ends when the source has ended and all is decoded, and returns
 * how many blocks it has sent.
 */
import { createCore } from '../decode/core.js';
import { SLOT } from '../layout/generated.js';
import { RingReader } from '../memory/batch-ring.js';
import { BlockSealer } from './block-sealer.js';
import type { WorkerTask } from './messages.js';

export default function work(task: WorkerTask): number {
  const { map, memory } = task;
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  const view = new DataView(buffer);
  const ring = new RingReader(buffer, map);
  const sealer = new BlockSealer(task, ring);
  const core = createCore(task.module, memory, { onBlock: () => sealer.seal(core), onEvents() {} });
  core.init(task.config);
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
        core.indexSlot(slot + map.chunkOffset, size, lists, map.listStride, map.workers);
        ring.indexDone();
        break;
      }
      case 'decode':
        core.decodeSlot(next.slot + ownList, view.getBigUint64(next.slot + SLOT.base_ordinal, true));
        ring.decodeDone();
        break;
      case 'flush':
        core.sealNow();
        break;
      case 'end':
        core.finish();
        return sealer.sealed;
    }
  }
}
