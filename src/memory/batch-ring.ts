import { CONTROL, SLOT } from '../layout/generated.js';
import type { CaptureStart } from './configure.js';
import { type MemoryMap, slotAddress } from './map.js';
import { WorkerState } from './worker-state.js';

/** What the head of a slot says of who filled it, besides nobody (0) and the reader that is about to (from 1). */
export const BY_NOBODY = 0;
export const BY_SOURCE = -1;
export const BY_READER = -2;

/**
 * The batch ring: every reader sees every slot.
 *
 * The source, on the main thread, fills slots in order; or it lends the readers a file, and each of them takes the
 * next free slot and fills it from where its bytes lie in the file. Whichever reader comes first indexes a slot under
 * the lock, in order; every reader then decodes its own list of it. A slot is free again when the last reader is done
 * with it. All positions only grow, and what is free follows from the readers':
 *
 * ```
 *   freed = (the lowest position) ≤ (each reader's position) ≤ indexed ≤ next ≤ freed + slots
 * ```
 *
 * `next` says by its sign who fills the slot of that number, so that taking a slot and ending the loan exclude each
 * other. A loan ends where a slot was not filled to its end, whatever the reason: the slots taken behind it are passed
 * through empty, and once they are, the source reads on from there and sees why.
 *
 * A reader's thread may be ended anywhere. Each step therefore counts as done with one store, the lock and the head of
 * a slot say whose it is, and `giveUp` ends what was left in the middle.
 */
export class Ring {
  protected readonly map: MemoryMap;
  protected readonly control: Int32Array<SharedArrayBuffer>;
  protected readonly buffer: SharedArrayBuffer;
  /** What each reader is at. */
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

  protected store(offset: number, value: number): void {
    Atomics.store(this.control, offset / 4, value);
  }

  /** Wakes whoever waits for a word to be bumped. */
  protected bump(offset: number): void {
    Atomics.add(this.control, offset / 4, 1);
    Atomics.notify(this.control, offset / 4);
  }

  /** Bytes of a file: exact as a double. */
  protected loadLong(offset: number): number {
    return Number(Atomics.load(this.#longs, offset / 8));
  }

  protected storeLong(offset: number, value: number): void {
    Atomics.store(this.#longs, offset / 8, BigInt(value));
  }

  /** Number of the first slot nobody fills or has filled. */
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

  /** The same, where the head says what it is expected to say. Returns whether it does. */
  protected changeFilledBy(number: number, expected: number, who: number): boolean {
    return Atomics.compareExchange(this.#words, this.#head(number), expected, who) === expected;
  }

  #head(number: number): number {
    return (this.slotAt(number) + SLOT.filled) / 4;
  }

  protected slotAt(number: number): number {
    return slotAddress(this.map, number % this.map.slots);
  }

  /** Whether a reader still needs what lies where a slot of this number would. */
  protected isInUse(number: number): boolean {
    return this.readers.some(({ position }) => this.ahead(number, position) >= this.map.slots);
  }

  /** Readers take no more slots to fill. */
  protected endLoan(): void {
    for (let next = this.load(CONTROL.next); next < 0; ) {
      const found = Atomics.compareExchange(this.control, CONTROL.next / 4, next, ~next);
      if (found === next) return;
      next = found;
    }
  }

  /** Tells readers that something changed. */
  protected signal(): void {
    this.bump(CONTROL.signal);
  }
}

/** The source's end. */
export class RingWriter extends Ring {
  /** The chunk to fill next, or null while all slots are in use. */
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

  /** Resolves when a word is another, or after a while. */
  async #bumped(offset: number, value: number): Promise<void> {
    await Atomics.waitAsync(this.control, offset / 4, value, 100).value;
  }

  /**
   * Hands the acquired chunk to the readers.
   *
   * @param start where a capture begins with it
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
    // Before its number is taken: a reader that tried to take it, and was late, sees by this that it was not its own.
    this.setFilledBy(taken, BY_SOURCE);
    this.store(CONTROL.next, this.after(taken));
    this.signal();
  }

  /** Whether to lend files at all: a reader that is alone gets on faster while the source reads beside it. */
  get lends(): boolean {
    return this.map.workers > 1;
  }

  /** Lends the readers a file, to fill slots with what lies in it from an offset on. */
  lend(fd: number, offset: number): void {
    const { taken } = this;
    this.store(CONTROL.file, fd);
    this.store(CONTROL.file_slot, taken);
    this.storeLong(CONTROL.file_offset, offset);
    this.storeLong(CONTROL.file_walked, offset);
    this.store(CONTROL.next, ~taken);
    this.signal();
  }

  /** Whether they may still read it, or have slots of it that are not walked. */
  get lent(): boolean {
    const next = this.load(CONTROL.next);
    return next < 0 || this.load(CONTROL.indexed) !== next;
  }

  /** The offset in that file up to which they have walked it. */
  get walked(): number {
    return this.loadLong(CONTROL.file_walked);
  }

  /** Resolves when the file may be back, at the latest after a while. */
  async returned(): Promise<void> {
    const returned = this.load(CONTROL.returned);
    if (this.lent) await this.#bumped(CONTROL.returned, returned);
  }

  /** Ends the loan, wherever the readers are; what they have taken is read and walked. */
  takeBack(): void {
    this.endLoan();
    this.bump(CONTROL.returned);
  }

  /** No more chunks will come. */
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

  /** Number of the latest capture that was found broken, 0: none. */
  get broken(): number {
    return this.load(CONTROL.broken);
  }

  /** A sealed block has reached the writer. */
  blockWritten(): void {
    this.bump(CONTROL.blocks_written);
  }
}
