import { type Waiting, waitingBlocks } from '../profile/event-order.js';
import type { ProfileReader } from '../profile/reader.js';
import { type DataColumn, decodeRows, type SortedBlock } from '../profile/sorted-block.js';
import { type EventKind, EventKinds } from './event-kinds.js';
import type { KeyTable } from './key-table.js';
import { RowWindow } from './row-window.js';
import { isSelected, type Selection } from './selection.js';
import { createSequence, HIT, MISS, type OrderedCollector, READ, type Sequence } from './sequence.js';

/** Rows that collectors get at a time. */
const ROWS = 8192;
const WANTED: ReadonlySet<DataColumn> = new Set(['key', 'value_size', 'ttl']);

/**
 * What is known of an entry of a block's dictionary: the number of its key, -1 where that is not of the
 * sample; for how many keys it stands; and its bytes.
 */
const ENTRY = 4;
const [ID, WEIGHT, KEY_SIZE] = [0, 1, 2] as const;

/**
 * Hands the events of all good blocks to collectors in the total order of FORMAT.md: those with a key of
 * the sample.
 */
export class OrderedRows {
  /** Events that were taken or passed over. */
  done = 0;
  /** Hits and misses of commands that ask for a value, whether their keys are of the sample or not. */
  hits = 0;
  misses = 0;
  /** Time of the last selected event, nanoseconds since the first of all. */
  end = 0;
  readonly #table: KeyTable;
  readonly #collectors: readonly OrderedCollector[];
  readonly #selection: Selection | null;
  readonly #waiting: readonly Waiting[];
  #next = 0;
  /** The time that others are told from, as two words of 32 bits. */
  readonly #originHigh: number;
  readonly #originLow: number;
  /** Nanoseconds that the times of all blocks are multiples of. */
  #unit = 0;
  readonly #window = new RowWindow();
  readonly #sequence: Sequence = createSequence(ROWS);
  readonly #kinds = new EventKinds();
  /** What rows ask of their kind, by its number. */
  #facts = factsOf([], null);
  readonly #scratch = new Scratch();

  /** @param table of the sample, its own: the keys' numbers mean the same to all `collectors` */
  constructor(
    readers: readonly ProfileReader[],
    table: KeyTable,
    collectors: readonly OrderedCollector[],
    selection: Selection | null,
  ) {
    this.#waiting = waitingBlocks(readers);
    this.#originHigh = this.#waiting[0]?.start.high ?? 0;
    this.#originLow = this.#waiting[0]?.start.low ?? 0;
    this.#table = table;
    this.#collectors = collectors;
    this.#selection = selection;
  }

  /**
   * Reads a block, and hands on the rows that no later block can have earlier ones than. False where there
   * are no more.
   */
  next(): boolean {
    const waiting = this.#waiting[this.#next++];
    if (waiting === undefined) return false;
    this.#read(waiting);
    this.#limit();
    const next = this.#waiting[this.#next];
    const before =
      next === undefined ? Number.POSITIVE_INFINITY : this.#relative(next.start.high, next.start.low);
    do {
      this.#window.findOrder(before, this.#unit);
      for (let at = 0; at < this.#window.ordered; at += ROWS) {
        this.#take(at);
        for (const collector of this.#collectors) collector.add(this.#sequence);
      }
    } while (this.#removeOrdered());
    return true;
  }

  /** Whether there were any. */
  #removeOrdered(): boolean {
    const { ordered } = this.#window;
    if (ordered > 0) this.#window.remove();
    return ordered > 0;
  }

  #read({ reader, entry, end, ...owner }: Waiting): void {
    this.done += entry.events;
    this.#scratch.reset();
    const { allocate } = this.#scratch;
    let unit = 1;
    const block = reader.read(entry, (encoded) => {
      unit = encoded.unit;
      const numbers = this.#kinds.numbersOf(encoded);
      return decodeRows({ block: encoded, owner, wanted: WANTED, numbers }, allocate);
    });
    if (block === null) return;
    this.#unit = this.#unit === 0 || this.#unit === unit ? unit : 1;
    this.#facts = factsOf(this.#kinds.kinds, this.#selection?.ops ?? null);
    const last = this.#selection === null ? this.#relative(end.high, end.low) : this.#lastOf(block);
    this.end = Math.max(this.end, last);
    this.#choose(block);
  }

  /**
   * Takes the rows whose key is of the sample into the window. The others only count, which needs no order.
   */
  #choose(block: SortedBlock): void {
    const { rows, shape, key, keySize, time } = block;
    const { takes, hasKey } = this.#facts;
    const selection = this.#selection;
    const chosen = this.#scratch.words(rows);
    const events = this.#scratch.words(keySize.length).fill(0);
    const kinds = new Uint32Array(takes.length);
    let keyed = 0;
    for (let i = 0; i < rows; i++) {
      const kind = shape[i]!;
      if (takes[kind] === 0) continue;
      if (selection !== null && !isSelected(selection, this.#timeOf(time, i))) continue;
      kinds[kind]!++;
      if (hasKey[kind] === 0) continue;
      events[key[i]!]!++;
      chosen[keyed++] = i;
    }
    this.#count(kinds);
    this.#add(block, chosen.subarray(0, keyed), this.#number(block, events));
  }

  /** Counts hits and misses of commands that ask for a value, by their kinds. */
  #count(kinds: Uint32Array): void {
    for (const [i, { act, outcome }] of this.#kinds.kinds.entries()) {
      if (act !== READ) continue;
      if (outcome === HIT) this.hits += kinds[i]!;
      else if (outcome === MISS) this.misses += kinds[i]!;
    }
  }

  /** Time of the last selected event of a block; 0 where there is none. */
  #lastOf({ rows, shape, time }: SortedBlock): number {
    const { takes } = this.#facts;
    const selection = this.#selection!;
    let last = 0;
    for (let i = 0; i < rows; i++) {
      const now = this.#timeOf(time, i);
      if (now > last && takes[shape[i]!] === 1 && isSelected(selection, now)) last = now;
    }
    return last;
  }

  /** Numbers the keys of a block, and counts them: once for each key, not for each event. */
  #number({ keyHash, keySize }: SortedBlock, events: Uint32Array): Float64Array {
    const table = this.#table;
    const keys = this.#scratch.doubles(ENTRY * events.length);
    for (let i = 0; i < events.length; i++) {
      const id = events[i] === 0 ? -1 : table.idOf(keyHash[2 * i]!, keyHash[2 * i + 1]!);
      keys[ENTRY * i + ID] = id;
      if (id < 0) continue;
      keys[ENTRY * i + WEIGHT] = table.weightOf(id);
      keys[ENTRY * i + KEY_SIZE] = keySize[i]!;
      table.counts.values[id]! += events[i]!;
    }
    return keys;
  }

  /** @param chosen rows that have a key; `keys`: see ENTRY */
  #add(block: SortedBlock, chosen: Uint32Array, keys: Float64Array): void {
    const { overhead, hasTtl } = this.#facts;
    const { shape, key, time, valueSize, wide, ordinal, conn, sub, keyIndex, run, worker } = block;
    const to = this.#window;
    to.reserve(chosen.length);
    let at = to.rows;
    for (let i = 0; i < chosen.length; i++) {
      const row = chosen[i]!;
      const entry = ENTRY * key[row]!;
      const id = keys[entry + ID]!;
      if (id < 0) continue;
      const kind = shape[row]!;
      const own = overhead[kind]!;
      to.time[at] = this.#timeOf(time, row);
      to.id[at] = id;
      to.kind[at] = kind;
      to.itemSize[at] = own < 0 ? -1 : own + keys[entry + KEY_SIZE]! + valueSize[row]!;
      to.ttl[at] = hasTtl[kind] === 1 ? signed(wide.ttl!, row) : Number.NaN;
      to.weight[at] = keys[entry + WEIGHT]!;
      to.run[at] = run;
      to.ordinal[at] = ordinal[2 * row + 1]! * 2 ** 32 + ordinal[2 * row]!;
      to.worker[at] = worker;
      to.conn[at] = conn[row]!;
      to.sub[at] = sub === null ? 0 : sub[row]!;
      to.keyIndex[at] = keyIndex === null ? 0 : keyIndex[row]!;
      at++;
    }
    to.rows = at;
  }

  /** Nanoseconds since the first event of all. */
  #timeOf(time: Uint32Array, row: number): number {
    return this.#relative(time[2 * row + 1]!, time[2 * row]!);
  }

  #relative(high: number, low: number): number {
    return (high - this.#originHigh) * 2 ** 32 + (low - this.#originLow);
  }

  /** Makes ordered rows a sequence, from one of them on. */
  #take(from: number): void {
    const sequence = this.#sequence;
    const { time, id, act, outcome, itemSize, ttl, weight } = sequence;
    const facts = this.#facts;
    const window = this.#window;
    const { order } = window;
    const rows = Math.min(ROWS, window.ordered - from);
    sequence.rows = rows;
    for (let i = 0; i < rows; i++) {
      const row = order[from + i]!;
      const kind = window.kind[row]!;
      time[i] = window.time[row]!;
      id[i] = window.id[row]!;
      act[i] = facts.act[kind]!;
      outcome[i] = facts.outcome[kind]!;
      itemSize[i] = window.itemSize[row]!;
      ttl[i] = window.ttl[row]!;
      weight[i] = window.weight[row]!;
    }
  }

  #limit(): void {
    const renumbered = this.#table.limit();
    if (renumbered === null) return;
    for (const collector of this.#collectors) collector.renumber?.(renumbered);
    const window = this.#window;
    window.keep((row) => {
      const id = renumbered[window.id[row]!]!;
      if (id < 0) return false;
      window.id[row] = id;
      window.weight[row] = this.#table.weightOf(id);
      return true;
    });
  }
}

/** Memory for one block after another. */
class Scratch {
  #buffer = new ArrayBuffer(2 ** 22);
  #used = 0;

  reset(): void {
    this.#used = 0;
  }

  readonly allocate = (bytes: number): { buffer: ArrayBuffer; offset: number } => {
    const offset = this.#used;
    this.#used += Math.ceil(bytes / 8) * 8;
    if (this.#used <= this.#buffer.byteLength) return { buffer: this.#buffer, offset };
    // What was allocated before stays in the smaller one.
    this.#buffer = new ArrayBuffer(2 * this.#used);
    return { buffer: this.#buffer, offset };
  };

  words(length: number): Uint32Array {
    const { buffer, offset } = this.allocate(4 * length);
    return new Uint32Array(buffer, offset, length);
  }

  doubles(length: number): Float64Array {
    const { buffer, offset } = this.allocate(8 * length);
    return new Float64Array(buffer, offset, length);
  }
}

/** @param ops selected commands; null: all */
function factsOf(kinds: readonly EventKind[], ops: ReadonlySet<string> | null) {
  return {
    takes: Uint8Array.from(kinds, ({ op }) => Number(ops === null || ops.has(op))),
    hasKey: Uint8Array.from(kinds, ({ hasKey }) => Number(hasKey)),
    hasTtl: Uint8Array.from(kinds, ({ hasTtl }) => Number(hasTtl)),
    act: Uint8Array.from(kinds, ({ act }) => act),
    outcome: Uint8Array.from(kinds, ({ outcome }) => outcome),
    overhead: Int32Array.from(kinds, ({ overhead }) => overhead),
  };
}

/** A signed number of two words, as a double. */
function signed(words: Uint32Array, row: number): number {
  return (words[2 * row + 1]! | 0) * 2 ** 32 + words[2 * row]!;
}
