/** The order of a block's rows: by time first, and rows of one time by a comparison. */

/** Bits sorted by at a time: three rounds for 32 bits, and a table that stays in the first cache. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
/** Rows of one time up to which they are put in order one by one. */
const FEW = 16;

/** Negative where row a comes before row b. */
export type Compare = (a: number, b: number) => number;

/**
 * Rows sorted by time, then by `compare`.
 *
 * @param times pairs of words, low and high
 * @param compare of rows of the same time; may be asked for others, too
 */
export function orderRows(times: Uint32Array, rows: number, compare: Compare): Uint32Array {
  const order = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) order[i] = i;
  const spans = spansOf(times, rows);
  // Spans of more than 32 bits: a block of an hour in microseconds, or of seconds in nanoseconds.
  if (spans === null) return order.sort((a, b) => compareTimes(times, a, b) || compare(a, b));
  const sorted = radixSort(order, spans);
  orderTies(sorted, spans, compare);
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
function orderTies(order: Uint32Array, spans: Uint32Array, compare: Compare): void {
  for (let start = 0; start < order.length; ) {
    const span = spans[order[start]!]!;
    let end = start + 1;
    while (end < order.length && spans[order[end]!] === span) end++;
    if (end - start > 1) orderFew(order, start, end, compare);
    start = end;
  }
}

function orderFew(order: Uint32Array, start: number, end: number, compare: Compare): void {
  if (end - start > FEW) {
    order.subarray(start, end).sort(compare);
    return;
  }
  for (let i = start + 1; i < end; i++) {
    const row = order[i]!;
    let at = i;
    for (; at > start && compare(row, order[at - 1]!) < 0; at--) order[at] = order[at - 1]!;
    order[at] = row;
  }
}

function compareTimes(times: Uint32Array, a: number, b: number): number {
  return times[2 * a + 1]! - times[2 * b + 1]! || times[2 * a]! - times[2 * b]!;
}
