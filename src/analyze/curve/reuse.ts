import { type Curve, Distances } from './distances.js';

/** What an LRU cache of any size does. */
export class Reuse {
  readonly #byItems = new Distances();
  readonly #byBytes = new Distances();
  /** Reads that miss at any size. */
  cold = 0;

  /** Counts reads that are hits from a number of items, and of bytes, on. */
  add(items: number, bytes: number, weight: number): void {
    this.#byItems.add(items, weight);
    this.#byBytes.add(bytes, weight);
  }

  /** @param reads of all keys; `counted`: those of the sample. The difference is taken for hits of the hottest keys. */
  curves(reads: number, counted: number): { items: Curve; bytes: Curve } {
    return {
      items: this.#byItems.curve(reads, reads - counted),
      bytes: this.#byBytes.curve(reads, reads - counted),
    };
  }
}
