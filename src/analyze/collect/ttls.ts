import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';
import { secondsOf } from '../expiry.js';
import { Histogram, type Percentiles } from '../histogram.js';

/** Times to live as requested, in seconds from the request, of all commands that carry one. */
export interface Ttls extends Percentiles {
  /** Without expiry. */
  none: number;
  /** In the past, so that the item expires at once. */
  past: number;
  /** With an expiry in the future. */
  set: number;
  /** Those by power of two of seconds: see Histogram.powers. */
  powers: [below: number, count: number][];
}

export class TtlCounter implements Collector {
  readonly #seconds = new Histogram();
  readonly #originNs: number;
  #none = 0;
  #past = 0;

  /** @param originNs the time, in Unix nanoseconds, that all times are relative to */
  constructor(originNs: number) {
    this.#originNs = originNs;
  }

  add({ kinds, rows, kind, time, ttl }: Batch): void {
    if (ttl.length === 0) return;
    const has = kinds.map(({ hasTtl }) => hasTtl);
    for (let i = 0; i < rows; i++) {
      if (!has[kind[i]!]) continue;
      const seconds = secondsOf(ttl[i]!, time[i]!, this.#originNs);
      if (seconds === null) this.#none++;
      else if (seconds === 0) this.#past++;
      else this.#seconds.record(Math.min(seconds, 2 ** 53));
    }
  }

  result(): Ttls {
    return {
      ...this.#seconds.percentiles(),
      none: this.#none,
      past: this.#past,
      set: this.#seconds.total,
      powers: this.#seconds.powers(),
    };
  }
}
