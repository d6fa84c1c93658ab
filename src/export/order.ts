/** The order of a block's rows: by time first, and rows of one time by a comparison. */

/** Bits sorted by at a time: three rounds for 32 bits, and a table that stays in the first cache. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
/** Rows of one time up to which they are put in order one by one. */
const FEW = 16;

/** Columns of a block that rows are ordered by. */
export interface Ordered {
  /** Which recording it is of, in the order they were named. */
  run: number;
  worker: number;
  /** Times and packet ordinals, low and high word. */
  time: Uint32Array;
  ordinal: Uint32Array;
  conn: Uint32Array;
  sub: Uint32Array;
  keyIndex: Uint32Array;
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
    a.sub[rowA]! - b.sub[rowB]! ||
    a.keyIndex[rowA]! - b.keyIndex[rowB]!
  );
}

/** The rows of a block in their order. */
export function orderRows(block: Ordered, rows: number): Uint32Array {
  const order = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) order[i] = i;
  const spans = spansOf(block.time, rows);
  // Spans of more than 32 bits: a block of an hour in microseconds, or of seconds in nanoseconds.
  if (spans === null) return order.sort((a, b) => compareRows(block, a, block, b));
  const sorted = radixSort(order, spans);
  orderTies(sorted, spans, block);
  return sorted;
}

/** Times counted from the earliest one; null where one exceeds 32 bits. */
function spansOf(times: Uint32Array, rows: number): Uint32Array | null {
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
  const spans = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) {
    const span = (times[2 * i + 1]! - minHigh) * 2 ** 32 + (times[2 * i]! - minLow);
    if (span >= 2 ** 32) return null;
    spans[i] = span;
  }
  return spans;
}

/** Sorts rows by their spans; rows of one span stay as they are. */
function radixSort(order: Uint32Array, spans: Uint32Array): Uint32Array {
  let max = 0;
  let isSorted = true;
  for (let i = 0; i < spans.length; i++) {
    const span = spans[i]!;
    if (span > max) max = span;
    else if (span < spans[i - 1]!) isSorted = false;
  }
  // Where times only rise, the largest is the last one at each step.
  if (isSorted) return order;
  let from = order;
  let to: Uint32Array = new Uint32Array(order.length);
  const places = new Uint32Array(DIGITS);
  for (let shift = 0; shift < 32 && max >>> shift > 0; shift += DIGIT_BITS) {
    places.fill(0);
    for (let i = 0; i < spans.length; i++) places[(spans[i]! >>> shift) & (DIGITS - 1)]!++;
    let place = 0;
    for (let digit = 0; digit < DIGITS; digit++) {
      const rows = places[digit]!;
      places[digit] = place;
      place += rows;
    }
    for (let i = 0; i < from.length; i++) {
      const row = from[i]!;
      to[places[(spans[row]! >>> shift) & (DIGITS - 1)]!++] = row;
    }
    [from, to] = [to, from];
  }
  return from;
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
