/** Fewest keys that have counts of their own. */
const KEYS = 65_536;
/** Most keys with counts; above it the rarest are dropped. */
const KEYS_MAX = 4 * KEYS;

/**
 * Counts of the busiest keys in bounded memory: where there are more keys than places, all counts are lowered
 * until enough are 0. So no count is ever too high, and none is too low by more than `error` (Misra and
 * Gries, "Finding repeated elements", 1982).
 */
export class Busiest {
  readonly #counts = new Map<string, { count: number }>();
  #error = 0;

  /** Most by which a count may be too low; 0 while every key has a place. */
  get error(): number {
    return this.#error;
  }

  /** Number of distinct keys, or a lower bound of it. */
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

  /** The largest counts, largest first, ties in order of the key. */
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
