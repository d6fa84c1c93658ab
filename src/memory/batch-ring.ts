import { CONTROL, SLOT } from '../layout/generated.js';
import type { CaptureStart } from './configure.js';
import { type MemoryMap, slotAddress } from './map.js';
import { WorkerState } from './worker-state.js';

// Values of `slot.filled`; 1 + the number of a reader means that this reader is filling the slot.
export const BY_NOBODY = 0;
export const BY_SOURCE = -1;
export const BY_READER = -2;

/**
 * The batch ring: every reader sees every slot.
 *
 * The source, on the main thread, fills slots in order. Or it lends the readers a file, and each reader takes
 * the next free slot and fills it with the bytes of the file at the slot's offset. One reader at a time
 * indexes the next slot, under the lock and in order; then every reader decodes its own list of the slot. A
 * slot is free again when the last reader has decoded it. All positions only grow, and the free slots follow
 * from them:
 *
 * ```
 *   freed = (the lowest position) ≤ (each reader's position) ≤ indexed ≤ next ≤ freed + slots
 * ```
 *
 * The sign of `next` tells who fills that slot, so that taking a slot and ending the loan exclude each other.
 * A loan ends where a slot was not filled completely, for any reason: the slots taken after it are passed
 * through empty, and then the source reads on from that offset and meets the reason.
 *
 * A reader's thread may be ended at any point. So each step is completed by a single store, the lock and the
 * head of a slot tell which reader holds them, and `giveUp` completes a step that was left in the middle.
 */
export class Ring {
  protected readonly map: MemoryMap;
  protected readonly control: Int32Array<SharedArrayBuffer>;
  protected readonly buffer: SharedArrayBuffer;
  /** State of each reader. */
  protected readonly readers: readonly WorkerState[];
  readonly #longs: BigUint64Array;
  readonly #words: Int32Array;
  readonly #numbers: number;

  constructor(buffer: SharedArrayBuffer, map: MemoryMap) {
    this.buffer = buffer;
    this.map = map;
    this.control = new Int32Array(buffer, map.control, CONTROL.SIZE / 4);
    this.#longs = new BigUint64Array(buffer, map.control, CONTROL.SIZE / 8);
    this.#words = new Int32Array(buffer);
    this.#numbers = Math.floor(2 ** 31 / map.slots) * map.slots;
    this.readers = Array.from({ length: map.workers }, (_, worker) => new WorkerState(buffer, map, worker));
  }

  /** The number after that of a slot. Numbers wrap at the largest multiple of `slots` below 2^31. */
  protected after(number: number): number {
    return number + 1 === this.#numbers ? 0 : number + 1;
  }

  /** Distance from the number `of` forward to `number`. */
  protected ahead(number: number, of: number): number {
    return number >= of ? number - of : number - of + this.#numbers;
  }

  protected load(offset: number): number {
    return Atomics.load(this.control, offset / 4);
  }

  protected store(offset: number, value: number): void {
    Atomics.store(this.control, offset / 4, value);
  }

  /** Increments a word and wakes all threads that wait on it. */
  protected bump(offset: number): void {
    Atomics.add(this.control, offset / 4, 1);
    Atomics.notify(this.control, offset / 4);
  }

  /** Loads an offset in a file, which a double holds exactly. */
  protected loadLong(offset: number): number {
    return Number(Atomics.load(this.#longs, offset / 8));
  }

  protected storeLong(offset: number, value: number): void {
    Atomics.store(this.#longs, offset / 8, BigInt(value));
  }

  /** Number of the first slot that has not been taken for filling. */
  protected get taken(): number {
    const next = this.load(CONTROL.next);
    return next < 0 ? ~next : next;
  }

  protected filledBy(number: number): number {
    return Atomics.load(this.#words, this.#head(number));
  }

  protected setFilledBy(number: number, who: number): void {
    Atomics.store(this.#words, this.#head(number), who);
  }

  /** Sets who fills a slot, if the head has the expected value. Returns whether it had. */
  protected changeFilledBy(number: number, expected: number, who: number): boolean {
    return Atomics.compareExchange(this.#words, this.#head(number), expected, who) === expected;
  }

  #head(number: number): number {
    return (this.slotAt(number) + SLOT.filled) / 4;
  }

  protected slotAt(number: number): number {
    return slotAddress(this.map, number % this.map.slots);
  }

  /** Whether a reader still needs the earlier slot in the place of this number. */
  protected isInUse(number: number): boolean {
    return this.readers.some(({ position }) => this.ahead(number, position) >= this.map.slots);
  }

  /** Ends the loan: readers take no more slots to fill. */
  protected endLoan(): void {
    for (let next = this.load(CONTROL.next); next < 0; ) {
      const found = Atomics.compareExchange(this.control, CONTROL.next / 4, next, ~next);
      if (found === next) return;
      next = found;
    }
  }

  /** Wakes the readers after a change. */
  protected signal(): void {
    this.bump(CONTROL.signal);
  }
}

/** The batch ring as the source uses it. */
export class RingWriter extends Ring {
  /** The next chunk to fill, or null while all slots are in use. */
  acquire(): Uint8Array<SharedArrayBuffer> | null {
    const { taken } = this;
    if (this.isInUse(taken)) return null;
    return new Uint8Array(this.buffer, this.slotAt(taken) + this.map.chunkOffset, this.map.slotSize);
  }

  /** Resolves when a slot may have become free. */
  async freed(): Promise<void> {
    const done = this.load(CONTROL.done);
    if (this.isInUse(this.taken)) await this.#bumped(CONTROL.done, done);
  }

  /** Resolves when a word no longer has this value, or after 100 ms. */
  async #bumped(offset: number, value: number): Promise<void> {
    await Atomics.waitAsync(this.control, offset / 4, value, 100).value;
  }

  /**
   * Hands the acquired chunk to the readers.
   *
   * @param size bytes of the chunk
   * @param start given where a capture begins with this chunk
   */
  publish(size: number, start?: CaptureStart): void {
    const { taken } = this;
    const slot = this.slotAt(taken);
    const view = new DataView(this.buffer, slot);
    view.setUint32(SLOT.size, size, true);
    view.setUint32(SLOT.capture, start?.number ?? 0, true);
    if (start !== undefined) {
      view.setUint32(SLOT.container, start.container, true);
      view.setUint32(SLOT.linktype, start.linktype, true);
      view.setUint32(SLOT.swapped, start.swapped ? 1 : 0, true);
      view.setUint32(SLOT.fraction, start.fraction, true);
    }
    // Before the number is taken: a reader that tried to take the slot too late learns that it did not get
    // it.
    this.setFilledBy(taken, BY_SOURCE);
    this.store(CONTROL.next, this.after(taken));
    this.signal();
  }

  /** Whether lending files pays: a single reader is faster while the source reads in parallel. */
  get lends(): boolean {
    return this.map.workers > 1;
  }

  /** Lends the readers a file: they fill slots with its bytes from an offset on. */
  lend(fd: number, offset: number): void {
    const { taken } = this;
    this.store(CONTROL.file, fd);
    this.store(CONTROL.file_slot, taken);
    this.storeLong(CONTROL.file_offset, offset);
    this.storeLong(CONTROL.file_walked, offset);
    this.store(CONTROL.next, ~taken);
    this.signal();
  }

  /** Whether the readers may still read the file, or have slots of it that are not walked. */
  get lent(): boolean {
    const next = this.load(CONTROL.next);
    return next < 0 || this.load(CONTROL.indexed) !== next;
  }

  /** Offset in the file up to which the readers have walked it. */
  get walked(): number {
    return this.loadLong(CONTROL.file_walked);
  }

  /** Resolves when the readers may have stopped reading the file, at the latest after 100 ms. */
  async returned(): Promise<void> {
    const returned = this.load(CONTROL.returned);
    if (this.lent) await this.#bumped(CONTROL.returned, returned);
  }

  /** Ends the loan; slots taken already are still read and walked. */
  takeBack(): void {
    this.endLoan();
    this.bump(CONTROL.returned);
  }

  /** Tells the readers that no more chunks will come. */
  end(): void {
    this.endLoan();
    this.store(CONTROL.ended, 1);
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

  /** Number of the last capture that was found broken, 0: none. */
  get broken(): number {
    return this.load(CONTROL.broken);
  }

  /** Counts a sealed block that has reached the writer. */
  blockWritten(): void {
    this.bump(CONTROL.blocks_written);
  }
}
