import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';
import { ITEM_OVERHEAD } from '../event-kinds.js';
import { Histogram } from '../histogram.js';
import { KEYS_MAX, KeyTable, PINNED_MAX } from '../key-table.js';
import type { ShapeKind } from '../shape-kind.js';

/**
 * Numbers of a key in the table's column `counts`: events, bytes moved, and so on; bytes of its item, as far as known;
 * events of the first half of the time. The rarest come last: they may lie in another line of the processor's cache. The
 * events of the second half are worked out at the end.
 */
export const [EVENTS, BYTES, READS, MISSES, ITEM, EARLY, WRITES, LATE] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
/** A power of two, which lies in as few lines as can be. */
const WIDTH = 8;

/** Counters of a dictionary entry. Every event counts in one of them; a read that missed is no `READ`. */
const [OTHER, READ, MISS, WRITE] = [0, 1, 2, 3] as const;
const COUNTERS = 4;
/** Stands for a counter where an event has no key. */
const KEYLESS = 255;

/**
 * What is known of each key. First counted by entry of a block's dictionary, so that each key of a block is looked
 * up once.
 */
export class KeyTally implements Collector {
  /** Its column `counts` has the fields of a key. */
  readonly table: KeyTable;
  /** Events that have a key. */
  events = 0;
  /** Sizes of keys, once for every event. */
  readonly sizes = new Histogram();
  readonly #middle: number;
  /** By entry of the block at hand: counters; bytes of values; bytes of the item without its key, 0: unknown. */
  #counters = new Uint32Array(0);
  #values = new Float64Array(0);
  #items = new Float64Array(0);
  #early = new Uint32Array(0);
  /** By entry: number of the key, -1: not of the sample. */
  #ids = new Int32Array(0);

  /**
   * @param middle of the time, nanoseconds since the first event
   * @param expected about so many keys
   */
  constructor(middle: number, expected: number) {
    this.table = new KeyTable(KEYS_MAX, PINNED_MAX, { expected, width: WIDTH });
    this.#middle = middle;
  }

  add(batch: Batch): void {
    this.#reach(batch.keySizes.length);
    this.#countRows(batch);
    this.#number(batch);
    this.#addEntries(batch);
    this.table.limit();
  }

  #reach(entries: number): void {
    if (entries > this.#ids.length) {
      this.#counters = new Uint32Array(COUNTERS * entries);
      this.#values = new Float64Array(entries);
      this.#items = new Float64Array(entries);
      this.#early = new Uint32Array(entries);
      this.#ids = new Int32Array(entries);
      return;
    }
    this.#counters.fill(0, 0, COUNTERS * entries);
    this.#values.fill(0, 0, entries);
    this.#items.fill(0, 0, entries);
    this.#early.fill(0, 0, entries);
  }

  #countRows({ kinds, rows, kind, entry, valueSize }: Batch): void {
    const counters = this.#counters;
    const values = this.#values;
    const items = this.#items;
    const counterOf = Uint8Array.from(kinds, counterOfKind);
    const overheadOf = Uint32Array.from(kinds, overheadOfKind);
    for (let i = 0; i < rows; i++) {
      const of = kind[i]!;
      const counter = counterOf[of]!;
      if (counter === KEYLESS) continue;
      const own = entry[i]!;
      const size = valueSize[i]!;
      counters[COUNTERS * own + counter]!++;
      values[own]! += size;
      const overhead = overheadOf[of]!;
      if (overhead !== 0) items[own] = overhead + size;
    }
  }

  #number({ keySizes, keyHash }: Batch): void {
    const ids = this.#ids;
    const counters = this.#counters;
    for (let i = 0; i < keySizes.length; i++) {
      const events = eventsOf(counters, i);
      if (events === 0) {
        ids[i] = -1;
        continue;
      }
      this.events += events;
      this.sizes.record(keySizes[i]!, events);
      ids[i] = this.table.idOf(keyHash[2 * i]!, keyHash[2 * i + 1]!);
    }
  }

  #addEntries(batch: Batch): void {
    const { keySizes } = batch;
    const { values: records } = this.table.counts;
    const ids = this.#ids;
    const counters = this.#counters;
    const values = this.#values;
    const items = this.#items;
    const early = this.#early;
    const half = this.#halfOf(batch);
    if (half === 'both') this.#countEarly(batch);
    const isEarly = half === 'first';
    for (let i = 0; i < keySizes.length; i++) {
      const id = ids[i]!;
      if (id < 0) continue;
      const at = WIDTH * id;
      const events = eventsOf(counters, i);
      const misses = counters[COUNTERS * i + MISS]!;
      const writes = counters[COUNTERS * i + WRITE]!;
      const item = items[i]!;
      records[at + EVENTS]! += events;
      records[at + BYTES]! += values[i]! + keySizes[i]! * events;
      records[at + READS]! += counters[COUNTERS * i + READ]! + misses;
      records[at + MISSES]! += misses;
      if (item > 0) records[at + ITEM] = item + keySizes[i]!;
      records[at + EARLY]! += isEarly ? events : early[i]!;
      if (writes > 0) records[at + WRITES]! += writes;
    }
  }

  /** The half of the time that a batch lies in, as nearly all do. */
  #halfOf({ time, minNs, maxNs }: Batch): 'first' | 'second' | 'both' {
    const first = time[0] ?? 0;
    if (Math.abs(first - this.#middle) <= Number(maxNs - minNs)) return 'both';
    return first < this.#middle ? 'first' : 'second';
  }

  #countEarly({ kinds, rows, kind, entry, time }: Batch): void {
    const has = Uint8Array.from(kinds, ({ hasKey }) => (hasKey ? 1 : 0));
    for (let i = 0; i < rows; i++) {
      this.#early[entry[i]!]! += has[kind[i]!]! & Number(time[i]! < this.#middle);
    }
  }
}

function eventsOf(counters: Uint32Array, entry: number): number {
  const at = COUNTERS * entry;
  return counters[at + OTHER]! + counters[at + READ]! + counters[at + MISS]! + counters[at + WRITE]!;
}

function counterOfKind({ act, outcome, hasKey }: ShapeKind): number {
  if (!hasKey) return KEYLESS;
  if (act === 'write') return WRITE;
  if (act !== 'read') return OTHER;
  return outcome === 'miss' ? MISS : READ;
}

/** Bytes an item takes beside its key and value; 0: the event's value is not the whole item, or unknown. */
function overheadOfKind({ act, replaces, hasValue, flagBytes }: ShapeKind): number {
  return hasValue && (act === 'read' || replaces) ? ITEM_OVERHEAD + flagBytes : 0;
}
