/** The order of a block's rows: a radix sort by time, and comparisons among rows of one time. */

/** Bits sorted by at a time: three rounds for 32 bits, and a table that stays in the first cache. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
/** Rows of one time up to which they are put in order one by one. */
const FEW = 16;
/** Moves of a row, on average, that take as long as the rounds of a radix sort. */
const MOVES_A_ROW = 16;

/** Columns of a block that rows are ordered by. */
export interface Ordered {
  /** Number of the recording it is of: profiles of several recordings can be read as one. */
  run: number;
  worker: number;
  /** Times and packet ordinals, low and high word. */
  time: Uint32Array;
  ordinal: Uint32Array;
  /** Numbered within the worker. */
  conn: Uint32Array;
  /** Null where they are 0 in every row. */
  sub: Uint32Array | null;
  keyIndex: Uint32Array | null;
}

/**
 * Negative where row a of one block comes before row b of another, or of the same. Ordinals of several
 * recordings say nothing about each other: there the recording named first comes first.
 */
export function compareRows(a: Ordered, rowA: number, b: Ordered, rowB: number): number {
  return (
    a.time[2 * rowA + 1]! - b.time[2 * rowB + 1]! ||
    a.time[2 * rowA]! - b.time[2 * rowB]! ||
    a.run - b.run ||
    a.ordinal[2 * rowA + 1]! - b.ordinal[2 * rowB + 1]! ||
    a.ordinal[2 * rowA]! - b.ordinal[2 * rowB]! ||
    a.worker - b.worker ||
    a.conn[rowA]! - b.conn[rowB]! ||
    valueAt(a.sub, rowA) - valueAt(b.sub, rowB) ||
    valueAt(a.keyIndex, rowA) - valueAt(b.keyIndex, rowB)
  );
}

/** Whether two rows are keys of the same request. */
export function isSameRequest(a: Ordered, rowA: number, b: Ordered, rowB: number): boolean {
  return (
    a.ordinal[2 * rowA] === b.ordinal[2 * rowB] &&
    a.time[2 * rowA] === b.time[2 * rowB] &&
    a.time[2 * rowA + 1] === b.time[2 * rowB + 1] &&
    a.ordinal[2 * rowA + 1] === b.ordinal[2 * rowB + 1] &&
    a.run === b.run &&
    a.worker === b.worker &&
    a.conn[rowA] === b.conn[rowB] &&
    valueAt(a.sub, rowA) === valueAt(b.sub, rowB)
  );
}

function valueAt(column: Uint32Array | null, row: number): number {
  return column === null ? 0 : column[row]!;
}

/**
 * Puts rows of a block in their order.
 *
 * @param order the rows
 * @param unit all times are multiples of, apart from what they have in common: so many nanoseconds
 */
export function orderRows(order: Uint32Array, block: Ordered, unit = 1): void {
  const spans = spansOf(block.time, unit);
  // Times that span more than 32 bits: an hour in microseconds, or 4 s in nanoseconds.
  if (spans === null) {
    order.sort((a, b) => compareRows(block, a, block, b));
    return;
  }
  if (insertionSort(order, spans, block)) return;
  radixSort(order, spans);
  orderTies(order, spans, block);
}

/** Memory that is used for one block after another. */
let spanScratch = new Uint32Array(0);
let orderScratch = new Uint32Array(0);

function makeScratch(rows: number): void {
  if (rows <= spanScratch.length) return;
  spanScratch = new Uint32Array(2 * rows);
  orderScratch = new Uint32Array(2 * rows);
}

/** Times counted from the earliest one in units, until the next call; null where one exceeds 32 bits. */
function spansOf(times: Uint32Array, unit: number): Uint32Array | null {
  const rows = times.length / 2;
  let minHigh = 0xffffffff;
  let minLow = 0xffffffff;
  for (let i = 0; i < rows; i++) {
    const high = times[2 * i + 1]!;
    const low = times[2 * i]!;
    if (high < minHigh || (high === minHigh && low < minLow)) {
      minHigh = high;
      minLow = low;
    }
  }
  makeScratch(rows);
  const spans = spanScratch.subarray(0, rows);
  let longest = 0;
  for (let i = 0; i < rows; i++) {
    const span = ((times[2 * i + 1]! - minHigh) * 2 ** 32 + (times[2 * i]! - minLow)) / unit;
    if (span > longest) longest = span;
    spans[i] = span;
  }
  return longest < 2 ** 32 ? spans : null;
}

/** Sorts rows by their spans, numbers below 2^32 by row; rows of one span keep their order. */
export function radixSort(order: Uint32Array, spans: Uint32Array): void {
  const rows = order.length;
  let max = 0;
  let isSorted = true;
  for (let i = 0; i < rows; i++) {
    const span = spans[order[i]!]!;
    if (span >= max) max = span;
    else isSorted = false;
  }
  if (isSorted) return;
  let from: Uint32Array = order;
  makeScratch(rows);
  let to: Uint32Array = orderScratch.subarray(0, rows);
  const places = new Uint32Array(DIGITS);
  for (let shift = 0; shift < 32 && max >>> shift > 0; shift += DIGIT_BITS) {
    places.fill(0);
    for (let i = 0; i < rows; i++) places[(spans[from[i]!]! >>> shift) & (DIGITS - 1)]!++;
    let place = 0;
    for (let digit = 0; digit < DIGITS; digit++) {
      const here = places[digit]!;
      places[digit] = place;
      place += here;
    }
    for (let i = 0; i < rows; i++) {
      const row = from[i]!;
      to[places[(spans[row]! >>> shift) & (DIGITS - 1)]!++] = row;
    }
    [from, to] = [to, from];
  }
  if (from !== order) order.set(from);
}

/**
 * Puts rows in order that nearly are, as those of one worker: a request is late by the few that were answered while it
 * waited. Returns false, with the rows in some order, where they are not and it would take long.
 */
function insertionSort(order: Uint32Array, spans: Uint32Array, block: Ordered): boolean {
  let left = MOVES_A_ROW * order.length;
  let most = -1;
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    const span = spans[row]!;
    if (span > most) {
      most = span;
      continue;
    }
    let at = i;
    for (; at > 0 && left > 0; at--, left--) {
      const before = order[at - 1]!;
      const difference = spans[before]! - span;
      if (difference < 0 || (difference === 0 && compareRows(block, before, block, row) <= 0)) break;
      order[at] = before;
    }
    order[at] = row;
    if (left === 0) return false;
  }
  return true;
}

/** Puts rows of one time in order. */
function orderTies(order: Uint32Array, spans: Uint32Array, block: Ordered): void {
  for (let start = 0; start < order.length; ) {
    const span = spans[order[start]!]!;
    let end = start + 1;
    while (end < order.length && spans[order[end]!] === span) end++;
    if (end - start > 1) orderFew(order, start, end, block);
    start = end;
  }
}

function orderFew(order: Uint32Array, start: number, end: number, block: Ordered): void {
  if (end - start > FEW) {
    order.subarray(start, end).sort((a, b) => compareRows(block, a, block, b));
    return;
  }
  for (let i = start + 1; i < end; i++) {
    const row = order[i]!;
    let at = i;
    for (; at > start && compareRows(block, row, block, order[at - 1]!) < 0; at--) order[at] = order[at - 1]!;
    order[at] = row;
  }
}
