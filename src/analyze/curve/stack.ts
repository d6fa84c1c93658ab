import type { KeyColumn, KeyTable } from '../key-table.js';

/** Slots at the start; a power of two. */
const SLOTS_MIN = 1024;

/**
 * The stack of LRU: which keys were used after which, and how much lies above each. Every use takes the next slot;
 * two Fenwick trees (P. M. Fenwick, "A new data structure for cumulative frequency tables", 1994) say how many keys,
 * and how many bytes, have later slots. So a distance takes logarithmic time, and is exact where all keys are here. Of
 * a sample each key counts for as many as it stands for (SHARDS: Waldspurger et al., FAST 2015).
 */
export class LruStack {
  readonly #table: KeyTable;
  /** Slot + 1 of a key; 0: it is not in the stack. */
  readonly #slot: KeyColumn;
  /** Bytes it has in the trees. */
  readonly #bytes: KeyColumn;
  #slots = SLOTS_MIN;
  #next = 0;
  /** By slot: the key, -1 where there is none. */
  #keys = new Int32Array(SLOTS_MIN).fill(-1);
  /** From 1, as Fenwick trees are. */
  #itemTree = new Float64Array(SLOTS_MIN + 1);
  #byteTree = new Float64Array(SLOTS_MIN + 1);
  #size = 0;
  /** Keys and bytes of all, weighed. */
  #items = 0;
  #sum = 0;
  /** The last distance: keys and bytes used since, the key itself included. */
  items = 0;
  bytes = 0;

  constructor(table: KeyTable) {
    this.#table = table;
    this.#slot = table.column();
    this.#bytes = table.column();
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
    const known = slot >= 0;
    if (known) {
      const own = this.#bytes.values[key]!;
      let items = 0;
      let below = 0;
      for (let at = slot; at > 0; at &= at - 1) {
        items += this.#itemTree[at]!;
        below += this.#byteTree[at]!;
      }
      // Above it keys count for what they stand for; it counts once.
      const weight = this.#table.weightOf(key);
      this.items = this.#items - items - weight + 1;
      this.bytes = Math.max(own, this.#sum - below - weight * own + own);
      // On top already, and as large: nothing changes.
      if (slot === this.#next - 1 && own === bytes) return true;
      this.remove(key);
    }
    if (this.#next === this.#slots) this.#compact();
    this.#keys[this.#next] = key;
    this.#slot.values[key] = ++this.#next;
    this.#bytes.values[key] = bytes;
    const weight = this.#table.weightOf(key);
    this.#add(this.#next, weight, weight * bytes);
    this.#size++;
    return known;
  }

  remove(key: number): void {
    const slot = this.#slot.values[key]!;
    if (slot === 0) return;
    this.#keys[slot - 1] = -1;
    const weight = this.#table.weightOf(key);
    this.#add(slot, -weight, -weight * this.#bytes.values[key]!);
    this.#size--;
    this.#slot.values[key] = 0;
  }

  /** Keys have other numbers and weights; columns were exchanged before. */
  renumber(ids: Int32Array): void {
    for (let slot = 0; slot < this.#next; slot++) {
      const key = this.#keys[slot]!;
      if (key >= 0) this.#keys[slot] = ids[key]!;
    }
    this.#compact();
  }

  #add(slot: number, items: number, bytes: number): void {
    for (let at = slot; at <= this.#slots; at += at & -at) {
      this.#itemTree[at]! += items;
      this.#byteTree[at]! += bytes;
    }
    this.#items += items;
    this.#sum += bytes;
  }

  /** Slots without gaps; twice as many as keys at least, so that this costs little for each use. */
  #compact(): void {
    const keys = this.#keys.subarray(0, this.#next).filter((key) => key >= 0);
    this.#slots = SLOTS_MIN;
    while (this.#slots < 2 * keys.length) this.#slots *= 2;
    this.#keys = new Int32Array(this.#slots).fill(-1);
    this.#keys.set(keys);
    this.#next = keys.length;
    this.#size = keys.length;
    this.#items = 0;
    this.#sum = 0;
    this.#itemTree = new Float64Array(this.#slots + 1);
    this.#byteTree = new Float64Array(this.#slots + 1);
    for (let i = 0; i < keys.length; i++) {
      const weight = this.#table.weightOf(keys[i]!);
      const bytes = weight * this.#bytes.values[keys[i]!]!;
      this.#slot.values[keys[i]!] = i + 1;
      this.#itemTree[i + 1] = weight;
      this.#byteTree[i + 1] = bytes;
      this.#items += weight;
      this.#sum += bytes;
    }
    for (let at = 1; at <= this.#slots; at++) {
      const above = at + (at & -at);
      if (above > this.#slots) continue;
      this.#itemTree[above]! += this.#itemTree[at]!;
      this.#byteTree[above]! += this.#byteTree[at]!;
    }
  }
}
