import { CONTROL, INDEX_STATE, SLOT } from '../layout/generated.js';
import { BY_NOBODY, BY_READER, Ring } from './batch-ring.js';
import { beginCapture } from './configure.js';
import { forgetFragments, waitingFragments } from './fragments.js';
import type { MemoryMap } from './map.js';
import type { Loss, WorkerState } from './worker-state.js';

/** A slot to be filled with what lies in a file from an offset on. */
export interface Read {
  kind: 'read';
  slot: number;
  fd: number;
  offset: number;
}

/** What a reader finds to do. */
export type Work =
  | Read
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

  /**
   * Slots a reader may take to read, or index, before it has decoded them: enough that nobody waits for a read or an
   * index under way; few enough that what was read is still in a cache.
   */
  static readonly #LEAD = 3;
  /** Sealed blocks that may wait for the writer before workers wait for it. */
  static readonly #BLOCKS_MAX = 32;

  /**
   * Looks for something to do; null where there is nothing yet. A slot to read, to index or to decode is begun with
   * this, and done with `readDone`, `indexDone` or `decodeDone`. `slot` is an address.
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
      const next = this.load(CONTROL.next);
      const indexed = this.load(CONTROL.indexed);
      const { position } = this.#state;
      if (this.#isFilled(indexed) && this.ahead(indexed, position) < RingReader.#LEAD && this.#lock()) {
        // Somebody else may have been first between the look and the lock.
        const first = this.load(CONTROL.indexed);
        if (this.#isFilled(first)) {
          this.#state.begin('indexing', BigInt(first), waitingFragments(this.buffer, this.map));
          return { kind: 'index', slot: this.slotAt(first) };
        }
        this.#unlock();
        continue;
      }
      if (next < 0 && this.ahead(~next, position) < RingReader.#LEAD && !this.isInUse(~next)) {
        const work = this.#takeToRead(~next);
        if (work !== null) return work;
        if (this.load(CONTROL.next) !== next) continue;
      }
      if (position !== indexed) {
        this.#state.begin('decoding', BigInt(position));
        return { kind: 'decode', slot: this.slotAt(position) };
      }
      if (ended && position === this.taken) return { kind: 'end' };
      return null;
    }
  }

  /**
   * Tries to take the slot of a number to fill it. Only whoever is in its head moves `next` past it: a thread that is
   * ended in between has taken it or not, and its successor sees which.
   */
  #takeToRead(number: number): Work | null {
    this.#state.begin('reading', BigInt(number));
    if (this.changeFilledBy(number, BY_NOBODY, this.#worker + 1)) {
      const next = ~number;
      if (Atomics.compareExchange(this.control, CONTROL.next / 4, next, ~this.after(number)) === next) {
        const offset = this.#offsetOf(number);
        return { kind: 'read', slot: this.slotAt(number), fd: this.load(CONTROL.file), offset };
      }
      this.#letGo(number);
    }
    this.#state.end();
    return null;
  }

  /** Leaves a slot that was not taken. The source may have filled it since. */
  #letGo(number: number): void {
    this.changeFilledBy(number, this.#worker + 1, BY_NOBODY);
  }

  /** The slot given by `take` holds so many bytes of the file. */
  readDone(size: number): void {
    this.#fill(Number(this.#state.batch), size);
    // Nobody needs a signal: whoever filled a slot looks next whether it can be indexed.
    this.#state.end();
  }

  #fill(number: number, size: number): void {
    const view = new DataView(this.buffer, this.slotAt(number));
    view.setUint32(SLOT.size, size, true);
    view.setUint32(SLOT.capture, 0, true);
    this.setFilledBy(number, BY_READER);
  }

  /** Where a slot's bytes lie in the file that is lent. */
  #offsetOf(number: number): number {
    const slots = this.ahead(number, this.load(CONTROL.file_slot));
    return this.loadLong(CONTROL.file_offset) + slots * this.map.slotSize;
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

  #isFilled(number: number): boolean {
    return this.filledBy(number) < 0;
  }

  #lock(): boolean {
    return Atomics.compareExchange(this.control, CONTROL.lock / 4, 0, this.#worker + 1) === 0;
  }

  /** Others may have found it locked and gone to sleep. */
  #unlock(): void {
    this.store(CONTROL.lock, 0);
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

  /** Bytes to index of the slot given by `take`. */
  sizeOf(slot: number): number {
    const number = this.load(CONTROL.indexed);
    // Behind a limit, and behind a slot that was not filled to its end, slots are only passed through.
    if (this.load(CONTROL.stop) !== 0) return 0;
    if (this.#isRead(number) && this.#offsetOf(number) !== this.loadLong(CONTROL.file_walked)) return 0;
    return new DataView(this.buffer, slot).getUint32(SLOT.size, true);
  }

  /** The slot given by `take` is indexed: so many bytes of it. */
  indexDone(size: number): void {
    const view = new DataView(this.buffer, this.map.indexState, INDEX_STATE.SIZE);
    const ended = view.getUint32(INDEX_STATE.ended, true) !== 0;
    const error = view.getUint32(INDEX_STATE.error, true) !== 0;
    if (ended) this.store(CONTROL.stop, 1);
    if (error) this.store(CONTROL.broken, view.getUint32(INDEX_STATE.capture, true));
    const isRead = this.#isRead(this.load(CONTROL.indexed));
    if (isRead) {
      this.storeLong(CONTROL.file_walked, this.loadLong(CONTROL.file_walked) + size);
      if (ended || error || size < this.map.slotSize) this.endLoan();
    }
    // With this it is done. The phase says whose slot it was until then.
    this.#setIndexed();
    this.#state.end();
    this.#unlock();
    if (isRead) this.#tellReturned();
  }

  /** Whether the slot to be indexed next was filled by a reader. */
  #isRead(number: number): boolean {
    return this.filledBy(number) === BY_READER;
  }

  /** The source gets the file back when the loan is over, and every slot taken is walked. */
  #tellReturned(): void {
    if (this.load(CONTROL.next) === this.load(CONTROL.indexed)) this.bump(CONTROL.returned);
  }

  /** The slot given by `take` is decoded. */
  decodeDone(): void {
    const done = this.#state.position;
    // With this it is done.
    this.#state.position = this.after(done);
    this.#state.end();
    if (!this.#isFree(done)) return;
    this.bump(CONTROL.done);
    // Others may wait for room to read into.
    const next = this.load(CONTROL.next);
    if (next < 0 && this.ahead(~next, done) >= this.map.slots) this.signal();
  }

  /** Whether every reader is past a slot: of those that leave it at the same time one at least sees that. */
  #isFree(number: number): boolean {
    return this.readers.every(({ position }) => {
      const ahead = this.ahead(position, number);
      return ahead > 0 && ahead <= this.map.slots;
    });
  }

  /** What is lost with the slot this reader, or the one before it, was at when it stopped. */
  lost(): Loss {
    const nothing = { unfinished: 0, unseen: 0 };
    if (!this.#isAtBatch()) return nothing;
    const { phase, batch } = this.#state;
    const slot = this.slotAt(Number(batch));
    const lengths = this.#lists(slot).map((list) => new DataView(this.buffer, list).getUint32(0, true));
    if (phase === 'decoding') {
      return { ...nothing, unfinished: lengths[this.#worker]! - this.#state.decodedInBatch };
    }
    const listed = lengths.reduce((sum, length) => sum + BigInt(length), 0n);
    return this.#state.lostInWalk(listed, waitingFragments(this.buffer, this.map));
  }

  /**
   * Ends what this reader, or the one before it, was at when it stopped; may be done again. A slot that was
   * being read counts as empty: the source reads on from there. So does one that was being indexed, and nothing is
   * read behind it: nobody knows where the next record begins.
   */
  giveUp(): void {
    const { phase, batch, position } = this.#state;
    if (phase === 'reading') this.#readFailed();
    else if (this.#isAtBatch()) {
      if (phase === 'decoding') this.#state.position = this.after(position);
      else this.#indexFailed();
    } else if (phase === 'indexing') this.setFilledBy(Number(batch), BY_NOBODY);
    if (this.load(CONTROL.lock) === this.#worker + 1) this.#unlock();
    // It may have been about to.
    this.bump(CONTROL.done);
    this.bump(CONTROL.returned);
    this.signal();
  }

  #readFailed(): void {
    const number = Number(this.#state.batch);
    const indexed = this.load(CONTROL.indexed);
    const isTaken = this.ahead(number, indexed) < this.ahead(this.taken, indexed);
    // After that: where somebody else took it, the slot says so by now.
    if (this.filledBy(number) !== this.#worker + 1) return;
    if (isTaken) this.#fill(number, 0);
    else this.#letGo(number);
  }

  /** Whether there is a slot that was begun and is not done. */
  #isAtBatch(): boolean {
    const { phase, batch, position } = this.#state;
    if (phase === 'decoding') return Number(batch) === position;
    return phase === 'indexing' && Number(batch) === this.load(CONTROL.indexed);
  }

  #indexFailed(): void {
    const slot = this.slotAt(this.load(CONTROL.indexed));
    for (const list of this.#lists(slot)) new DataView(this.buffer, list).setUint32(0, 0, true);
    forgetFragments(this.buffer, this.map);
    const view = new DataView(this.buffer, this.map.indexState);
    view.setUint32(INDEX_STATE.error, 1, true);
    this.store(CONTROL.broken, view.getUint32(INDEX_STATE.capture, true));
    this.#setIndexed();
  }

  /** Only whoever holds the lock does this. */
  #setIndexed(): void {
    const number = this.load(CONTROL.indexed);
    this.store(CONTROL.indexed, this.after(number));
    this.setFilledBy(number, BY_NOBODY);
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
