import { type Curve, Distances } from './distances.js';

/** Reads of the keys that are followed, and what makes them those of all keys. */
export interface Totals {
  /** Of all keys. */
  reads: number;
  /** How often reads that are weighted by the reads of their key are added: see `Reuse`. */
  busyShare: number;
}

/**
 * How many bytes of live keys lie above some places of the stack, ascending from 0, and the variance of
 * that by sampling: at 0, that of one sampled key, because a sample knows nothing smaller.
 */
export interface Depths {
  bytes: number[];
  variance: number[];
}

/**
 * The variance that a sampled key adds to the bytes above a place of the stack: it is in the sample by a
 * chance of 1 in its weight, and above the place by another one, in the time average, if it is read at
 * random.
 *
 * @param uses of the key, on average, in the time that the keys above the place were used in
 */
export function varianceOf(weight: number, bytes: number, uses: number): number {
  return weight * (weight - 1) * bytes ** 2 * (1 - Math.exp(-uses));
}

/**
 * What an LRU cache of any size does, with all keys or with a sample of them.
 *
 * A sample has more or fewer reads than the keys it stands for, and most of that is due to the busier ones,
 * because there are few of them. So reads are counted a second time, each times the number of reads of its
 * key, and as much of that is added, or taken away, as the difference is: a regression estimate (Cochran,
 * Sampling Techniques, chapter 7). Where the busiest keys are hits at any size, it is what SHARDS does
 * (SHARDS-adj).
 */
export class Reuse {
  readonly #all = new Reads();
  readonly #busy = new Reads();

  /** Counts reads that are hits from a number of items, and of bytes, on. */
  add(items: number, bytes: number, reads: number): void {
    this.#all.add(items, bytes, reads);
  }

  /** Counts a read of a sampled key for the second time. */
  addBusy(items: number, bytes: number, reads: number): void {
    this.#busy.add(items, bytes, reads);
  }

  /** Counts reads that are misses at any size. */
  miss(reads: number): void {
    this.#all.cold += reads;
  }

  missBusy(reads: number): void {
    this.#busy.cold += reads;
  }

  /** The second count of reads that are hits at a number of bytes, which is a point of the curve. */
  busyHitsAt(bytes: number): number {
    return this.#busy.byBytes.hitsAt(bytes);
  }

  /** Reads that miss at any size. */
  cold({ busyShare }: Totals): number {
    return Math.max(0, this.#all.cold + busyShare * this.#busy.cold);
  }

  curves({ reads, busyShare }: Totals): { items: Curve; bytes: Curve } {
    const items = this.#all.byItems.plus(this.#busy.byItems, busyShare);
    const bytes = this.#all.byBytes.plus(this.#busy.byBytes, busyShare);
    return { items: items.curve(reads), bytes: bytes.curve(reads) };
  }
}

class Reads {
  readonly byItems = new Distances();
  readonly byBytes = new Distances();
  cold = 0;

  add(items: number, bytes: number, reads: number): void {
    this.byItems.add(items, reads);
    this.byBytes.add(bytes, reads);
  }
}
