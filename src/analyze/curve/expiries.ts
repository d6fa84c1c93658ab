/** A binary heap of expiry times. Outdated entries stay until their time comes. */
export class Expiries {
  #times = new Float64Array(1024);
  #keys = new Int32Array(1024);
  #size = 0;

  /** The earliest time. */
  first = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#size;
  }

  add(time: number, key: number): void {
    if (this.#size === this.#times.length) this.#grow();
    let at = this.#size++;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.#times[above]! <= time) break;
      this.#times[at] = this.#times[above]!;
      this.#keys[at] = this.#keys[above]!;
      at = above;
    }
    this.#times[at] = time;
    this.#keys[at] = key;
    this.first = this.#times[0]!;
  }

  /** Removes the entry with the earliest time, and returns its key. */
  take(): number {
    const key = this.#keys[0]!;
    const time = this.#times[--this.#size]!;
    const last = this.#keys[this.#size]!;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.#size) break;
      if (below + 1 < this.#size && this.#times[below + 1]! < this.#times[below]!) below++;
      if (this.#times[below]! >= time) break;
      this.#times[at] = this.#times[below]!;
      this.#keys[at] = this.#keys[below]!;
      at = below;
    }
    this.#times[at] = time;
    this.#keys[at] = last;
    this.first = this.#size === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
    return key;
  }

  /** Renumbers the keys, and removes the entries that are not current. */
  rebuild(ids: Int32Array | null, isCurrent: (key: number, time: number) => boolean): void {
    const size = this.#size;
    const times = this.#times.slice(0, size);
    const keys = this.#keys.slice(0, size);
    this.#size = 0;
    this.first = Number.POSITIVE_INFINITY;
    for (let i = 0; i < size; i++) {
      const key = ids === null ? keys[i]! : ids[keys[i]!]!;
      if (key >= 0 && isCurrent(key, times[i]!)) this.add(times[i]!, key);
    }
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#size);
    times.set(this.#times);
    this.#times = times;
    const keys = new Int32Array(2 * this.#size);
    keys.set(this.#keys);
    this.#keys = keys;
  }
}
