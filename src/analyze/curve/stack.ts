import type { KeyColumn, KeyTable } from '../key-table.js';

/** Slots at the start; a power of two. */
const SLOTS_MIN = 1024;
/** Slots for each key at least, when slots are put without gaps: more make that rarer, and the sums larger. */
const SLOTS_A_KEY = 4;
/** Entries of a level that make one of the level above, as a power of two. */
const FAN_BITS = 4;
const FAN = (1 << FAN_BITS) - 1;

/**
 * The stack of LRU: which keys were used after which, and how much lies above each. Every use takes the next slot;
 * sums over 16 slots, over 16 of those, and so on, say how many keys, and how many bytes, have later slots. So a
 * distance takes logarithmic time, and is exact where all keys are here. Of a sample each key counts for as many as it
 * stands for (SHARDS: Waldspurger et al., FAST 2015).
 *
 * Not a Fenwick tree: a use changes few numbers here, next to those it adds up, and there as many more all over the
 * memory. It takes a sixth less time.
 */
export class LruStack {
  readonly #table: KeyTable;
  /** Slot + 1 of a key; 0: it is not in the stack. */
  readonly #slot: KeyColumn;
  /** Bytes of its item. */
  readonly #bytes: KeyColumn;
  #slots = 0;
  #next = 0;
  /** By slot: the key, -1 where there is none. */
  #keys = new Int32Array(0);
  /** From slots upwards: keys and bytes in turn, weighed. */
  #levels: Float64Array[] = [];
  #size = 0;
  /** The last distance: keys and bytes used since, the key itself included. */
  items = 0;
  bytes = 0;

  constructor(table: KeyTable) {
    this.#table = table;
    this.#slot = table.column();
    this.#bytes = table.column();
    this.#allocate(SLOTS_MIN);
  }

  /** Keys in it. */
  get size(): number {
    return this.#size;
  }

  has(key: number): boolean {
    return this.#slot.values[key] !== 0;
  }

  /** Uses a key: it is on top then, and `items` and `bytes` say how deep it lay. False where it was not there. */
  use(key: number, bytes: number): boolean {
    const slot = this.#slot.values[key]! - 1;
    const weight = this.#table.weightOf(key);
    const known = slot >= 0;
    if (known) {
      const own = this.#bytes.values[key]!;
      this.#measure(slot, own);
      // On top already, and as large: nothing changes.
      if (slot === this.#next - 1 && own === bytes) return true;
      this.#keys[slot] = -1;
      this.#add(slot, -weight, -weight * own);
    } else this.#size++;
    if (this.#next === this.#slots) this.#compact();
    this.#keys[this.#next] = key;
    this.#bytes.values[key] = bytes;
    this.#add(this.#next, weight, weight * bytes);
    this.#slot.values[key] = ++this.#next;
    return known;
  }

  remove(key: number): void {
    const slot = this.#slot.values[key]! - 1;
    if (slot < 0) return;
    const weight = this.#table.weightOf(key);
    this.#keys[slot] = -1;
    this.#add(slot, -weight, -weight * this.#bytes.values[key]!);
    this.#slot.values[key] = 0;
    this.#size--;
  }

  /** Keys have other numbers and weights; columns were exchanged before. */
  renumber(ids: Int32Array): void {
    for (let slot = 0; slot < this.#next; slot++) {
      const key = this.#keys[slot]!;
      if (key >= 0) this.#keys[slot] = ids[key]!;
    }
    this.#compact();
  }

  /** Adds up what has later slots than one. */
  #measure(slot: number, own: number): void {
    let items = 1;
    let bytes = own;
    let at = slot;
    let last = this.#next - 1;
    for (let i = 0; at < last; i++) {
      const level = this.#levels[i]!;
      const end = Math.min(at | FAN, last);
      for (let one = at + 1; one <= end; one++) {
        items += level[2 * one]!;
        bytes += level[2 * one + 1]!;
      }
      at >>= FAN_BITS;
      last >>= FAN_BITS;
    }
    this.items = items;
    this.bytes = bytes;
  }

  #add(slot: number, items: number, bytes: number): void {
    let at = slot;
    for (const level of this.#levels) {
      level[2 * at]! += items;
      level[2 * at + 1]! += bytes;
      at >>= FAN_BITS;
    }
  }

  #allocate(slots: number): void {
    this.#slots = slots;
    this.#keys = new Int32Array(slots).fill(-1);
    this.#levels = [];
    for (let length = slots; length > 1; length = Math.ceil(length / (FAN + 1))) {
      this.#levels.push(new Float64Array(2 * length));
    }
  }

  /** Puts keys into slots without gaps; there are so many that this costs little for each use. */
  #compact(): void {
    const before = this.#keys;
    const used = this.#next;
    let size = 0;
    for (let slot = 0; slot < used; slot++) if (before[slot]! >= 0) size++;
    let slots = SLOTS_MIN;
    while (slots < SLOTS_A_KEY * size) slots *= 2;
    this.#allocate(slots);
    let next = 0;
    for (let slot = 0; slot < used; slot++) {
      const key = before[slot]!;
      if (key < 0) continue;
      const weight = this.#table.weightOf(key);
      this.#keys[next] = key;
      this.#levels[0]![2 * next] = weight;
      this.#levels[0]![2 * next + 1] = weight * this.#bytes.values[key]!;
      this.#slot.values[key] = ++next;
    }
    for (let i = 1; i < this.#levels.length; i++) {
      const [below, level] = [this.#levels[i - 1]!, this.#levels[i]!];
      for (let at = 0; at < below.length; at += 2) {
        const to = 2 * (at >> (FAN_BITS + 1));
        level[to]! += below[at]!;
        level[to + 1]! += below[at + 1]!;
      }
    }
    this.#next = next;
    this.#size = size;
  }
}
