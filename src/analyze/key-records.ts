import { grown } from './grown.js';

/** Keys there is room for at first. */
const KEYS_MIN = 1024;

/**
 * A few numbers for every key, 0 at first, side by side: what an event needs of its key is in one line of the
 * processor's cache, where columns would take one each.
 */
export class KeyRecords {
  /** Record of a key: `width` numbers from `width * key` on. A new array after every growth. */
  values: Float64Array;
  readonly #width: number;

  /** @param width numbers a key; a power of two, so that records do not cross lines */
  constructor(width: number) {
    this.#width = width;
    this.values = new Float64Array(KEYS_MIN * width);
  }

  /** Makes room for a key. */
  reach(key: number): void {
    let { length } = this.values;
    if (this.#width * key < length) return;
    while (length <= this.#width * key) length *= 2;
    this.values = grown(this.values, length);
  }

  /**
   * Moves every record to the new number of its key; -1: the key is gone. New numbers are never larger, nor
   * out of order.
   */
  renumber(ids: Int32Array): void {
    const { values } = this;
    const width = this.#width;
    let keys = 0;
    for (let before = 0; before < ids.length && before * width < values.length; before++) {
      const key = ids[before]!;
      if (key < 0) continue;
      values.copyWithin(width * key, width * before, width * (before + 1));
      keys = key + 1;
    }
    values.fill(0, width * keys);
  }
}
