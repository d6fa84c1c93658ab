/** Bits sorted by at a time: three rounds for 32 bits, and a table that stays in the first cache. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/** Sorts rows by time; its memory is used again. */
export class RowSorter {
  #low = new Uint32Array(0);
  #high = new Uint32Array(0);
  #order = new Uint32Array(0);
  #other = new Uint32Array(0);
  readonly #places = new Uint32Array(DIGITS);

  /**
   * The first `rows` rows by time, the earliest first; rows of one time keep their order. The times are whole numbers
   * that lie within 2^53. The result holds until the next call.
   */
  sort(times: Float64Array, rows: number): Uint32Array {
    this.#reach(rows);
    const low = this.#low;
    const high = this.#high;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < rows; i++) if (times[i]! < least) least = times[i]!;
    let maxLow = 0;
    let maxHigh = 0;
    for (let i = 0; i < rows; i++) {
      const span = times[i]! - least;
      high[i] = span / 2 ** 32;
      low[i] = span - high[i]! * 2 ** 32;
      if (low[i]! > maxLow) maxLow = low[i]!;
      if (high[i]! > maxHigh) maxHigh = high[i]!;
      this.#order[i] = i;
    }
    this.#sortBy(low, maxLow, rows);
    this.#sortBy(high, maxHigh, rows);
    return this.#order.subarray(0, rows);
  }

  #reach(rows: number): void {
    if (rows <= this.#order.length) return;
    this.#low = new Uint32Array(2 * rows);
    this.#high = new Uint32Array(2 * rows);
    this.#order = new Uint32Array(2 * rows);
    this.#other = new Uint32Array(2 * rows);
  }

  /** A radix sort from the lowest digit up. */
  #sortBy(words: Uint32Array, max: number, rows: number): void {
    const places = this.#places;
    for (let shift = 0; shift < 32 && max >>> shift > 0; shift += DIGIT_BITS) {
      const from = this.#order;
      const to = this.#other;
      places.fill(0);
      for (let i = 0; i < rows; i++) places[(words[i]! >>> shift) & (DIGITS - 1)]!++;
      let place = 0;
      for (let digit = 0; digit < DIGITS; digit++) {
        const here = places[digit]!;
        places[digit] = place;
        place += here;
      }
      for (let i = 0; i < rows; i++) {
        const row = from[i]!;
        const digit = (words[row]! >>> shift) & (DIGITS - 1);
        to[places[digit]!++] = row;
      }
      this.#order = to;
      this.#other = from;
    }
  }
}
