import type { KeyColumn, KeyTable } from '../key-table.js';

/** Initial number of slots, a power of two. */
const SLOTS_MIN = 1024;
/** Least number of slots per key after a compaction: more make compactions rarer, and the sums larger. */
const SLOTS_A_KEY = 4;
/** Entries of a level per entry of the next higher level, as a power of two. */
const FAN_BITS = 4;
const FAN = (1 << FAN_BITS) - 1;

/**
 * The LRU stack: the order in which keys were last used, and how many keys and bytes are above each. Every use takes
 * the next slot. Sums over 16 slots, over 16 of those, and so on, give the keys and bytes in later slots, so that a
 * distance takes logarithmic time. It is exact where all keys are followed; a key of a sample counts as many times as
 * the number of keys it stands for (SHARDS: Waldspurger et al., FAST 2015).
 *
 * This is no Fenwick tree: a use changes few sums here, close to those that it reads, but sums all over the memory
 * there. It takes a sixth less time.
 */
export class LruStack {
  readonly #table: KeyTable;
  /** By key: slot + 1; 0: not in the stack. */
  readonly #slot: KeyColumn;
  /** By key: bytes of its item. */
  readonly #bytes: KeyColumn;
  #slots = 0;
  #next = 0;
  /** By slot: the key, -1 where there is none. */
  #keys = new Int32Array(0);
  /** Levels of sums, from single slots upwards: keys and bytes alternate, weighted. */
  #levels: Float64Array[] = [];
  #size = 0;
  /** The last distance: keys and bytes used since, including the key itself. */
  items = 0;
  bytes = 0;

  constructor(table: KeyTable) {
    this.#table = table;
    this.#slot = table.column();
    this.#bytes = table.column();
    this.#allocate(SLOTS_MIN);
  }

  /** Number of keys in the stack. */
  get size(): number {
    return this.#size;
  }

  has(key: number): boolean {
    return this.#slot.values[key] !== 0;
  }

  /**
   * Moves a key to the top of the stack, and sets `items` and `bytes` to its previous depth. Returns false where it was
   * not in the stack.
   */
  use(key: number, bytes: number): boolean {
    const slot = this.#slot.values[key]! - 1;
    const weight = this.#table.weightOf(key);
    const known = slot >= 0;
    if (known) {
      const own = this.#bytes.values[key]!;
      this.#measure(slot, own);
      // The key is on top already, and its size has not changed.
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

  /** Renumbers the keys, whose weights have changed; the columns of the table are renumbered already. */
  renumber(ids: Int32Array): void {
    for (let slot = 0; slot < this.#next; slot++) {
      const key = this.#keys[slot]!;
      if (key >= 0) this.#keys[slot] = ids[key]!;
    }
    this.#compact();
  }

  /** Adds up the keys and bytes in later slots. */
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

  /** Moves the keys to slots without gaps. There are so many slots that this costs little per use. */
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
