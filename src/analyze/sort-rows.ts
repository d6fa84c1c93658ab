import { radixSort } from '../profile/order.js';

/** Sorts rows by time; its memory is used again. */
export class RowSorter {
  #low = new Uint32Array(0);
  #high = new Uint32Array(0);
  #order = new Uint32Array(0);

  /**
   * Those of the first `rows` rows that are before a time, the earliest first; rows of one time keep their order. The
   * times are whole numbers that lie within 2^53. The result holds until the next call.
   */
  sortBefore(border: number, times: Float64Array, rows: number): Uint32Array {
    this.#reach(rows);
    const low = this.#low;
    const all = this.#order;
    let found = 0;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < rows; i++) {
      const time = times[i]!;
      if (time >= border) continue;
      all[found++] = i;
      if (time < least) least = time;
      if (time > most) most = time;
    }
    const order = all.subarray(0, found);
    if (most - least < 2 ** 32) {
      for (let i = 0; i < rows; i++) low[i] = times[i]! - least;
      radixSort(order, low);
      return order;
    }
    const high = this.#high;
    for (let i = 0; i < rows; i++) {
      const upper = Math.floor((times[i]! - least) / 2 ** 32);
      high[i] = upper;
      low[i] = times[i]! - least - upper * 2 ** 32;
    }
    radixSort(order, low);
    radixSort(order, high);
    return order;
  }

  #reach(rows: number): void {
    if (rows <= this.#order.length) return;
    this.#low = new Uint32Array(2 * rows);
    this.#high = new Uint32Array(2 * rows);
    this.#order = new Uint32Array(2 * rows);
  }
}
