import { CONTROL, INDEX_STATE, SLOT } from '../layout/generated.js';
import { beginCapture, type CaptureStart } from './configure.js';
import { type MemoryMap, slotAddress } from './map.js';
import type { WorkerState } from './worker-state.js';

/**
 * The batch ring: one writer, every reader sees every slot.
 *
 * The source fills slots in order and publishes them. Whichever reader comes first indexes a slot under
 * the lock, in order; every reader then decodes its own list of it. A slot is free again when the last
 * reader is done with it. All positions only grow:
 *
 * ```
 *   freed ≤ (each reader's position) ≤ indexed ≤ published ≤ freed + slots
 * ```
 */
class Ring {
  protected readonly map: MemoryMap;
  protected readonly control: Int32Array<SharedArrayBuffer>;
  protected readonly buffer: SharedArrayBuffer;

  constructor(buffer: SharedArrayBuffer, map: MemoryMap) {
    this.buffer = buffer;
    this.map = map;
    this.control = new Int32Array(buffer, map.control, CONTROL.SIZE / 4);
  }

  protected load(offset: number): number {
    return Atomics.load(this.control, offset / 4);
  }

  /** Tells readers that something changed. */
  protected signal(): void {
    Atomics.add(this.control, CONTROL.signal / 4, 1);
    Atomics.notify(this.control, CONTROL.signal / 4);
  }
}

/** The source's end. */
export class RingWriter extends Ring {
  #published = 0;

  /** The chunk to fill next, or null while all slots are in use. */
  acquire(): Uint8Array<SharedArrayBuffer> | null {
    if (this.#published - this.load(CONTROL.freed) >= this.map.slots) return null;
    const slot = slotAddress(this.map, this.#published % this.map.slots);
    return new Uint8Array(this.buffer, slot + this.map.chunkOffset, this.map.slotSize);
  }

  /** Resolves when a slot may have become free. */
  async freed(): Promise<void> {
    const freed = this.load(CONTROL.freed);
    if (this.#published - freed < this.map.slots) return;
    const { value } = Atomics.waitAsync(this.control, CONTROL.freed / 4, freed, 100);
    await value;
  }

  /**
   * Hands the acquired chunk to the readers.
   *
   * @param start where a capture begins with it
   */
  publish(size: number, start?: CaptureStart): void {
    const slot = slotAddress(this.map, this.#published % this.map.slots);
    const view = new DataView(this.buffer, slot);
    view.setUint32(SLOT.size, size, true);
    view.setUint32(SLOT.capture, start?.number ?? 0, true);
    if (start !== undefined) {
      view.setUint32(SLOT.container, start.container, true);
      view.setUint32(SLOT.linktype, start.linktype, true);
      view.setUint32(SLOT.swapped, start.swapped ? 1 : 0, true);
      view.setUint32(SLOT.fraction, start.fraction, true);
    }
    Atomics.store(this.control, CONTROL.published / 4, ++this.#published);
    this.signal();
  }

  /** No more chunks will come. */
  end(): void {
    Atomics.store(this.control, CONTROL.ended / 4, 1);
    this.signal();
  }

  /** Makes every reader seal its open block. */
  flush(): void {
    Atomics.add(this.control, CONTROL.flush / 4, 1);
    this.signal();
  }

  /** Whether the record walk has stopped at a limit. */
  get stopped(): boolean {
    return this.load(CONTROL.stop) !== 0;
  }

  /** Number of the latest capture that was found broken, 0: none. */
  get broken(): number {
    return this.load(CONTROL.broken);
  }

  /** A sealed block has reached the writer. */
  blockWritten(): void {
    Atomics.sub(this.control, CONTROL.blocks_in_flight / 4, 1);
    Atomics.notify(this.control, CONTROL.blocks_in_flight / 4);
  }
}

/** What a reader finds to do. */
export type Work =
  | { kind: 'index'; slot: number }
  | { kind: 'decode'; slot: number }
  | { kind: 'flush' }
  | { kind: 'end' };

/** A worker's end. Its methods block; never use it on a thread with an event loop to serve. */
export class RingReader extends Ring {
  readonly #state: WorkerState;
  #flush = 0;

  /** @param state where this reader, or the one before it, stands */
  constructor(buffer: SharedArrayBuffer, map: MemoryMap, state: WorkerState) {
    super(buffer, map);
    this.#state = state;
    this.#flush = this.load(CONTROL.flush);
  }

  /** Slots this reader is done with. */
  get #position(): number {
    return this.#state.position;
  }

  /** Address of the slot it decodes next, or is decoding. */
  get slot(): number {
    return slotAddress(this.map, this.#position % this.map.slots);
  }

  /** Slots indexed ahead of the slowest need: enough that nobody waits for an index under way. */
  static readonly #AHEAD = 3;
  /** Sealed blocks that may wait for the writer before workers wait for it. */
  static readonly #BLOCKS_MAX = 32;

  /** Waits for something to do. `slot` is an address. */
  next(): Work {
    for (;;) {
      const signal = this.load(CONTROL.signal);
      const flush = this.load(CONTROL.flush);
      if (flush !== this.#flush) {
        this.#flush = flush;
        return { kind: 'flush' };
      }
      const ended = this.load(CONTROL.ended);
      const published = this.load(CONTROL.published);
      const indexed = this.load(CONTROL.indexed);
      if (indexed < published && indexed - this.#position < RingReader.#AHEAD && this.#lock()) {
        // Somebody else may have been first between the look and the lock.
        const first = this.load(CONTROL.indexed);
        if (first < published) return { kind: 'index', slot: slotAddress(this.map, first % this.map.slots) };
        this.#unlock();
        continue;
      }
      if (this.#position < indexed) {
        return { kind: 'decode', slot: this.slot };
      }
      if (ended && this.#position === published) return { kind: 'end' };
      Atomics.wait(this.control, CONTROL.signal / 4, signal);
    }
  }

  /** What a reader that has its own ring needs to know; does not wait. */
  poll(): { ended: boolean; flush: boolean } {
    const flush = this.load(CONTROL.flush);
    const flushed = flush === this.#flush;
    this.#flush = flush;
    return { ended: this.load(CONTROL.ended) !== 0, flush: !flushed };
  }

  /** Sleeps so many milliseconds, or until something is signalled. */
  pause(milliseconds: number): void {
    Atomics.wait(this.control, CONTROL.signal / 4, this.load(CONTROL.signal), milliseconds);
  }

  #lock(): boolean {
    return Atomics.compareExchange(this.control, CONTROL.lock / 4, 0, 1) === 0;
  }

  #unlock(): void {
    Atomics.store(this.control, CONTROL.lock / 4, 0);
  }

  /** Tells the record walk of the capture that begins with the slot given by `next`, where one does. */
  beginCapture(slot: number): void {
    const view = new DataView(this.buffer, slot);
    const number = view.getUint32(SLOT.capture, true);
    if (number === 0) return;
    beginCapture(this.buffer, this.map, {
      number,
      container: view.getUint32(SLOT.container, true),
      linktype: view.getUint32(SLOT.linktype, true),
      swapped: view.getUint32(SLOT.swapped, true) !== 0,
      fraction: view.getUint32(SLOT.fraction, true),
    });
  }

  /** The slot given by `next` is indexed. */
  indexDone(): void {
    const view = new DataView(this.buffer, this.map.indexState, INDEX_STATE.SIZE);
    if (view.getUint32(INDEX_STATE.ended, true)) Atomics.store(this.control, CONTROL.stop / 4, 1);
    if (view.getUint32(INDEX_STATE.error, true)) {
      Atomics.store(this.control, CONTROL.broken / 4, view.getUint32(INDEX_STATE.capture, true));
    }
    Atomics.add(this.control, CONTROL.indexed / 4, 1);
    this.#unlock();
    this.signal();
  }

  /** The slot under the lock cannot be indexed: it counts as empty, and nothing is read behind it. */
  indexFailed(): void {
    const slot = slotAddress(this.map, this.load(CONTROL.indexed) % this.map.slots);
    for (let worker = 0; worker < this.map.workers; worker++) {
      const list = slot + this.map.listOffset + worker * this.map.listStride;
      new DataView(this.buffer, list).setUint32(0, 0, true);
    }
    new DataView(this.buffer, this.map.indexState).setUint32(INDEX_STATE.error, 1, true);
    this.indexDone();
  }

  /** Whether slots are only passed through: a limit was reached. */
  get stopped(): boolean {
    return this.load(CONTROL.stop) !== 0;
  }

  /** The slot given by `next` is decoded. */
  decodeDone(): void {
    const done = new Int32Array(this.buffer, this.slot + SLOT.done, 1);
    this.#state.position++;
    if (Atomics.add(done, 0, 1) + 1 < this.map.workers) return;
    Atomics.store(done, 0, 0);
    Atomics.add(this.control, CONTROL.freed / 4, 1);
    Atomics.notify(this.control, CONTROL.freed / 4);
  }

  /** Registers a sealed block on its way to the writer; waits while too many are. */
  blockSealed(): void {
    const index = CONTROL.blocks_in_flight / 4;
    for (;;) {
      const flying = Atomics.load(this.control, index);
      if (flying < RingReader.#BLOCKS_MAX) break;
      Atomics.wait(this.control, index, flying, 1000);
    }
    Atomics.add(this.control, index, 1);
  }
}
