/** Data of the time series, by interval. */
export interface TimelineData {
  /** Start of the first interval, Unix seconds, and length of an interval, seconds. */
  start: number;
  width: number;
  requests: Float64Array;
  hits: Float64Array;
  misses: Float64Array;
  /** Percentiles of the latency, ns; NaN where there was no answer. */
  p50: Float64Array;
  p99: Float64Array;
}

/** Most intervals. */
const BINS = 480;
/** Length of an interval at the start, ns. */
const WIDTH_MIN = 1e6;
/** Latencies are counted in steps of an eighth of a power of two: by the 3 bits after the highest. */
const STEP_BITS = 3;
const STEPS = 1 << STEP_BITS;
const BUCKETS = 32 * STEPS;
/** Longest latency with a bucket, ns: over an hour, in units of 1024 ns that fit into 32 bits. */
const UNIT = 1024;

/** Bucket of a latency. */
function bucketOf(ns: number): number {
  const units = Math.min(0xffffffff, ns / UNIT) >>> 0;
  if (units < STEPS) return units;
  const shift = 31 - STEP_BITS - Math.clz32(units);
  return shift * STEPS + (units >>> shift);
}

/** Middle of the latencies of a bucket, ns. */
function middleOf(bucket: number): number {
  if (bucket < STEPS) return (bucket + 0.5) * UNIT;
  const shift = Math.floor(bucket / STEPS) - 1;
  return (bucket - shift * STEPS + 0.5) * 2 ** shift * UNIT;
}

/**
 * Counts by interval, for a capture of unknown length: when all intervals are used, neighbours are merged.
 */
export class Timeline {
  #base: number | undefined;
  #width = WIDTH_MIN;
  #used = 0;
  readonly #requests = new Float64Array(BINS);
  readonly #hits = new Float64Array(BINS);
  readonly #misses = new Float64Array(BINS);
  readonly #latency = new Uint32Array(BINS * BUCKETS);

  /** @param ns Unix nanoseconds; a time before the first interval counts for the first */
  add(ns: number, hit: boolean, miss: boolean, latency: number | null): void {
    this.#base ??= ns;
    let bin = Math.max(0, Math.floor((ns - this.#base) / this.#width));
    while (bin >= BINS) {
      this.#join();
      bin = Math.max(0, Math.floor((ns - this.#base) / this.#width));
    }
    if (bin >= this.#used) this.#used = bin + 1;
    this.#requests[bin]! += 1;
    if (hit) this.#hits[bin]! += 1;
    if (miss) this.#misses[bin]! += 1;
    if (latency !== null) this.#latency[bin * BUCKETS + bucketOf(latency)]! += 1;
  }

  #join(): void {
    this.#width *= 2;
    for (const values of [this.#requests, this.#hits, this.#misses]) {
      for (let bin = 0; bin < BINS; bin++) {
        values[bin] = bin < BINS / 2 ? values[2 * bin]! + values[2 * bin + 1]! : 0;
      }
    }
    const latency = this.#latency;
    for (let bin = 0; bin < BINS; bin++) {
      for (let bucket = 0; bucket < BUCKETS; bucket++) {
        const from = 2 * bin * BUCKETS + bucket;
        latency[bin * BUCKETS + bucket] = bin < BINS / 2 ? latency[from]! + latency[from + BUCKETS]! : 0;
      }
    }
    this.#used = Math.ceil(this.#used / 2);
  }

  data(): TimelineData {
    const percentile = (share: number) =>
      Float64Array.from({ length: this.#used }, (_, bin) => {
        const buckets = this.#latency.subarray(bin * BUCKETS, (bin + 1) * BUCKETS);
        const wanted = share * buckets.reduce((sum, n) => sum + n, 0);
        if (wanted === 0) return Number.NaN;
        let sum = 0;
        for (let bucket = 0; bucket < BUCKETS; bucket++) {
          sum += buckets[bucket]!;
          if (sum >= wanted) return middleOf(bucket);
        }
        return Number.NaN;
      });
    return {
      start: (this.#base ?? 0) / 1e9,
      width: this.#width / 1e9,
      requests: this.#requests.slice(0, this.#used),
      hits: this.#hits.slice(0, this.#used),
      misses: this.#misses.slice(0, this.#used),
      p50: percentile(0.5),
      p99: percentile(0.99),
    };
  }
}
