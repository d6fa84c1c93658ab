import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';
import { Histogram, type Percentiles } from '../histogram.js';

/** Sizes of keys, once for every event. */
export class KeySizes implements Collector {
  readonly #sizes = new Histogram();

  add({ keySizes, entryRows }: Batch): void {
    for (let i = 0; i < entryRows.length; i++) {
      if (entryRows[i]! > 0) this.#sizes.record(keySizes[i]!, entryRows[i]!);
    }
  }

  powers(): [below: number, count: number][] {
    return this.#sizes.powers();
  }

  result(): Percentiles {
    return this.#sizes.percentiles();
  }
}
