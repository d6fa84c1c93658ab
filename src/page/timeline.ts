/** What a time series is drawn from: numbers by interval. */
export interface TimelineData {
  /** Unix seconds of the first interval, and seconds of each. */
  start: number;
  width: number;
  requests: Float64Array;
  hits: Float64Array;
  misses: Float64Array;
  /** Percentiles of the latency, ns; NaN where nothing was answered. */
  p50: Float64Array;
  p99: Float64Array;
}

/** Intervals there are room for. */
const BINS = 480;
/** Width of an interval at the start, ns. */
const WIDTH_MIN = 1e6;
/** Latency is counted in steps of an eighth of the power of two below it: 3 bits behind the highest. */
const STEP_BITS = 3;
const STEPS = 1 << STEP_BITS;
const BUCKETS = 32 * STEPS;
/** The longest there is a bucket for, ns: over an hour, in units of 1024 ns that fit 32 bits. */
const UNIT = 1024;

/** Where a latency is counted. */
function bucketOf(ns: number): number {
  const units = Math.min(0xffffffff, ns / UNIT) >>> 0;
  if (units < STEPS) return units;
  const shift = 31 - STEP_BITS - Math.clz32(units);
  return shift * STEPS + (units >>> shift);
}

/** The middle of what is counted there. */
function middleOf(bucket: number): number {
  if (bucket < STEPS) return (bucket + 0.5) * UNIT;
  const shift = Math.floor(bucket / STEPS) - 1;
  return (bucket - shift * STEPS + 0.5) * 2 ** shift * UNIT;
}

/** Counts by interval of a capture whose length nobody knows: when it is full, neighbours are joined. */
export class Timeline {
  #base: number | undefined;
  #width = WIDTH_MIN;
  #used = 0;
  readonly #requests = new Float64Array(BINS);
  readonly #hits = new Float64Array(BINS);
  readonly #misses = new Float64Array(BINS);
  readonly #latency = new Uint32Array(BINS * BUCKETS);

  /** @param ns Unix nanoseconds; what is earlier than the first counts for the first interval */
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
