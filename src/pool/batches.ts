import type { Core } from '../decode/core.js';
import { SLOT } from '../layout/generated.js';
import type { RingReader } from '../memory/batch-ring.js';
import type { WorkerState } from '../memory/worker-state.js';
import { sealNow } from './block-sealer.js';
import type { Packets, Step } from './loop.js';
import type { WorkerTask } from './messages.js';

/** This worker's part of every slot of the batch ring. */
export class Batches implements Packets {
  readonly #task: WorkerTask;
  readonly #ring: RingReader;
  readonly #state: WorkerState;
  readonly #view: DataView;
  /** From a slot to this worker's list. */
  readonly #ownList: number;

  constructor(task: WorkerTask, ring: RingReader, state: WorkerState) {
    const { map, worker } = task;
    this.#task = task;
    this.#ring = ring;
    this.#state = state;
    this.#view = new DataView(task.memory.buffer);
    this.#ownList = map.listOffset + worker * map.listStride;
  }

  step(core: Core): Step {
    const work = this.#ring.take();
    switch (work?.kind) {
      case undefined:
        return 'idle';
      case 'index':
        this.#index(core, work.slot);
        this.#ring.indexDone();
        return 'busy';
      case 'decode':
        core.decodeSlot(
          work.slot + this.#ownList,
          this.#view.getBigUint64(work.slot + SLOT.base_ordinal, true),
        );
        this.#ring.decodeDone();
        return 'busy';
      case 'flush':
        sealNow(core, this.#state);
        return 'busy';
      case 'end':
        return 'ended';
    }
  }

  wait(): void {
    this.#ring.wait();
  }

  lost() {
    return this.#ring.lost();
  }

  giveUp(): void {
    this.#ring.giveUp();
  }

  #index(core: Core, slot: number): void {
    const { map } = this.#task;
    const ordinal = this.#view.getBigUint64(map.indexState, true);
    this.#view.setBigUint64(slot + SLOT.base_ordinal, ordinal, true);
    const size = this.#ring.stopped ? 0 : this.#view.getUint32(slot + SLOT.size, true);
    this.#ring.beginCapture(slot);
    core.indexSlot(
      slot + map.chunkOffset,
      size,
      slot + map.listOffset,
      map.listStride,
      map.workers,
      slot + map.roomOffset,
    );
  }
}
