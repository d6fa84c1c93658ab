import { CONTROL, INDEX_STATE, SLOT } from '../layout/generated.js';
import { BY_NOBODY, BY_READER, Ring } from './batch-ring.js';
import { beginCapture } from './configure.js';
import { forgetFragments, waitingFragments } from './fragments.js';
import type { MemoryMap } from './map.js';
import type { Loss, WorkerState } from './worker-state.js';

/** A slot to fill with the bytes of a file from an offset on. */
export interface Read {
  kind: 'read';
  slot: number;
  fd: number;
  offset: number;
}

/** A piece of work for a reader. `slot` is the address of the slot. */
export type Work =
  | Read
  | { kind: 'index'; slot: number }
  | { kind: 'decode'; slot: number }
  | { kind: 'flush' }
  | { kind: 'end' };

/** Sleeps while a word has a value, at most `timeout` milliseconds; see Atomics.wait. */
export type Wait = (
  words: Int32Array<SharedArrayBuffer>,
  index: number,
  value: number,
  timeout?: number,
) => unknown;

/**
 * The batch ring as a worker uses it. Some methods block, so never use it on a thread that serves an event
 * loop.
 */
export class RingReader extends Ring {
  readonly #state: WorkerState;
  readonly #worker: number;
  readonly #wait: Wait;
  #flush = 0;
  /** Value of `signal` before the last search for work. */
  #signal = 0;

  /** @param wait replaces Atomics.wait in tests */
  constructor(buffer: SharedArrayBuffer, map: MemoryMap, worker: number, wait: Wait = Atomics.wait) {
    super(buffer, map);
    this.#worker = worker;
    this.#state = this.readers[worker]!;
    this.#wait = wait;
    this.#flush = this.load(CONTROL.flush);
  }

  /**
   * Slots that a reader may read or index ahead of those it has decoded: enough that no reader waits for a
   * slot that is being read or indexed, few enough that its bytes are still in a cache.
   */
  static readonly #LEAD = 3;
  /** Most sealed blocks that wait for the writer; above it workers wait. */
  static readonly #BLOCKS_MAX = 32;

  /**
   * Takes the next piece of work, or returns null where there is none yet. A slot taken to read, index or
   * decode is completed by `readDone`, `indexDone` or `decodeDone`.
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
        // Another reader may have indexed the slot before this one got the lock.
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
   * Tries to take a slot to fill it. Only the reader in the head of the slot moves `next` past it, so that
   * the successor of a thread that is ended in between can tell whether the slot was taken.
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

  /** Releases the head of a slot that was not taken, unless the source has filled the slot since. */
  #letGo(number: number): void {
    this.changeFilledBy(number, this.#worker + 1, BY_NOBODY);
  }

  /** Completes the slot taken to read, which now has `size` bytes of the file. */
  readDone(size: number): void {
    this.#fill(Number(this.#state.batch), size);
    // No signal is needed: after this the reader itself checks whether the slot can be indexed.
    this.#state.end();
  }

  #fill(number: number, size: number): void {
    const view = new DataView(this.buffer, this.slotAt(number));
    view.setUint32(SLOT.size, size, true);
    view.setUint32(SLOT.capture, 0, true);
    this.setFilledBy(number, BY_READER);
  }

  /** Offset in the lent file of the bytes of a slot. */
  #offsetOf(number: number): number {
    const slots = this.ahead(number, this.load(CONTROL.file_slot));
    return this.loadLong(CONTROL.file_offset) + slots * this.map.slotSize;
  }

  /** Sleeps until something has changed since the last call of `take`. */
  wait(): void {
    this.#wait(this.control, CONTROL.signal / 4, this.#signal);
  }

  /** Whether the source has ended and whether a flush was requested since the last call; does not wait. */
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

  /** Unlocks, and wakes readers that found it locked and went to sleep. */
  #unlock(): void {
    this.store(CONTROL.lock, 0);
    this.signal();
  }

  /** Begins a capture in the record walk where one begins with this slot. */
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

  /** Bytes to index of the slot taken to index. */
  sizeOf(slot: number): number {
    const number = this.load(CONTROL.indexed);
    // After a limit, and after a slot that was not filled completely, slots are passed through empty.
    if (this.load(CONTROL.stop) !== 0) return 0;
    if (this.#isRead(number) && this.#offsetOf(number) !== this.loadLong(CONTROL.file_walked)) return 0;
    return new DataView(this.buffer, slot).getUint32(SLOT.size, true);
  }

  /** Completes the slot taken to index, of which `size` bytes were walked. */
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
    // This store completes the step; until then the phase tells which worker had the slot.
    this.#setIndexed();
    this.#state.end();
    this.#unlock();
    if (isRead) this.#tellReturned();
  }

  /** Whether a reader filled this slot. */
  #isRead(number: number): boolean {
    return this.filledBy(number) === BY_READER;
  }

  /** Wakes the source once the loan is over and every slot taken is walked. */
  #tellReturned(): void {
    if (this.load(CONTROL.next) === this.load(CONTROL.indexed)) this.bump(CONTROL.returned);
  }

  /** Completes the slot taken to decode. */
  decodeDone(): void {
    const done = this.#state.position;
    // This store completes the step.
    this.#state.position = this.after(done);
    this.#state.end();
    if (!this.#isFree(done)) return;
    this.bump(CONTROL.done);
    // Other readers may wait for a free slot to fill.
    const next = this.load(CONTROL.next);
    if (next < 0 && this.ahead(~next, done) >= this.map.slots) this.signal();
  }

  /**
   * Whether every reader is past a slot. Of readers that leave it at the same time at least one finds it so.
   */
  #isFree(number: number): boolean {
    return this.readers.every(({ position }) => {
      const ahead = this.ahead(position, number);
      return ahead > 0 && ahead <= this.map.slots;
    });
  }

  /** Packets lost with the slot that this reader, or its predecessor, was working on when it stopped. */
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
   * Completes the step at which this reader, or its predecessor, stopped; may be repeated. A slot that was
   * being read counts as empty, and the source reads on from its offset. A slot that was being indexed counts
   * as empty, too, and the capture as broken, because it is unknown where the next record begins.
   */
  giveUp(): void {
    const { phase, batch, position } = this.#state;
    if (phase === 'reading') this.#readFailed();
    else if (this.#isAtBatch()) {
      if (phase === 'decoding') this.#state.position = this.after(position);
      else this.#indexFailed();
    } else if (phase === 'indexing') this.setFilledBy(Number(batch), BY_NOBODY);
    if (this.load(CONTROL.lock) === this.#worker + 1) this.#unlock();
    // The thread may have been about to send these signals.
    this.bump(CONTROL.done);
    this.bump(CONTROL.returned);
    this.signal();
  }

  #readFailed(): void {
    const number = Number(this.#state.batch);
    const indexed = this.load(CONTROL.indexed);
    const isTaken = this.ahead(number, indexed) < this.ahead(this.taken, indexed);
    // Read after `isTaken`: where another reader took the slot, its head shows that by now.
    if (this.filledBy(number) !== this.#worker + 1) return;
    if (isTaken) this.#fill(number, 0);
    else this.#letGo(number);
  }

  /** Whether a slot was begun and not completed. */
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

  /** Moves past the slot to be indexed next; only the reader with the lock may call it. */
  #setIndexed(): void {
    const number = this.load(CONTROL.indexed);
    this.store(CONTROL.indexed, this.after(number));
    this.setFilledBy(number, BY_NOBODY);
  }

  /** Addresses of the index lists of a slot. */
  #lists(slot: number): number[] {
    const { workers, listOffset, listStride } = this.map;
    return Array.from({ length: workers }, (_, worker) => slot + listOffset + worker * listStride);
  }

  /** Waits while too many sealed blocks have not reached the writer. */
  waitForWriter(): void {
    const index = CONTROL.blocks_written / 4;
    for (;;) {
      const written = Atomics.load(this.control, index);
      if (((this.#blocksSent() - written) | 0) < RingReader.#BLOCKS_MAX) return;
      // However long this takes, the worker does not count as stuck.
      this.#state.writing = true;
      this.#wait(this.control, index, written);
      this.#state.writing = false;
    }
  }

  #blocksSent(): number {
    return this.readers.reduce((sum, { blocks }) => sum + blocks, 0);
  }
}
