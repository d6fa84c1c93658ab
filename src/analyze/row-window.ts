import { radixSort } from '../profile/order.js';
import { grown } from './grown.js';

/** Rows there is room for at first: those of two blocks. */
const ROWS_MIN = 2 ** 17;
/** Largest distance of two times, in units, that rows are sorted by at once. */
const SPAN_MAX = 2 ** 32 - 1;
/** Rows of one time up to which they are put in order one by one. */
const FEW = 16;

/**
 * Rows of several blocks that wait until all earlier ones are there, as columns. Only a few blocks overlap
 * in time, so sorting what has come together is cheaper than sorting each block and merging them.
 */
export class RowWindow {
  /** Rows that wait. */
  rows = 0;
  /** Nanoseconds since the first event of all. */
  time = new Float64Array(ROWS_MIN);
  /** See Sequence; and the number of the kind. */
  id = new Int32Array(ROWS_MIN);
  kind = new Uint32Array(ROWS_MIN);
  itemSize = new Float64Array(ROWS_MIN);
  ttl = new Float64Array(ROWS_MIN);
  weight = new Float64Array(ROWS_MIN);
  /** What rows of one time are ordered by: the recording, see compareRows, and what is of an event in it. */
  run = new Uint32Array(ROWS_MIN);
  ordinal = new Float64Array(ROWS_MIN);
  worker = new Uint32Array(ROWS_MIN);
  conn = new Uint32Array(ROWS_MIN);
  sub = new Uint32Array(ROWS_MIN);
  keyIndex = new Uint32Array(ROWS_MIN);
  /** The rows that `order` found, in order; the first `ordered` of them. */
  order = new Uint32Array(ROWS_MIN);
  ordered = 0;
  /** By row: its time in units, counted from the earliest. */
  #spans = new Uint32Array(ROWS_MIN);

  /** Makes room for more rows. */
  reserve(more: number): void {
    let { length } = this.time;
    if (this.rows + more <= length) return;
    while (this.rows + more > length) length *= 2;
    this.time = grown(this.time, length, this.rows);
    this.id = grown(this.id, length, this.rows);
    this.kind = grown(this.kind, length, this.rows);
    this.itemSize = grown(this.itemSize, length, this.rows);
    this.ttl = grown(this.ttl, length, this.rows);
    this.weight = grown(this.weight, length, this.rows);
    this.run = grown(this.run, length, this.rows);
    this.ordinal = grown(this.ordinal, length, this.rows);
    this.worker = grown(this.worker, length, this.rows);
    this.conn = grown(this.conn, length, this.rows);
    this.sub = grown(this.sub, length, this.rows);
    this.keyIndex = grown(this.keyIndex, length, this.rows);
    this.order = new Uint32Array(length);
    this.#spans = new Uint32Array(length);
  }

  /**
   * Puts rows earlier than a time in order. There may be more of them, where their times are far apart:
   * they are found when these were removed.
   *
   * @param unit of all times, nanoseconds
   */
  findOrder(before: number, unit: number): void {
    const { rows, time, order } = this;
    let first = before;
    for (let i = 0; i < rows; i++) if (time[i]! < first) first = time[i]!;
    const end = Math.min(before, first + SPAN_MAX * unit);
    const spans = this.#spans;
    let ordered = 0;
    for (let i = 0; i < rows; i++) {
      if (time[i]! >= end) continue;
      spans[i] = (time[i]! - first) / unit;
      order[ordered++] = i;
    }
    this.ordered = ordered;
    radixSort(order.subarray(0, ordered), spans);
    this.#orderTies();
  }

  /** Puts rows of one time in order. */
  #orderTies(): void {
    const { order, ordered, time } = this;
    for (let start = 0; start < ordered; ) {
      const own = time[order[start]!]!;
      let end = start + 1;
      while (end < ordered && time[order[end]!] === own) end++;
      if (end - start > FEW) order.subarray(start, end).sort((a, b) => this.#compare(a, b));
      else if (end - start > 1) this.#orderFew(start, end);
      start = end;
    }
  }

  #orderFew(start: number, end: number): void {
    const { order } = this;
    for (let i = start + 1; i < end; i++) {
      const row = order[i]!;
      let at = i;
      for (; at > start && this.#compare(row, order[at - 1]!) < 0; at--) order[at] = order[at - 1]!;
      order[at] = row;
    }
  }

  /** Of rows of one time: as compareRows. */
  #compare(a: number, b: number): number {
    return (
      this.run[a]! - this.run[b]! ||
      this.ordinal[a]! - this.ordinal[b]! ||
      this.worker[a]! - this.worker[b]! ||
      this.conn[a]! - this.conn[b]! ||
      this.sub[a]! - this.sub[b]! ||
      this.keyIndex[a]! - this.keyIndex[b]!
    );
  }

  /** Removes the rows that `findOrder` found. */
  remove(): void {
    const { order, ordered, time } = this;
    this.ordered = 0;
    if (ordered === this.rows) {
      this.rows = 0;
      return;
    }
    for (let i = 0; i < ordered; i++) time[order[i]!] = Number.NaN;
    this.keep((row) => !Number.isNaN(time[row]!));
  }

  /** Removes all rows but some; these stay in their order. */
  keep(isKept: (row: number) => boolean): void {
    const { rows, time, id, kind, itemSize, ttl, weight } = this;
    const { run, ordinal, worker, conn, sub, keyIndex } = this;
    let to = 0;
    for (let i = 0; i < rows; i++) {
      if (!isKept(i)) continue;
      time[to] = time[i]!;
      id[to] = id[i]!;
      kind[to] = kind[i]!;
      itemSize[to] = itemSize[i]!;
      ttl[to] = ttl[i]!;
      weight[to] = weight[i]!;
      run[to] = run[i]!;
      ordinal[to] = ordinal[i]!;
      worker[to] = worker[i]!;
      conn[to] = conn[i]!;
      sub[to] = sub[i]!;
      keyIndex[to] = keyIndex[i]!;
      to++;
    }
    this.rows = to;
  }
}
