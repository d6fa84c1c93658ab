import { CONTROL, INDEX_STATE, SLOT } from '../layout/generated.js';
import { beginCapture, type CaptureStart } from './configure.js';
import { forgetFragments, waitingFragments } from './fragments.js';
import { type MemoryMap, slotAddress } from './map.js';
import { type Loss, WorkerState } from './worker-state.js';

/**
 * The batch ring: one writer, every reader sees every slot.
 *
 * The source fills slots in order and publishes them. Whichever reader comes first indexes a slot under
 * the lock, in order; every reader then decodes its own list of it. A slot is free again when the last
 * reader is done with it. All positions only grow, and what is free follows from the readers':
 *
 * ```
 *   freed = (the lowest position) ≤ (each reader's position) ≤ indexed ≤ published ≤ freed + slots
 * ```
 *
 * A reader's thread may be ended anywhere. Each step therefore counts as done with one store, the lock says
 * whose it is, and `giveUp` ends what was left in the middle.
 */
class Ring {
  protected readonly map: MemoryMap;
  protected readonly control: Int32Array<SharedArrayBuffer>;
  protected readonly buffer: SharedArrayBuffer;
  /** What each reader is at. */
  protected readonly readers: readonly WorkerState[];
  readonly #numbers: number;

  constructor(buffer: SharedArrayBuffer, map: MemoryMap) {
    this.buffer = buffer;
    this.map = map;
    this.control = new Int32Array(buffer, map.control, CONTROL.SIZE / 4);
    this.#numbers = Math.floor(2 ** 31 / map.slots) * map.slots;
    this.readers = Array.from({ length: map.workers }, (_, worker) => new WorkerState(buffer, map, worker));
  }

  /** The number after a slot's. They start again where they fit neither 31 bits nor the slots any more. */
  protected after(number: number): number {
    return number + 1 === this.#numbers ? 0 : number + 1;
  }

  /** How far one number is ahead of another that is not ahead of it. */
  protected ahead(number: number, of: number): number {
    return number >= of ? number - of : number - of + this.#numbers;
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
  /** Number of the slot to publish next. */
  #published = this.load(CONTROL.published);

  /** The chunk to fill next, or null while all slots are in use. */
  acquire(): Uint8Array<SharedArrayBuffer> | null {
    if (this.#isFull()) return null;
    const slot = slotAddress(this.map, this.#published % this.map.slots);
    return new Uint8Array(this.buffer, slot + this.map.chunkOffset, this.map.slotSize);
  }

  /** Resolves when a slot may have become free. */
  async freed(): Promise<void> {
    const done = this.load(CONTROL.done);
    if (!this.#isFull()) return;
    const { value } = Atomics.waitAsync(this.control, CONTROL.done / 4, done, 100);
    await value;
  }

  #isFull(): boolean {
    return this.readers.some(({ position }) => this.ahead(this.#published, position) >= this.map.slots);
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
    this.#published = this.after(this.#published);
    Atomics.store(this.control, CONTROL.published / 4, this.#published);
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
    Atomics.add(this.control, CONTROL.blocks_written / 4, 1);
    Atomics.notify(this.control, CONTROL.blocks_written / 4);
  }
}

/** What a reader finds to do. */
export type Work =
  | { kind: 'index'; slot: number }
  | { kind: 'decode'; slot: number }
  | { kind: 'flush' }
  | { kind: 'end' };

/** Sleeps while a word holds a value, at most so many milliseconds; see Atomics.wait. */
export type Wait = (
  words: Int32Array<SharedArrayBuffer>,
  index: number,
  value: number,
  timeout?: number,
) => unknown;

/** A worker's end. Some methods block; never use it on a thread with an event loop to serve. */
export class RingReader extends Ring {
  readonly #state: WorkerState;
  readonly #worker: number;
  readonly #wait: Wait;
  #flush = 0;
  /** The signal before the last look for work. */
  #signal = 0;

  /** @param wait how it sleeps, for tests */
  constructor(buffer: SharedArrayBuffer, map: MemoryMap, worker: number, wait: Wait = Atomics.wait) {
    super(buffer, map);
    this.#worker = worker;
    this.#state = this.readers[worker]!;
    this.#wait = wait;
    this.#flush = this.load(CONTROL.flush);
  }

  /** Slots indexed ahead of the slowest need: enough that nobody waits for an index under way. */
  static readonly #AHEAD = 3;
  /** Sealed blocks that may wait for the writer before workers wait for it. */
  static readonly #BLOCKS_MAX = 32;

  /**
   * Looks for something to do; null where there is nothing yet. A slot to index or to decode is begun with
   * this, and done with `indexDone` or `decodeDone`. `slot` is an address.
   */
  take(): Work | null {
    for (;;) {
      this.#signal = this.load(CONTROL.signal);
      const flush = this.load(CONTROL.flush);
      if (flush !== this.#flush) {
        this.#flush = flush;
        return { kind: 'flush' };
      }
      const ended = this.load(CONTROL.ended);
      const published = this.load(CONTROL.published);
      const indexed = this.load(CONTROL.indexed);
      const { position } = this.#state;
      if (indexed !== published && this.ahead(indexed, position) < RingReader.#AHEAD && this.#lock()) {
        // Somebody else may have been first between the look and the lock.
        const first = this.load(CONTROL.indexed);
        if (first !== this.load(CONTROL.published)) {
          this.#state.begin('indexing', BigInt(first), waitingFragments(this.buffer, this.map));
          return { kind: 'index', slot: this.#slotAt(first) };
        }
        this.#unlock();
        continue;
      }
      if (position !== indexed) {
        this.#state.begin('decoding', BigInt(position));
        return { kind: 'decode', slot: this.#slotAt(position) };
      }
      if (ended && position === published) return { kind: 'end' };
      return null;
    }
  }

  /** Sleeps until there may be something that was not there when `take` looked. */
  wait(): void {
    this.#wait(this.control, CONTROL.signal / 4, this.#signal);
  }

  /** What a reader that has its own ring needs to know; does not wait. */
  poll(): { ended: boolean; flush: boolean } {
    const flush = this.load(CONTROL.flush);
    const flushed = flush === this.#flush;
    this.#flush = flush;
    return { ended: this.load(CONTROL.ended) !== 0, flush: !flushed };
  }

  #slotAt(position: number): number {
    return slotAddress(this.map, position % this.map.slots);
  }

  #lock(): boolean {
    return Atomics.compareExchange(this.control, CONTROL.lock / 4, 0, this.#worker + 1) === 0;
  }

  /** Others may have found it locked and gone to sleep. */
  #unlock(): void {
    Atomics.store(this.control, CONTROL.lock / 4, 0);
    this.signal();
  }

  /** Tells the record walk of the capture that begins with the slot given by `take`, where one does. */
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

  /** The slot given by `take` is indexed. */
  indexDone(): void {
    const view = new DataView(this.buffer, this.map.indexState, INDEX_STATE.SIZE);
    if (view.getUint32(INDEX_STATE.ended, true)) Atomics.store(this.control, CONTROL.stop / 4, 1);
    if (view.getUint32(INDEX_STATE.error, true)) {
      Atomics.store(this.control, CONTROL.broken / 4, view.getUint32(INDEX_STATE.capture, true));
    }
    // With this it is done. The phase says whose slot it was until then.
    this.#setIndexed();
    this.#state.end();
    this.#unlock();
  }

  /** Whether slots are only passed through: a limit was reached. */
  get stopped(): boolean {
    return this.load(CONTROL.stop) !== 0;
  }

  /** The slot given by `take` is decoded. */
  decodeDone(): void {
    const done = this.#state.position;
    // With this it is done.
    this.#state.position = this.after(done);
    this.#state.end();
    if (this.#isFree(done)) this.#tellWriter();
  }

  /** Whether every reader is past a slot: of those that leave it at the same time one at least sees that. */
  #isFree(number: number): boolean {
    return this.readers.every(({ position }) => {
      const ahead = this.ahead(position, number);
      return ahead > 0 && ahead <= this.map.slots;
    });
  }

  #tellWriter(): void {
    Atomics.add(this.control, CONTROL.done / 4, 1);
    Atomics.notify(this.control, CONTROL.done / 4);
  }

  /** What is lost with the slot this reader, or the one before it, was at when it stopped. */
  lost(): Loss {
    const nothing = { unfinished: 0, unseen: 0 };
    if (!this.#isAtBatch()) return nothing;
    const { phase, batch } = this.#state;
    const slot = this.#slotAt(Number(batch));
    const lengths = this.#lists(slot).map((list) => new DataView(this.buffer, list).getUint32(0, true));
    if (phase === 'decoding') {
      return { ...nothing, unfinished: lengths[this.#worker]! - this.#state.decodedInBatch };
    }
    const listed = lengths.reduce((sum, length) => sum + BigInt(length), 0n);
    return this.#state.lostInWalk(listed, waitingFragments(this.buffer, this.map));
  }

  /**
   * Ends what this reader, or the one before it, was at when it stopped; may be done again. A slot that was
   * being indexed counts as empty, and nothing is read behind it: nobody knows where the next record begins.
   */
  giveUp(): void {
    if (this.#isAtBatch()) {
      if (this.#state.phase === 'decoding') this.#state.position = this.after(this.#state.position);
      else this.#indexFailed();
    }
    if (this.load(CONTROL.lock) === this.#worker + 1) this.#unlock();
    // It may have been about to.
    this.#tellWriter();
    this.signal();
  }

  /** Whether there is a slot that was begun and is not done. */
  #isAtBatch(): boolean {
    const { phase, batch, position } = this.#state;
    if (phase === 'decoding') return Number(batch) === position;
    return phase === 'indexing' && Number(batch) === this.load(CONTROL.indexed);
  }

  #indexFailed(): void {
    const slot = this.#slotAt(this.load(CONTROL.indexed));
    for (const list of this.#lists(slot)) new DataView(this.buffer, list).setUint32(0, 0, true);
    forgetFragments(this.buffer, this.map);
    const view = new DataView(this.buffer, this.map.indexState);
    view.setUint32(INDEX_STATE.error, 1, true);
    Atomics.store(this.control, CONTROL.broken / 4, view.getUint32(INDEX_STATE.capture, true));
    this.#setIndexed();
  }

  /** Only whoever holds the lock does this. */
  #setIndexed(): void {
    Atomics.store(this.control, CONTROL.indexed / 4, this.after(this.load(CONTROL.indexed)));
  }

  /** Addresses of a slot's lists. */
  #lists(slot: number): number[] {
    const { workers, listOffset, listStride } = this.map;
    return Array.from({ length: workers }, (_, worker) => slot + listOffset + worker * listStride);
  }

  /** Waits while too many sealed blocks are on their way to the writer. */
  waitForWriter(): void {
    const index = CONTROL.blocks_written / 4;
    for (;;) {
      const written = Atomics.load(this.control, index);
      if (((this.#blocksSent() - written) | 0) < RingReader.#BLOCKS_MAX) return;
      // However long that takes, it is not the worker that hangs.
      this.#state.writing = true;
      this.#wait(this.control, index, written);
      this.#state.writing = false;
    }
  }

  #blocksSent(): number {
    return this.readers.reduce((sum, { blocks }) => sum + blocks, 0);
  }
}
