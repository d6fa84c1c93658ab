import { grown } from '../grown.js';
import type { KeyTable } from '../key-table.js';
import { chunkSizes, classOf, PAGE, type SlabOptions } from '../slabs.js';
import type { Items } from './items.js';
import type { CacheModel } from './model.js';

/** Queues of a slab class. */
const [HOT, WARM, COLD] = [0, 1, 2] as const;
const QUEUES = 3;
/** Flags of an item, as memcached's: fetched once, and again. */
const FETCHED = 1;
const ACTIVE = 2;
/** Items looked at from the tail of a queue at a time. */
const TRIES = 5;
/** Nanoseconds for which a use is not noted again, where there is one queue. */
const UPDATE_INTERVAL = 60e9;
/** Turns of the maintainer thread after each store: it runs all the time, and moves many in a turn. */
const TURNS = 4;

/** What memcached's command line says, but for the memory. */
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
 * A memcached of one size. Of a sample each key takes the chunks of all those it stands for. Slab classes take pages on
 * demand and keep them; each is a segmented LRU as in items.c of memcached 1.6: stored into HOT, whose
 * tail goes to WARM where it was used again, else to COLD; so does WARM's tail, or back to its head; what is used in
 * COLD goes to WARM; memory is made at the tail of COLD. Expiry is lazy.
 */
export class SegmentedModel implements CacheModel {
  /** Megabytes, as -m takes them. */
  readonly megabytes: number;
  /** Reads, and those found. */
  hits = 0;
  readonly #items: Items;
  readonly #table: KeyTable;
  readonly #options: MemcachedOptions;
  readonly #chunks: readonly number[];
  /** By class: pages, and chunks in use, weighed. */
  readonly #pages: Float64Array;
  readonly #used: Float64Array;
  #pagesLeft: number;
  /** By class and queue: first and last key + 1, and items, weighed. */
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #counts: Float64Array;
  /** By key. Neighbours are keys + 1; where it is: class × 3 + queue, + 1, 0: not stored. */
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

  /** Whether it is there and alive; what is not alive goes. */
  #find(key: number, now: number): boolean {
    if (key >= this.#next.length || this.#place[key] === 0) return false;
    if (this.#expiry[key]! > now) return true;
    this.#drop(key);
    return false;
  }

  /** It is used: do_item_bump(). */
  #bump(key: number, now: number): void {
    const at = this.#place[key]! - 1;
    if (!this.#options.segmented) {
      // As memcached does it, to spare its locks.
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

  /** Makes room for chunks of a class: do_item_alloc_pull(). What stands for many pushes many out. */
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

  /** Whether a class has so many chunks left; one item always fits where there is a page. */
  #fits(slab: number, chunks: number): boolean {
    const pages = this.#pages[slab]!;
    const used = this.#used[slab]!;
    return pages > 0 && (used <= 0 || used + chunks <= pages * Math.floor(PAGE / this.#chunks[slab]!));
  }

  /** A turn of the maintainer thread: lru_maintainer_juggle(). */
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
   * Takes something off the tail of a queue: lru_pull_tail().
   *
   * @param age that HOT and WARM keep what was not used again; 0: a second, as memcached's clock goes in seconds
   * @param evict from COLD, what is there
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

  /** Forgets an item, where there is one. */
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

  /** The sample is smaller: items that are gone leave, and those that stay stand for more. */
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
