/** Fewer distinct keys than this say nothing about a law. */
const KEYS_MIN = 10;
const ALPHA_MAX = 10;
/** Ranks summed one by one; the rest of the sums is integrated. */
const EXACT_RANKS = 100_000;

/**
 * Exponent of the Zipf law that makes the counts most likely: P(rank r) = r^-α / H(n, α).
 *
 * The log-likelihood's derivative is −Σ c_r ln r + N Σ ln r r^-α / Σ r^-α, which falls with α, so its
 * root is found by bisection (maximum likelihood for the finite Zipf distribution; Clauset, Shalizi and
 * Newman, "Power-law distributions in empirical data", 2009, appendix B, with ranks for values).
 *
 * @param counts by rank, largest first
 * @returns null below ten keys, or where all are equally busy
 */
export function zipfAlpha(counts: Float64Array): number | null {
  const n = counts.length;
  if (n < KEYS_MIN || counts[0] === counts[n - 1]) return null;
  let total = 0;
  let logSum = 0;
  for (let i = 0; i < n; i++) {
    total += counts[i]!;
    logSum += counts[i]! * Math.log(i + 1);
  }
  const mean = logSum / total;
  let low = 0;
  let high = ALPHA_MAX;
  for (let i = 0; i < 50; i++) {
    const alpha = (low + high) / 2;
    if (meanLogRank(n, alpha) > mean) low = alpha;
    else high = alpha;
  }
  return (low + high) / 2;
}

/** Expected ln(rank) under Zipf's law with n ranks. */
function meanLogRank(n: number, alpha: number): number {
  const exact = Math.min(n, EXACT_RANKS);
  let weight = 0;
  let sum = 0;
  for (let r = 1; r <= exact; r++) {
    const log = Math.log(r);
    const p = Math.exp(-alpha * log);
    weight += p;
    sum += p * log;
  }
  if (n > exact) {
    // Midpoint rule: ∫ x^-α dx and ∫ ln x x^-α dx from exact + ½ to n + ½, in steps even in ln x.
    const from = Math.log(exact + 0.5);
    const to = Math.log(n + 0.5);
    const steps = 1000;
    const width = (to - from) / steps;
    for (let i = 0; i < steps; i++) {
      const log = from + (i + 0.5) * width;
      const p = Math.exp((1 - alpha) * log) * width;
      weight += p;
      sum += p * log;
    }
  }
  return sum / weight;
}
