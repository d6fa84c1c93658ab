import { LAG_BUCKETS } from '../layout/generated.js';

/** Lag of packets, from the kernel's time of a packet to its decoding, ns; exact to an eighth. */
export interface Lag {
  p50: number;
  p99: number;
  max: number;
}

/** The largest value of a bucket; see assembly/lag.ts. */
function upperEnd(bucket: number): number {
  const exponent = bucket >> 3;
  return (8 + (bucket & 7) + 1) * 2 ** (exponent - 3) - 1;
}

/**
 * Percentiles of the sum of histograms, less an earlier sum.
 *
 * @param before an earlier `sum`
 * @returns `sum` of the histograms, and `lag`, null where no packet was counted since
 */
export function lagOf(
  histograms: readonly BigUint64Array[],
  before?: Float64Array,
): { lag: Lag | null; sum: Float64Array } {
  const sum = new Float64Array(LAG_BUCKETS);
  for (const histogram of histograms) {
    for (let i = 0; i < LAG_BUCKETS; i++) sum[i]! += Number(histogram[i]!);
  }
  const gained = before === undefined ? sum : sum.map((count, i) => count - before[i]!);
  const total = gained.reduce((a, b) => a + b, 0);
  if (total === 0) return { lag: null, sum };
  const at = (share: number) => {
    let left = Math.ceil(total * share);
    for (let i = 0; ; i++) {
      left -= gained[i]!;
      if (left <= 0) return upperEnd(i);
    }
  };
  return { lag: { p50: at(0.5), p99: at(0.99), max: at(1) }, sum };
}
