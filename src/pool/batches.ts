import { readSync } from 'node:fs';
import type { Core } from '../decode/core.js';
import { SLOT } from '../layout/generated.js';
import type { Read, RingReader } from '../memory/ring-reader.js';
import type { WorkerState } from '../memory/worker-state.js';
import { sealNow } from './block-sealer.js';
import type { Packets, Step } from './loop.js';
import type { WorkerTask } from './messages.js';

/** Packets that reach a worker through the batch ring: it decodes its list of every slot. */
export class Batches implements Packets {
  readonly #task: WorkerTask;
  readonly #ring: RingReader;
  readonly #state: WorkerState;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Offset in a slot of this worker's list. */
  readonly #ownList: number;

  constructor(task: WorkerTask, ring: RingReader, state: WorkerState) {
    const { map, worker } = task;
    this.#task = task;
    this.#ring = ring;
    this.#state = state;
    this.#bytes = new Uint8Array(task.memory.buffer);
    this.#view = new DataView(task.memory.buffer);
    this.#ownList = map.listOffset + worker * map.listStride;
  }

  step(core: Core): Step {
    const work = this.#ring.take();
    switch (work?.kind) {
      case undefined:
        return 'idle';
      case 'read':
        this.#ring.readDone(this.#read(work));
        return 'busy';
      case 'index':
        this.#ring.indexDone(this.#index(core, work.slot));
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

  /** Reads the bytes of a slot from the file. Returns how many there were. */
  #read({ slot, fd, offset }: Read): number {
    const { chunkOffset, slotSize } = this.#task.map;
    try {
      return readSync(fd, this.#bytes, slot + chunkOffset, slotSize, offset);
    } catch {
      // The source reads on from this offset, and reports the error.
      return 0;
    }
  }

  /** Indexes a slot. Returns the bytes walked. */
  #index(core: Core, slot: number): number {
    const { map } = this.#task;
    const ordinal = this.#view.getBigUint64(map.indexState, true);
    this.#view.setBigUint64(slot + SLOT.base_ordinal, ordinal, true);
    const size = this.#ring.sizeOf(slot);
    this.#ring.beginCapture(slot);
    core.indexSlot(
      slot + map.chunkOffset,
      size,
      slot + map.listOffset,
      map.listStride,
      map.workers,
      slot + map.roomOffset,
    );
    return size;
  }
}
