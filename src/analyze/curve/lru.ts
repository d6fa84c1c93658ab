import type { KeyTable } from '../key-table.js';
import { type Curve, Distances } from './distances.js';
import type { Items } from './items.js';
import type { CacheModel } from './model.js';
import { LruStack } from './stack.js';

/** LRU caches of all sizes at once, by reuse distances (Mattson et al., 1970), without TTLs and deletes. */
export class LruModel implements CacheModel {
  protected readonly items: Items;
  protected readonly stack: LruStack;
  readonly #byItems = new Distances();
  readonly #byBytes = new Distances();
  /** Reads that miss at any size, because they are the first of their keys. */
  cold = 0;
  /** Bytes a cache needs to make the last read a hit. */
  needs = 0;

  constructor(table: KeyTable, items: Items) {
    this.items = items;
    this.stack = new LruStack(table);
  }

  read(key: number, now: number, hit: boolean, weight: number): void {
    if (this.stack.has(key)) {
      this.use(key, now);
      this.#byItems.add(this.stack.items, weight);
      this.#byBytes.add(this.stack.bytes, weight);
      this.needs = this.stack.bytes;
    } else {
      this.needs = Number.POSITIVE_INFINITY;
      this.cold += weight;
      if (hit) this.write(key, now);
    }
  }

  write(key: number, _now: number): void {
    this.stack.use(key, this.items.sizeOf(key));
  }

  remove(_key: number, _now: number): void {}

  touch(key: number, now: number): void {
    if (this.stack.has(key)) this.use(key, now);
  }

  protected use(key: number, _now: number): void {
    this.stack.use(key, this.items.sizeOf(key));
  }

  renumber(ids: Int32Array, _rate: number): void {
    this.stack.renumber(ids);
  }

  /** @param reads of all keys; `counted`: those of the sample. The difference is taken for hits of the hottest keys. */
  curves(reads: number, counted: number): { items: Curve; bytes: Curve } {
    return {
      items: this.#byItems.curve(reads, reads - counted),
      bytes: this.#byBytes.curve(reads, reads - counted),
    };
  }
}
