import type { Batch } from './batch.js';
import { grown } from './grown.js';
import type { KeyTable } from './key-table.js';
import type { Act, Outcome } from './shape-kind.js';

/** Rows in the order of their times, as ordered collectors get them. Only keys of the sample are among them. */
export interface Sequence {
  rows: number;
  /** Nanoseconds since the first event of all profiles, never falling. */
  time: Float64Array;
  /** Number of the key in the sample's own table. */
  id: Int32Array;
  /** See ACTS and OUTCOMES. */
  act: Uint8Array;
  outcome: Uint8Array;
  /** Bytes of the item with its overhead, -1 where unknown: of what was stored, or of what was fetched. */
  itemSize: Float64Array;
  /** Seconds as sent, NaN where none was. */
  ttl: Float64Array;
  /** For how many keys the row's stands: see KeyTable.weightOf. */
  weight: Float64Array;
}

/** Numbers of `Sequence.act`. A `grow` is a write that keeps the value there is. */
export const ACTS = ['read', 'write', 'grow', 'delete', 'count', 'touch', 'other'] as const;
export const [READ, WRITE, GROW, DELETE, COUNT, TOUCH] = [0, 1, 2, 3, 4, 5] as const;
const OUTCOMES = ['hit', 'miss', 'stored', 'error', 'unanswered', 'other'] as const satisfies Outcome[];
export const [HIT, MISS, STORED] = [0, 1, 2] as const;

/** Answers a question that depends on the order of events. */
export interface OrderedCollector {
  /** Takes rows later than all before. */
  add(sequence: Sequence): void;
  /**
   * The sample got smaller: numbers of keys are exchanged, -1: gone. Columns of the table were exchanged before.
   */
  renumber?(ids: Int32Array): void;
}

/** Bytes memcached keeps for an item beside key, value and flags: its header with a cas unique, and three ends. */
export const ITEM_OVERHEAD = 48 + 8 + 1 + 2;

/** Rows at the start; a power of two. */
const ROWS_MIN = 1 << 12;
/** Digits rows are sorted by: three of eleven bits. */
const DIGIT = 11;
const SORTED_SPAN = 2 ** (3 * DIGIT);

/**
 * Puts rows of keys of a sample in order, over all blocks and profiles: holds back what is later than the first
 * event of the next block.
 */
export class Sequencer {
  readonly #table: KeyTable;
  readonly #collectors: readonly OrderedCollector[];
  #capacity = 0;
  #rows = 0;
  #time = new Float64Array(0);
  #ordinal = new Float64Array(0);
  #id = new Int32Array(0);
  #act = new Uint8Array(0);
  #outcome = new Uint8Array(0);
  #itemSize = new Float64Array(0);
  #ttl = new Float64Array(0);

  /** @param table of the sample, its own: the keys' numbers mean the same to all `collectors` */
  constructor(table: KeyTable, collectors: readonly OrderedCollector[]) {
    this.#table = table;
    this.#collectors = collectors;
  }

  /**
   * Takes the rows of a block.
   *
   * @param words hashes of the block's dictionary, low words first
   * @param border what is earlier is complete: goes on to the collectors
   */
  add(batch: Batch, words: Uint32Array, border: number): void {
    this.#take(batch, words);
    this.#release(border);
    const renumbered = this.#table.limit();
    if (renumbered === null) return;
    for (const collector of this.#collectors) collector.renumber?.(renumbered);
    let kept = 0;
    for (let i = 0; i < this.#rows; i++) {
      const id = renumbered[this.#id[i]!]!;
      if (id < 0) continue;
      this.#id[i] = id;
      this.#move(i, kept++);
    }
    this.#rows = kept;
  }

  /** Hands on what is left: the last block may be damaged, so that nothing says which is. */
  finish(): void {
    this.#release(Number.POSITIVE_INFINITY);
  }

  #take(batch: Batch, words: Uint32Array): void {
    const { kinds, rows, kind, time, ordinal, entry, entryRows, valueSize, ttl, keySizes } = batch;
    const ids = new Int32Array(entryRows.length).fill(-1);
    for (let i = 0; i < ids.length; i++) {
      if (entryRows[i] === 0) continue;
      const id = this.#table.idOf(words[2 * i]!, words[2 * i + 1]!);
      ids[i] = id;
      if (id >= 0) this.#table.counts.values[id]! += entryRows[i]!;
    }
    const acts = Uint8Array.from(kinds, ({ act, replaces }) =>
      ACTS.indexOf(act === 'write' && !replaces ? 'grow' : (act as Act)),
    );
    const outcomes = Uint8Array.from(kinds, ({ outcome }) => OUTCOMES.indexOf(outcome));
    const hasKey = kinds.map((one) => one.hasKey);
    const hasTtl = kinds.map((one) => one.hasTtl);
    // A value's size says what the item takes where all of it was sent: not what was appended to it.
    const overhead = kinds.map(({ hasValue, flagBytes, act, replaces }) =>
      hasValue && (act === 'read' || replaces) ? ITEM_OVERHEAD + flagBytes : -1,
    );
    if (this.#rows + rows > this.#capacity) this.#grow(this.#rows + rows);
    let at = this.#rows;
    for (let i = 0; i < rows; i++) {
      const of = kind[i]!;
      const id = hasKey[of] ? ids[entry[i]!]! : -1;
      if (id < 0) continue;
      this.#time[at] = time[i]!;
      this.#ordinal[at] = ordinal[i]!;
      this.#id[at] = id;
      this.#act[at] = acts[of]!;
      this.#outcome[at] = outcomes[of]!;
      this.#itemSize[at] = overhead[of]! < 0 ? -1 : overhead[of]! + keySizes[entry[i]!]! + valueSize[i]!;
      this.#ttl[at] = hasTtl[of] ? ttl[i]! : Number.NaN;
      at++;
    }
    this.#rows = at;
  }

  #grow(rows: number): void {
    while (this.#capacity < rows) this.#capacity = Math.max(ROWS_MIN, 2 * this.#capacity);
    const copy = <T extends Float64Array | Int32Array | Uint8Array>(from: T) =>
      grown(from, this.#capacity, this.#rows);
    this.#time = copy(this.#time);
    this.#ordinal = copy(this.#ordinal);
    this.#id = copy(this.#id);
    this.#act = copy(this.#act);
    this.#outcome = copy(this.#outcome);
    this.#itemSize = copy(this.#itemSize);
    this.#ttl = copy(this.#ttl);
  }

  #move(from: number, to: number): void {
    this.#time[to] = this.#time[from]!;
    this.#ordinal[to] = this.#ordinal[from]!;
    this.#id[to] = this.#id[from]!;
    this.#act[to] = this.#act[from]!;
    this.#outcome[to] = this.#outcome[from]!;
    this.#itemSize[to] = this.#itemSize[from]!;
    this.#ttl[to] = this.#ttl[from]!;
  }

  /** Hands on the rows before `border` in order, and keeps the others. */
  #release(border: number): void {
    let rows = 0;
    for (let i = 0; i < this.#rows; i++) if (this.#time[i]! < border) rows++;
    if (rows === 0) return;
    const chosen = new Uint32Array(rows);
    rows = 0;
    for (let i = 0; i < this.#rows; i++) if (this.#time[i]! < border) chosen[rows++] = i;
    const order = inOrder(chosen, this.#time, this.#ordinal);
    const sequence: Sequence = {
      rows,
      time: new Float64Array(rows),
      id: new Int32Array(rows),
      act: new Uint8Array(rows),
      outcome: new Uint8Array(rows),
      itemSize: new Float64Array(rows),
      ttl: new Float64Array(rows),
      weight: new Float64Array(rows),
    };
    for (let i = 0; i < rows; i++) {
      const from = order[i]!;
      sequence.time[i] = this.#time[from]!;
      sequence.id[i] = this.#id[from]!;
      sequence.act[i] = this.#act[from]!;
      sequence.outcome[i] = this.#outcome[from]!;
      sequence.itemSize[i] = this.#itemSize[from]!;
      sequence.ttl[i] = this.#ttl[from]!;
      sequence.weight[i] = this.#table.weightOf(sequence.id[i]!);
    }
    let kept = 0;
    for (let i = 0; i < this.#rows; i++) if (this.#time[i]! >= border) this.#move(i, kept++);
    this.#rows = kept;
    for (const collector of this.#collectors) collector.add(sequence);
  }
}

/** Rows by time, then by packet; what is of one packet stays as it stands. */
function inOrder(rows: Uint32Array, time: Float64Array, ordinal: Float64Array): Uint32Array {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    first = Math.min(first, time[row]!);
    last = Math.max(last, time[row]!);
  }
  // The coarsest steps that still fit: rows of one step are put in order one by one below.
  const step = Math.max(1, (last - first + 1) / SORTED_SPAN);
  let from: Uint32Array = rows;
  let to: Uint32Array = new Uint32Array(rows.length);
  const keys = new Float64Array(time.length);
  for (const row of rows) keys[row] = Math.floor((time[row]! - first) / step);
  for (let digit = 0; digit < 3; digit++) {
    const divisor = 2 ** (digit * DIGIT);
    if (digit > 0 && (last - first) / step < divisor) break;
    const starts = new Uint32Array((1 << DIGIT) + 1);
    for (const row of from) starts[(Math.floor(keys[row]! / divisor) & ((1 << DIGIT) - 1)) + 1]!++;
    for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
    for (const row of from) to[starts[Math.floor(keys[row]! / divisor) & ((1 << DIGIT) - 1)]!++] = row;
    [from, to] = [to, from];
  }
  // Runs of one step, in order of time, packet, and where they stood.
  for (let start = 0; start < from.length; ) {
    let end = start + 1;
    while (end < from.length && keys[from[end]!] === keys[from[start]!]) end++;
    if (end - start > 1) {
      from.subarray(start, end).sort((a, b) => time[a]! - time[b]! || ordinal[a]! - ordinal[b]! || a - b);
    }
    start = end;
  }
  return from;
}
