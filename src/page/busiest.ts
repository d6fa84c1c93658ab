/** Keys that are told apart at least. */
const KEYS = 65_536;
/** Above this the rarest are forgotten. */
const KEYS_MAX = 4 * KEYS;

/**
 * Counts of the busiest keys in bounded memory: where there are more keys than places, all counts are
 * lowered until enough are 0, so that no count is ever too high, and none too low by more than `error`
 * (Misra and Gries, "Finding repeated elements", 1982).
 */
export class Busiest {
  readonly #counts = new Map<string, { count: number }>();
  #error = 0;

  /** What a count may be too low by; 0 while every key has a place. */
  get error(): number {
    return this.#error;
  }

  /** Keys seen, or at least so many. */
  get distinct(): number {
    return this.#counts.size;
  }

  add(key: string): void {
    const known = this.#counts.get(key);
    if (known !== undefined) {
      known.count++;
      return;
    }
    this.#counts.set(key, { count: 1 });
    if (this.#counts.size > KEYS_MAX) this.#lower();
  }

  #lower(): void {
    const sorted = Float64Array.from(this.#counts.values(), ({ count }) => count).sort();
    const by = sorted[sorted.length - KEYS - 1]!;
    this.#error += by;
    for (const [key, known] of this.#counts) {
      known.count -= by;
      if (known.count <= 0) this.#counts.delete(key);
    }
  }

  /** The largest counts, largest first, ties by key. */
  top(limit: number): { key: string; count: number }[] {
    const found: { key: string; count: number }[] = [];
    for (const [key, { count }] of this.#counts) {
      if (found.length === limit && count < found.at(-1)!.count) continue;
      found.push({ key, count });
      found.sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
      if (found.length > limit) found.pop();
    }
    return found;
  }
}
