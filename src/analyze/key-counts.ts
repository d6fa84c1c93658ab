/**
 * Exact counts by 64-bit hash: open addressing over typed arrays, so that ten million keys cost 160 MB
 * and no objects.
 */
export class KeyCounts {
  #capacity = 1024;
  #low = new Uint32Array(1024);
  #high = new Uint32Array(1024);
  /** 0 marks a free place. */
  #count = new Float64Array(1024);
  #size = 0;

  /** Distinct keys. */
  get size(): number {
    return this.#size;
  }

  add(low: number, high: number, by: number): void {
    if (by === 0) return;
    const mask = this.#capacity - 1;
    let at = low & mask;
    while (this.#count[at] !== 0 && (this.#low[at] !== low || this.#high[at] !== high)) at = (at + 1) & mask;
    if (this.#count[at] === 0) {
      this.#low[at] = low;
      this.#high[at] = high;
      this.#size++;
    }
    this.#count[at]! += by;
    if (this.#size * 2 > this.#capacity) this.#grow();
  }

  #grow(): void {
    const [low, high, count] = [this.#low, this.#high, this.#count];
    this.#capacity *= 2;
    this.#low = new Uint32Array(this.#capacity);
    this.#high = new Uint32Array(this.#capacity);
    this.#count = new Float64Array(this.#capacity);
    this.#size = 0;
    for (let i = 0; i < count.length; i++) this.add(low[i]!, high[i]!, count[i]!);
  }

  /** All counts, largest first. */
  sorted(): Float64Array {
    return this.#count.filter((n) => n > 0).sort().reverse();
  }

  /** The `n` largest with their hashes, ties by hash. */
  top(n: number): { hash: bigint; count: number }[] {
    const least = this.sorted()[Math.min(n, this.#size) - 1] ?? 0;
    const found: { hash: bigint; count: number }[] = [];
    for (let i = 0; i < this.#capacity; i++) {
      const count = this.#count[i]!;
      if (count >= least && count > 0) found.push({ hash: (BigInt(this.#high[i]!) << 32n) | BigInt(this.#low[i]!), count });
    }
    return found.sort((a, b) => b.count - a.count || (a.hash < b.hash ? -1 : 1)).slice(0, n);
  }
}
