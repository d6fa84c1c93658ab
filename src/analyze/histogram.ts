import { build, type Histogram as Hdr } from 'hdr-histogram-js';

/** Percentiles of a distribution; all null where there was no value. */
export interface Percentiles {
  p50: number | null;
  p90: number | null;
  p99: number | null;
  p999: number | null;
  max: number | null;
}

/** Highest value kept apart: an hour in ns, or 3.6 TB. Larger ones count as this, but for `max`. */
const HIGHEST = 3.6e12;

/** Values by size, three significant digits (HdrHistogram), the maximum exact. */
export class Histogram {
  #hdr: Hdr | undefined;
  #max = -1;

  record(value: number): void {
    if (value > this.#max) this.#max = value;
    this.#hdr ??= build({ lowestDiscernibleValue: 1, highestTrackableValue: HIGHEST, numberOfSignificantValueDigits: 3 });
    this.#hdr.recordValue(value < HIGHEST ? value : HIGHEST);
  }

  percentiles(): Percentiles {
    const hdr = this.#hdr;
    if (hdr === undefined) return { p50: null, p90: null, p99: null, p999: null, max: null };
    const at = (p: number) => Math.min(hdr.getValueAtPercentile(p), this.#max);
    return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: this.#max };
  }
}
