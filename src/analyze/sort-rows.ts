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
   * Those of the first `rows` rows that are before a time, the earliest first; rows of one time keep their order. The
   * times are whole numbers that lie within 2^53. The result holds until the next call.
   */
  sortBefore(border: number, times: Float64Array, rows: number): Uint32Array {
    this.#reach(rows);
    const low = this.#low;
    const order = this.#order;
    let found = 0;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < rows; i++) {
      const time = times[i]!;
      if (time >= border) continue;
      order[found++] = i;
      if (time < least) least = time;
      if (time > most) most = time;
    }
    const span = most - least;
    if (span < 2 ** 32) {
      for (let i = 0; i < rows; i++) low[i] = times[i]! - least;
      this.#sortBy(low, span, found);
      return this.#order.subarray(0, found);
    }
    const high = this.#high;
    for (let i = 0; i < rows; i++) {
      const upper = Math.floor((times[i]! - least) / 2 ** 32);
      high[i] = upper;
      low[i] = times[i]! - least - upper * 2 ** 32;
    }
    this.#sortBy(low, 2 ** 32 - 1, found);
    this.#sortBy(high, Math.floor(span / 2 ** 32), found);
    return this.#order.subarray(0, found);
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
      for (let i = 0; i < rows; i++) places[(words[from[i]!]! >>> shift) & (DIGITS - 1)]!++;
      let place = 0;
      for (let digit = 0; digit < DIGITS; digit++) {
        const here = places[digit]!;
        places[digit] = place;
        place += here;
      }
      for (let i = 0; i < rows; i++) {
        const row = from[i]!;
        const digit = (words[row]! >>> shift) & (DIGITS - 1);
        const at = places[digit]!;
        places[digit] = at + 1;
        to[at] = row;
      }
      this.#order = to;
      this.#other = from;
    }
  }
}
