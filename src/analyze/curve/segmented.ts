import { grown } from '../grown.js';
import type { KeyTable } from '../key-table.js';
import { chunkSizes, classOf, PAGE, type SlabOptions } from '../slabs.js';
import type { Items } from './items.js';
import type { CacheModel } from './model.js';

/** Queues of a slab class. */
const [HOT, WARM, COLD] = [0, 1, 2] as const;
const QUEUES = 3;
/** Flags of an item, like memcached's: fetched once, and more than once. */
const FETCHED = 1;
const ACTIVE = 2;
/** Items examined at the tail of a queue at a time. */
const TRIES = 5;
/** Nanoseconds within which an item is not moved again, where there is one queue. */
const UPDATE_INTERVAL = 60e9;
/** Rounds of the maintainer thread after each store. memcached's runs all the time and moves many items a round. */
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

/**
 * A simulated memcached of one size. A key of a sample takes the chunks of all keys it stands for. Slab classes take
 * pages on demand and keep them. Each class is a segmented LRU as in items.c of memcached 1.6: items are stored into
 * HOT; an item at the tail of HOT moves to WARM if it was used again, else to COLD; one at the tail of WARM moves back
 * to its head, or to COLD; items used in COLD move to WARM; items are evicted from the tail of COLD. Expiry is lazy.
 */
export class SegmentedModel implements CacheModel {
  /** Megabytes, as -m takes them. */
  readonly megabytes: number;
  /** Reads that are hits. */
  hits = 0;
  readonly #items: Items;
  readonly #table: KeyTable;
  readonly #options: MemcachedOptions;
  readonly #chunks: readonly number[];
  /** By class: pages, and chunks in use, weighted. */
  readonly #pages: Float64Array;
  readonly #used: Float64Array;
  #pagesLeft: number;
  /** By class and queue: first and last key + 1, and number of items, weighted. */
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #counts: Float64Array;
  /** By key. Neighbours are keys + 1; the place is class × 3 + queue, + 1, or 0 for keys not stored. */
  #next = new Int32Array(1024);
  #previous = new Int32Array(1024);
  #place = new Uint16Array(1024);
  #flags = new Uint8Array(1024);
  #taken = new Uint16Array(1024);
  #time = new Float64Array(1024);
  #expiry = new Float64Array(1024);

  constructor(table: KeyTable, items: Items, megabytes: number, options: MemcachedOptions) {
    this.megabytes = megabytes;
    this.#items = items;
    this.#table = table;
    this.#options = options;
    this.#chunks = chunkSizes(options);
    const classes = this.#chunks.length;
    this.#pages = new Float64Array(classes);
    this.#used = new Float64Array(classes);
    this.#pagesLeft = Math.floor((megabytes * 2 ** 20) / PAGE);
    this.#heads = new Int32Array(classes * QUEUES);
    this.#tails = new Int32Array(classes * QUEUES);
    this.#counts = new Float64Array(classes * QUEUES);
  }

  read(key: number, now: number, hit: boolean, weight: number): void {
    if (this.#find(key, now)) {
      this.hits += weight;
      this.#bump(key, now);
    } else if (hit) this.write(key, now);
  }

  write(key: number, now: number): void {
    if (key >= this.#next.length) this.#grow(key);
    this.#drop(key);
    const bytes = this.#items.sizeOf(key) - (this.#options.cas ? 0 : 8);
    if (bytes > this.#options.itemMax) return;
    const slab = classOf(this.#chunks, bytes);
    const chunks = Math.ceil(bytes / this.#chunks[slab]!);
    const weighed = chunks * this.#table.weightOf(key);
    if (!this.#allocate(slab, weighed, now)) return;
    this.#taken[key] = chunks;
    this.#used[slab]! += weighed;
    this.#flags[key] = 0;
    this.#time[key] = now;
    this.#expiry[key] = this.#items.expiryOf(key, now);
    this.#link(key, slab * QUEUES + (this.#options.segmented ? HOT : COLD));
    if (this.#options.segmented) this.#maintain(slab, now);
  }

  remove(key: number, now: number): void {
    if (this.#find(key, now)) this.#drop(key);
  }

  touch(key: number, now: number): void {
    if (!this.#find(key, now)) return;
    this.#expiry[key] = this.#items.expiryOf(key, now);
    this.#bump(key, now);
  }

  /** Whether the item is stored and has not expired; an expired item is removed. */
  #find(key: number, now: number): boolean {
    if (key >= this.#next.length || this.#place[key] === 0) return false;
    if (this.#expiry[key]! > now) return true;
    this.#drop(key);
    return false;
  }

  /** Marks an item as used: do_item_bump(). */
  #bump(key: number, now: number): void {
    const at = this.#place[key]! - 1;
    if (!this.#options.segmented) {
      // memcached does so to avoid locking.
      if (now - this.#time[key]! < UPDATE_INTERVAL) return;
      this.#time[key] = now;
      this.#unlink(key);
      this.#link(key, at);
      return;
    }
    if (this.#flags[key]! & ACTIVE) return;
    if (!(this.#flags[key]! & FETCHED)) {
      this.#flags[key]! |= FETCHED;
      return;
    }
    this.#time[key] = now;
    if (at % QUEUES === COLD) {
      this.#unlink(key);
      this.#link(key, at - COLD + WARM);
    } else this.#flags[key]! |= ACTIVE;
  }

  /** Makes room for chunks of a class, by evictions where necessary: do_item_alloc_pull(). */
  #allocate(slab: number, chunks: number, now: number): boolean {
    for (let tries = 0; tries < 10 * chunks; tries++) {
      if (this.#fits(slab, chunks)) return true;
      if (this.#pagesLeft > 0 || this.#pages[slab] === 0) {
        this.#pages[slab]!++;
        this.#pagesLeft--;
        tries--;
        continue;
      }
      if (this.#pull(slab * QUEUES + COLD, now, 0, true)) continue;
      if (!this.#pull(slab * QUEUES + HOT, now, 0, false)) this.#pull(slab * QUEUES + WARM, now, 0, false);
    }
    return this.#fits(slab, chunks);
  }

  /** Whether a class has room for `chunks` more; an empty class with a page has room for any item. */
  #fits(slab: number, chunks: number): boolean {
    const pages = this.#pages[slab]!;
    const used = this.#used[slab]!;
    return pages > 0 && (used <= 0 || used + chunks <= pages * Math.floor(PAGE / this.#chunks[slab]!));
  }

  /** A round of the maintainer thread: lru_maintainer_juggle(). */
  #maintain(slab: number, now: number): void {
    const first = slab * QUEUES;
    const tail = this.#tails[first + COLD]!;
    const age = tail === 0 ? 0 : now - this.#time[tail - 1]!;
    for (let i = 0; i < TURNS; i++) {
      const hot = this.#pull(first + HOT, now, age * this.#options.hotFactor, false);
      const warm = this.#pull(first + WARM, now, age * this.#options.warmFactor, false);
      if (!hot && !warm) return;
    }
  }

  /**
   * Moves or evicts an item at the tail of a queue: lru_pull_tail().
   *
   * @param age up to which HOT and WARM keep unused items; at least a second, the resolution of memcached's clock
   * @param evict whether to evict from COLD
   */
  #pull(queue: number, now: number, age: number, evict: boolean): boolean {
    const kind = queue % QUEUES;
    const first = queue - kind;
    const total = this.#counts[first]! + this.#counts[first + 1]! + this.#counts[first + 2]!;
    const percent = kind === HOT ? this.#options.hotPercent : this.#options.warmPercent;
    const limit = evict ? 0 : (total * percent) / 100;
    for (let i = 0; i < TRIES; i++) {
      const key = this.#tails[queue]! - 1;
      if (key < 0) return false;
      if (this.#expiry[key]! <= now) {
        this.#drop(key);
        return true;
      }
      if (kind === COLD) {
        if (this.#flags[key]! & ACTIVE) {
          this.#flags[key]! &= ~ACTIVE;
          this.#unlink(key);
          this.#link(key, first + WARM);
          continue;
        }
        if (evict) this.#drop(key);
        return evict;
      }
      const active = (this.#flags[key]! & ACTIVE) !== 0;
      if (!active && this.#counts[queue]! <= limit && now - this.#time[key]! <= Math.max(age, 1e9))
        return false;
      this.#flags[key]! &= ~ACTIVE;
      this.#unlink(key);
      this.#link(key, first + (active ? WARM : COLD));
      if (!active) return true;
    }
    return true;
  }

  #link(key: number, queue: number): void {
    const head = this.#heads[queue]!;
    this.#place[key] = queue + 1;
    this.#next[key] = head;
    this.#previous[key] = 0;
    if (head === 0) this.#tails[queue] = key + 1;
    else this.#previous[head - 1] = key + 1;
    this.#heads[queue] = key + 1;
    this.#counts[queue]! += this.#table.weightOf(key);
  }

  #unlink(key: number): void {
    const queue = this.#place[key]! - 1;
    const next = this.#next[key]!;
    const previous = this.#previous[key]!;
    if (previous === 0) this.#heads[queue] = next;
    else this.#next[previous - 1] = next;
    if (next === 0) this.#tails[queue] = previous;
    else this.#previous[next - 1] = previous;
    this.#counts[queue]! -= this.#table.weightOf(key);
    this.#place[key] = 0;
  }

  /** Removes the item of a key, if it has one. */
  #drop(key: number): void {
    const place = this.#place[key]!;
    if (place === 0) return;
    this.#used[Math.floor((place - 1) / QUEUES)]! -= this.#taken[key]! * this.#table.weightOf(key);
    this.#unlink(key);
  }

  #grow(key: number): void {
    let length = this.#next.length;
    while (length <= key) length *= 2;
    this.#next = grown(this.#next, length);
    this.#previous = grown(this.#previous, length);
    this.#place = grown(this.#place, length);
    this.#flags = grown(this.#flags, length);
    this.#taken = grown(this.#taken, length);
    this.#time = grown(this.#time, length);
    this.#expiry = grown(this.#expiry, length);
  }

  /** Renumbers the keys of a smaller sample: items of other keys are removed, and the weights have changed. */
  renumber(ids: Int32Array): void {
    const queues = Array.from(this.#tails, (tail) => {
      const keys: number[] = [];
      for (let at = tail; at !== 0; at = this.#previous[at - 1]!) keys.push(at - 1);
      return keys;
    });
    const { place, flags, taken, time, expiry } = {
      place: this.#place.slice(),
      flags: this.#flags.slice(),
      taken: this.#taken.slice(),
      time: this.#time.slice(),
      expiry: this.#expiry.slice(),
    };
    this.#place.fill(0);
    this.#used.fill(0);
    for (const [queue, keys] of queues.entries()) {
      this.#heads[queue] = 0;
      this.#tails[queue] = 0;
      this.#counts[queue] = 0;
      for (const before of keys) {
        const key = ids[before]!;
        if (key < 0) continue;
        this.#flags[key] = flags[before]!;
        this.#taken[key] = taken[before]!;
        this.#time[key] = time[before]!;
        this.#expiry[key] = expiry[before]!;
        this.#used[Math.floor((place[before]! - 1) / QUEUES)]! += taken[before]! * this.#table.weightOf(key);
        this.#link(key, queue);
      }
    }
  }
}
