import { KeyRecords } from '../key-records.js';
import { chunkSizes, PAGE, type SlabOptions } from '../slabs.js';

/** Queues of a slab class. */
const [HOT, WARM, COLD] = [0, 1, 2] as const;
const QUEUES = 3;
/**
 * What is known of a key's item. Neighbours are keys + 1; the place is class × 3 + queue, + 1, or 0 where
 * it is not stored. It was fetched or not, as memcached's flag says; chunks are weighted.
 */
const ITEM = 8;
const [NEXT, PREVIOUS, PLACE, FETCHED, CHUNKS, WEIGHT, TIME, EXPIRY] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
/** Items examined at the tail of a queue at a time. */
const TRIES = 5;
/** Nanoseconds within which an item is not moved again, where there is one queue. */
const UPDATE_INTERVAL = 60e9;
/**
 * Rounds of the maintainer thread after each store. memcached's runs all the time and moves many items a
 * round.
 */
const TURNS = 4;

/** Options of memcached's command line, without the memory. */
export interface MemcachedOptions extends SlabOptions {
  /** -o hot_lru_pct, warm_lru_pct: percent of a class. */
  hotPercent: number;
  warmPercent: number;
  /** -o hot_max_factor, warm_max_factor: of the age of the tail of COLD. */
  hotFactor: number;
  warmFactor: number;
  /** -o no_lru_maintainer, modern LRU off: one queue. */
  segmented: boolean;
}

/** An item that is to be stored. */
export interface NewItem {
  key: number;
  slab: number;
  /** Chunks it takes, times the keys it stands for; and how many these are. */
  chunks: number;
  weight: number;
  /** Nanoseconds since the first event. */
  now: number;
  expiry: number;
}

/**
 * Which models have a key's item and its flag ACTIVE, fetched more than once, by bit; and a time before
 * which it does not expire in any of them. Most reads are of such items, and change nothing.
 */
export const SHARED = 2;
export const [ACTIVE, SOONEST] = [0, 1] as const;

/**
 * A simulated memcached. A key of a sample takes the chunks of all keys it stands for. Slab classes take
 * pages on demand and keep them. Each class is a segmented LRU as in items.c of memcached 1.6: items are
 * stored into HOT; an item at the tail of HOT moves to WARM if it was used again, else to COLD; one at the
 * tail of WARM moves back to its head, or to COLD; items used in COLD move to WARM; items are evicted from
 * the tail of COLD. Expiry is lazy.
 */
export class SegmentedModel {
  /**
   * Pages it may take, ascending: it stands for several memcacheds until one of them would have no page
   * left.
   */
  readonly sizes: number[];
  /**
   * Reads that are hits, without those that `Memcacheds` counts; and the second count of those of sampled
   * keys.
   */
  hits = 0;
  busyHits = 0;
  /** Pages taken. */
  #taken = 0;
  readonly #bit: number;
  readonly #options: MemcachedOptions;
  /** Chunks of a page, by class. */
  readonly #perPage: Float64Array;
  /** By class: pages, and chunks in use, weighted. */
  #pages: Float64Array;
  #used: Float64Array;
  /** By class and queue: first and last key + 1, and number of items, weighted. */
  #heads: Int32Array;
  #tails: Int32Array;
  #counts: Float64Array;
  #items = new KeyRecords(ITEM);
  readonly #shared: KeyRecords;
  /** Makes a model of its own for sizes that have no page left. */
  readonly #split: (sizes: number[]) => void;

  /**
   * @param bit its own in `shared`
   * @param split is told sizes that this model no longer stands for: they go on as a copy of it
   */
  constructor(
    sizes: readonly number[],
    options: MemcachedOptions,
    shared: { bit: number; records: KeyRecords },
    split: (from: SegmentedModel, sizes: number[]) => void,
  ) {
    this.sizes = [...sizes];
    this.#options = options;
    this.#bit = shared.bit;
    this.#shared = shared.records;
    this.#split = (denied) => split(this, denied);
    const chunks = chunkSizes(options);
    const classes = chunks.length;
    this.#perPage = Float64Array.from(chunks, (bytes) => Math.floor(PAGE / bytes));
    this.#pages = new Float64Array(classes);
    this.#used = new Float64Array(classes);
    this.#heads = new Int32Array(classes * QUEUES);
    this.#tails = new Int32Array(classes * QUEUES);
    this.#counts = new Float64Array(classes * QUEUES);
  }

  /** Takes over everything that another model has. */
  copy(from: SegmentedModel): void {
    this.hits = from.hits;
    this.busyHits = from.busyHits;
    this.#taken = from.#taken;
    this.#pages = from.#pages.slice();
    this.#used = from.#used.slice();
    this.#heads = from.#heads.slice();
    this.#tails = from.#tails.slice();
    this.#counts = from.#counts.slice();
    this.#items.values = from.#items.values.slice();
    const { values } = this.#shared;
    for (let at = ACTIVE; at < values.length; at += SHARED) {
      if (values[at]! & from.#bit) values[at]! |= this.#bit;
    }
  }

  /** Whether a read is a hit, which is counted as `weight`, and as `busy` in the second count. */
  read(key: number, now: number, weight: number, busy: number): boolean {
    if (!this.#find(key, now)) return false;
    this.hits += weight;
    this.busyHits += busy;
    this.#bump(key, now);
    return true;
  }

  write(item: NewItem): void {
    const { key, slab, chunks, now } = item;
    this.#items.reach(key);
    this.drop(key);
    if (!this.#allocate(slab, chunks, now)) return;
    const { values } = this.#items;
    const at = ITEM * key;
    values[at + CHUNKS] = chunks;
    values[at + WEIGHT] = item.weight;
    this.#used[slab]! += chunks;
    values[at + FETCHED] = 0;
    values[at + TIME] = now;
    values[at + EXPIRY] = item.expiry;
    this.#link(key, slab * QUEUES + (this.#options.segmented ? HOT : COLD));
    if (this.#options.segmented) this.#maintain(slab, now);
  }

  remove(key: number, now: number): void {
    if (this.#find(key, now)) this.drop(key);
  }

  touch(key: number, now: number, expiry: number): void {
    if (!this.#find(key, now)) return;
    this.#items.values[ITEM * key + EXPIRY] = expiry;
    this.#bump(key, now);
  }

  /** When the item of a key expires; never where there is none. */
  expiryOf(key: number): number {
    const { values } = this.#items;
    const at = ITEM * key;
    return at < values.length && values[at + PLACE] !== 0 ? values[at + EXPIRY]! : Number.POSITIVE_INFINITY;
  }

  /** Whether the item is stored and has not expired; an expired item is removed. */
  #find(key: number, now: number): boolean {
    const { values } = this.#items;
    const at = ITEM * key;
    if (at >= values.length || values[at + PLACE] === 0) return false;
    if (values[at + EXPIRY]! > now) return true;
    this.drop(key);
    return false;
  }

  /** Marks an item as used: do_item_bump(). */
  #bump(key: number, now: number): void {
    const { values } = this.#items;
    const at = ITEM * key;
    const queue = values[at + PLACE]! - 1;
    if (!this.#options.segmented) {
      // memcached does so to avoid locking.
      if (now - values[at + TIME]! < UPDATE_INTERVAL) return;
      values[at + TIME] = now;
      this.#unlink(key);
      this.#link(key, queue);
      return;
    }
    const shared = this.#shared.values;
    if (shared[SHARED * key + ACTIVE]! & this.#bit) return;
    if (values[at + FETCHED] === 0) {
      values[at + FETCHED] = 1;
      return;
    }
    values[at + TIME] = now;
    if (queue % QUEUES === COLD) {
      this.#unlink(key);
      this.#link(key, queue - COLD + WARM);
    } else shared[SHARED * key + ACTIVE]! |= this.#bit;
  }

  /** Makes room for chunks of a class, by evictions where necessary: do_item_alloc_pull(). */
  #allocate(slab: number, chunks: number, now: number): boolean {
    for (let tries = 0; tries < 10 * chunks; tries++) {
      if (this.#fits(slab, chunks)) return true;
      if (this.#takePage(slab)) {
        tries--;
        continue;
      }
      if (this.#pull(slab * QUEUES + COLD, now, 0, true)) continue;
      if (!this.#pull(slab * QUEUES + HOT, now, 0, false)) this.#pull(slab * QUEUES + WARM, now, 0, false);
    }
    return this.#fits(slab, chunks);
  }

  /** A class has its first page even where there is none left: do_slabs_newslab(). */
  #takePage(slab: number): boolean {
    const { sizes } = this;
    if (this.#pages[slab] !== 0) {
      const left = sizes.findIndex((size) => size > this.#taken);
      if (left < 0) return false;
      if (left > 0) this.#split(sizes.splice(0, left));
    }
    this.#pages[slab]!++;
    this.#taken++;
    return true;
  }

  /** Whether a class has room for `chunks` more; an empty class with a page has room for any item. */
  #fits(slab: number, chunks: number): boolean {
    const pages = this.#pages[slab]!;
    const used = this.#used[slab]!;
    return pages > 0 && (used <= 0 || used + chunks <= pages * this.#perPage[slab]!);
  }

  /** A round of the maintainer thread: lru_maintainer_juggle(). */
  #maintain(slab: number, now: number): void {
    const first = slab * QUEUES;
    const tail = this.#tails[first + COLD]!;
    const age = tail === 0 ? 0 : now - this.#items.values[ITEM * (tail - 1) + TIME]!;
    for (let i = 0; i < TURNS; i++) {
      const hot = this.#pull(first + HOT, now, age * this.#options.hotFactor, false);
      const warm = this.#pull(first + WARM, now, age * this.#options.warmFactor, false);
      if (!hot && !warm) return;
    }
  }

  /**
   * Moves or evicts an item at the tail of a queue: lru_pull_tail().
   *
   * @param age up to which HOT and WARM keep unused items; at least a second, the resolution of memcached's
   * clock
   * @param evict whether to evict from COLD
   */
  #pull(queue: number, now: number, age: number, evict: boolean): boolean {
    const { values } = this.#items;
    const shared = this.#shared.values;
    const kind = queue % QUEUES;
    const first = queue - kind;
    const total = this.#counts[first]! + this.#counts[first + 1]! + this.#counts[first + 2]!;
    const percent = kind === HOT ? this.#options.hotPercent : this.#options.warmPercent;
    const limit = evict ? 0 : (total * percent) / 100;
    for (let i = 0; i < TRIES; i++) {
      const key = this.#tails[queue]! - 1;
      if (key < 0) return false;
      const at = ITEM * key;
      if (values[at + EXPIRY]! <= now) {
        this.drop(key);
        return true;
      }
      const active = (shared[SHARED * key + ACTIVE]! & this.#bit) !== 0;
      if (kind === COLD && !active) {
        if (evict) this.drop(key);
        return evict;
      }
      if (!active && this.#counts[queue]! <= limit && now - values[at + TIME]! <= Math.max(age, 1e9)) {
        return false;
      }
      if (active) shared[SHARED * key + ACTIVE]! &= ~this.#bit;
      this.#unlink(key);
      this.#link(key, first + (active ? WARM : COLD));
      if (!active) return true;
    }
    return true;
  }

  #link(key: number, queue: number): void {
    const { values } = this.#items;
    const at = ITEM * key;
    const head = this.#heads[queue]!;
    values[at + PLACE] = queue + 1;
    values[at + NEXT] = head;
    values[at + PREVIOUS] = 0;
    if (head === 0) this.#tails[queue] = key + 1;
    else values[ITEM * (head - 1) + PREVIOUS] = key + 1;
    this.#heads[queue] = key + 1;
    this.#counts[queue]! += values[at + WEIGHT]!;
  }

  #unlink(key: number): void {
    const { values } = this.#items;
    const at = ITEM * key;
    const queue = values[at + PLACE]! - 1;
    const next = values[at + NEXT]!;
    const previous = values[at + PREVIOUS]!;
    if (previous === 0) this.#heads[queue] = next;
    else values[ITEM * (previous - 1) + NEXT] = next;
    if (next === 0) this.#tails[queue] = previous;
    else values[ITEM * (next - 1) + PREVIOUS] = previous;
    this.#counts[queue]! -= values[at + WEIGHT]!;
    values[at + PLACE] = 0;
  }

  /** Removes the item of a key, if it has one. */
  drop(key: number): void {
    const { values } = this.#items;
    const at = ITEM * key;
    if (at >= values.length || values[at + PLACE] === 0) return;
    this.#used[Math.floor((values[at + PLACE]! - 1) / QUEUES)]! -= values[at + CHUNKS]!;
    this.#unlink(key);
    this.#shared.values[SHARED * key + ACTIVE]! &= ~this.#bit;
  }

  /**
   * Renumbers the keys of a smaller sample: items of other keys are removed, and the weights have changed.
   * The records that models share are renumbered already.
   */
  renumber(ids: Int32Array, weightOf: (key: number) => number): void {
    const before = this.#items.values.slice();
    this.#items.renumber(ids);
    const { values } = this.#items;
    this.#used.fill(0);
    this.#counts.fill(0);
    this.#heads.fill(0);
    for (const queue of this.#tails.keys()) {
      let tail = this.#tails[queue]!;
      this.#tails[queue] = 0;
      for (; tail !== 0; tail = before[ITEM * (tail - 1) + PREVIOUS]!) {
        const key = ids[tail - 1]!;
        if (key < 0) continue;
        const at = ITEM * key;
        const weight = weightOf(key);
        values[at + CHUNKS] = (values[at + CHUNKS]! / values[at + WEIGHT]!) * weight;
        values[at + WEIGHT] = weight;
        this.#used[Math.floor(queue / QUEUES)]! += values[at + CHUNKS]!;
        this.#link(key, queue);
      }
    }
  }
}
