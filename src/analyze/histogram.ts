/** Percentiles of a distribution; all null where there was no value. */
export interface Percentiles {
  p50: number | null;
  p90: number | null;
  p99: number | null;
  p999: number | null;
  /** Exact; the others are at most 0.1 % too high. */
  max: number | null;
}

/**
 * Values of one power of two are told apart in 2^10 steps, so none is off by more than 1/1024: the buckets of
 * HdrHistogram with three significant digits.
 */
const HALF_BITS = 10;
/** Values have at most so many bits. */
const VALUE_BITS = 53;

/**
 * Counts of values from 0 to 2^53 by size, as in HdrHistogram (hdrhistogram.org):
 *
 *   index   0 … 2047        values one by one
 *           2048 … 3071     2048 … 4095 in steps of 2
 *           3072 … 4095     4096 … 8191 in steps of 4
 *           and so on, 1024 for each power of two
 *
 * Not hdr-histogram-js: its 3.0.1 takes 88 ns for a value on Node 20, this takes 5 on the same machine, and
 * all of analysis has 100 for an event.
 */
export class Histogram {
  readonly #bits: number;
  #counts: Float64Array | undefined;
  #total = 0;
  #sum = 0;
  #max = -1;

  /** @param bits steps for each power of two, as a power of two: with 4 no value is off by more than 1/16 */
  constructor(bits = HALF_BITS) {
    this.#bits = bits;
  }

  /** Values counted. */
  get total(): number {
    return this.#total;
  }

  /** The mean of all values, exact; null where there is none. */
  get mean(): number | null {
    return this.#total === 0 ? null : this.#sum / this.#total;
  }

  /** Counts a whole number from 0 to 2^53, `times` times. */
  record(value: number, times = 1): void {
    this.#room()[indexOf(value, this.#bits)]! += times;
    this.#total += times;
    this.#sum += value * times;
    if (value > this.#max) this.#max = value;
  }

  /** Counts the first values of an array. */
  recordAll(values: Float64Array, length: number): void {
    const counts = this.#room();
    const bits = this.#bits;
    let sum = 0;
    let max = this.#max;
    for (let i = 0; i < length; i++) {
      const value = values[i]!;
      counts[indexOf(value, bits)]!++;
      sum += value;
      if (value > max) max = value;
    }
    this.#total += length;
    this.#sum += sum;
    this.#max = max;
  }

  /**
   * Counts the values of rows, each in the histogram of its kind. A kind may have none, and several may share one; all
   * have as many bits.
   */
  static recordRows(histograms: readonly (Histogram | null)[], { kind, values, from, to }: Values): void {
    const first = histograms.find((one) => one !== null);
    if (first === undefined || first === null) return;
    const bits = first.#bits;
    // Rows without a value have a zero.
    const uncounted = new Float64Array(1);
    const counts = histograms.map((one) => (one === null ? uncounted : one.#room()));
    const totals = new Float64Array(histograms.length);
    const sums = new Float64Array(histograms.length);
    const most = new Float64Array(histograms.length).fill(-1);
    for (let i = from; i < to; i++) {
      const of = kind[i]!;
      const value = values[i]!;
      counts[of]![indexOf(value, bits)]!++;
      totals[of]!++;
      sums[of]! += value;
      if (value > most[of]!) most[of] = value;
    }
    for (let of = 0; of < histograms.length; of++) {
      const own = histograms[of]!;
      if (own === null) continue;
      own.#total += totals[of]!;
      own.#sum += sums[of]!;
      if (most[of]! > own.#max) own.#max = most[of]!;
    }
  }

  /** The counts, made when they are first needed. */
  #room(): Float64Array {
    this.#counts ??= new Float64Array((VALUE_BITS - this.#bits + 1) * 2 ** this.#bits);
    return this.#counts;
  }

  /** Adds the values of another one of as many bits. */
  merge(other: Histogram): void {
    if (other.#counts === undefined) return;
    const counts = this.#room();
    for (let index = 0; index < counts.length; index++) counts[index]! += other.#counts[index]!;
    this.#total += other.#total;
    this.#sum += other.#sum;
    if (other.#max > this.#max) this.#max = other.#max;
  }

  /** As what can be sent to another thread. */
  toData(): HistogramData {
    return { bits: this.#bits, counts: this.#counts, total: this.#total, sum: this.#sum, max: this.#max };
  }

  static fromData({ bits, counts, total, sum, max }: HistogramData): Histogram {
    const histogram = new Histogram(bits);
    histogram.#counts = counts;
    histogram.#total = total;
    histogram.#sum = sum;
    histogram.#max = max;
    return histogram;
  }

  /** The buckets that hold values, the smallest first: where they are, their largest value, and how many they hold. */
  *buckets(): Generator<{ index: number; highest: number; count: number }> {
    const counts = this.#counts;
    if (counts === undefined) return;
    for (let index = 0; index < counts.length; index++) {
      const count = counts[index]!;
      if (count > 0) yield { index, highest: highestOf(index, this.#bits), count };
    }
  }

  percentiles(): Percentiles {
    if (this.#total === 0) return { p50: null, p90: null, p99: null, p999: null, max: null };
    return {
      p50: this.#at(0.5),
      p90: this.#at(0.9),
      p99: this.#at(0.99),
      p999: this.#at(0.999),
      max: this.#max,
    };
  }

  /**
   * Counts by power of two, those between the first and the last that has any: [below, count] counts the values below
   * `below` that are not below half of it; below 1 there is 0 alone.
   */
  powers(): [below: number, count: number][] {
    const counts = new Float64Array(VALUE_BITS + 1);
    for (let index = 0; index < (this.#counts?.length ?? 0); index++) {
      const count = this.#counts![index]!;
      if (count === 0) continue;
      counts[digitsOf(index, this.#bits)]! += count;
    }
    const first = counts.findIndex((count) => count > 0);
    const last = counts.findLastIndex((count) => count > 0);
    return Array.from(counts.subarray(Math.max(0, first), last + 1), (count, i) => [2 ** (first + i), count]);
  }

  /** The smallest value that at least this share of all values does not exceed. */
  #at(share: number): number {
    const counts = this.#counts!;
    // Whole counts: a product like 0.999 × 1000 must not end a hair above the number meant.
    const wanted = Math.max(1, Math.ceil(this.#total * share - 1e-9 * this.#total));
    let sum = 0;
    for (let index = 0; index < counts.length; index++) {
      sum += counts[index]!;
      if (sum >= wanted) return Math.min(highestOf(index, this.#bits), this.#max);
    }
    return this.#max;
  }
}

/** Rows with a value each. */
export interface Values {
  /** Number of the row's kind. */
  kind: Uint32Array;
  /** 0 in rows whose kind has no histogram. */
  values: Float64Array | Uint32Array;
  /** The first row, and the one behind the last. */
  from: number;
  to: number;
}

/** A histogram between threads. */
export interface HistogramData {
  bits: number;
  counts: Float64Array | undefined;
  total: number;
  sum: number;
  max: number;
}

/** Where a value is counted. */
export function indexOf(value: number, bits: number): number {
  if (value < 2 << bits) return value;
  if (value < 2 ** 32) {
    const shift = 31 - bits - Math.clz32(value);
    return (shift << bits) + (value >>> shift);
  }
  // Above 32 bits the high word says how many steps to drop.
  const high = Math.min(Math.floor(value / 2 ** 32), 2 ** 21 - 1);
  const shift = 63 - bits - Math.clz32(high);
  return (shift << bits) + Math.min(Math.floor(value / 2 ** shift), (2 << bits) - 1);
}

/** Binary digits of the values counted at an index: they all have as many. */
function digitsOf(index: number, bits: number): number {
  return index < 2 << bits ? 32 - Math.clz32(index) : (index >>> bits) + bits;
}

/** Largest value counted at an index. */
export function highestOf(index: number, bits: number): number {
  if (index < 2 << bits) return index;
  const shift = (index >>> bits) - 1;
  return (index - (shift << bits) + 1) * 2 ** shift - 1;
}
