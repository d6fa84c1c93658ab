import { grown } from './grown.js';

/** Counts the requests that are in flight while time goes on: a heap of the times of their answers, the earliest on top. */
export class InFlight {
  #ends = new Float64Array(1024);
  #size = 0;

  /** Adds a request by the time of its answer. */
  add(end: number): void {
    if (this.#size === this.#ends.length) this.#ends = grown(this.#ends, 2 * this.#size);
    const ends = this.#ends;
    let at = this.#size++;
    while (at > 0) {
      const above = (at - 1) >>> 1;
      if (ends[above]! <= end) break;
      ends[at] = ends[above]!;
      at = above;
    }
    ends[at] = end;
  }

  /** Requests that have no answer at a time, which is none before that of an earlier call. */
  at(time: number): number {
    while (this.#size > 0 && this.#ends[0]! <= time) this.#removeTop();
    return this.#size;
  }

  #removeTop(): void {
    const ends = this.#ends;
    const size = --this.#size;
    const last = ends[size]!;
    let at = 0;
    for (let below = 1; below < size; below = 2 * at + 1) {
      if (below + 1 < size && ends[below + 1]! < ends[below]!) below++;
      if (ends[below]! >= last) break;
      ends[at] = ends[below]!;
      at = below;
    }
    ends[at] = last;
  }
}
