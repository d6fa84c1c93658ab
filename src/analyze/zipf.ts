/** Fewest keys for an estimate. */
const KEYS_MIN = 10;
/**
 * Keys with fewer events are left out where there are enough others: their ranks are chance, and the number
 * of keys never seen is unknown. With them a million draws from a million keys of exponent 0.99 give 0.95,
 * without them 0.99.
 */
const COUNT_MIN = 10;
const ALPHA_MAX = 10;
/** Steps of the bisection: the result is exact to 10 / 2^40. */
const HALVINGS = 40;
/** Ranks that are summed one by one; the rest of the sum is integrated, with an error of 1 in 100,000. */
const EXACT_RANKS = 1000;
const INTEGRAL_STEPS = 1000;

/**
 * Exponent of the Zipf law that makes the counts of the busiest keys most likely.
 *
 * With the law P(r) = r^-α / Σ r^-α over the ranks 1 … n, the log-likelihood of counts c_r is
 * −α Σ c_r ln r − C ln Σ r^-α, where C = Σ c_r. Its derivative is 0 where the mean of ln r under the law
 * is the mean seen: Σ ln r r^-α / Σ r^-α = Σ c_r ln r / C. The left side falls with α, so bisection finds
 * it. (Maximum likelihood for the finite Zipf law: Clauset, Shalizi and Newman, "Power-law distributions
 * in empirical data", 2009, with ranks for values. That only the head is fitted is allowed because a Zipf
 * law limited to its first ranks is a Zipf law.)
 *
 * @param counts by rank, largest first
 * @returns the exponent; null below ten keys, or where all have the same count
 */
export function zipfAlpha(counts: Float64Array): number | null {
  const ranks = fittedRanks(counts);
  if (ranks < KEYS_MIN || counts[0] === counts[ranks - 1]) return null;
  let total = 0;
  let logSum = 0;
  for (let i = 0; i < ranks; i++) {
    total += counts[i]!;
    logSum += counts[i]! * Math.log(i + 1);
  }
  const seen = logSum / total;
  let low = 0;
  let high = ALPHA_MAX;
  for (let i = 0; i < HALVINGS; i++) {
    const alpha = (low + high) / 2;
    if (meanLogRank(ranks, alpha) > seen) low = alpha;
    else high = alpha;
  }
  return (low + high) / 2;
}

/** Number of the busiest keys that are fitted. */
function fittedRanks(counts: Float64Array): number {
  let head = 0;
  while (head < counts.length && counts[head]! >= COUNT_MIN) head++;
  return head >= KEYS_MIN && counts[0] !== counts[head - 1] ? head : counts.length;
}

/** Mean of ln(rank) under Zipf's law over this many ranks. */
export function meanLogRank(ranks: number, alpha: number): number {
  const exact = Math.min(ranks, EXACT_RANKS);
  let weight = 0;
  let sum = 0;
  for (let rank = 1; rank <= exact; rank++) {
    const log = Math.log(rank);
    const share = Math.exp(-alpha * log);
    weight += share;
    sum += share * log;
  }
  if (ranks > exact) {
    // ∫ x^-α dx and ∫ ln x x^-α dx from exact + ½ to ranks + ½ by the midpoint rule, in even steps of ln x.
    const from = Math.log(exact + 0.5);
    const step = (Math.log(ranks + 0.5) - from) / INTEGRAL_STEPS;
    for (let i = 0; i < INTEGRAL_STEPS; i++) {
      const log = from + (i + 0.5) * step;
      const share = Math.exp((1 - alpha) * log) * step;
      weight += share;
      sum += share * log;
    }
  }
  return sum / weight;
}

/** How straight the fitted keys lie on axes of logarithms: R² of ln count over ln rank, each rank weighing 1 ÷ rank. */
export function zipfFit(counts: Float64Array): number | null {
  const ranks = fittedRanks(counts);
  let weights = 0;
  const mean = { x: 0, y: 0 };
  for (let i = 0; i < ranks; i++) {
    const weight = 1 / (i + 1);
    weights += weight;
    mean.x += weight * Math.log(i + 1);
    mean.y += weight * Math.log(counts[i]!);
  }
  mean.x /= weights;
  mean.y /= weights;
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (let i = 0; i < ranks; i++) {
    const x = Math.log(i + 1) - mean.x;
    const y = Math.log(counts[i]!) - mean.y;
    xx += (x * x) / (i + 1);
    xy += (x * y) / (i + 1);
    yy += (y * y) / (i + 1);
  }
  return xx > 0 && yy > 0 ? (xy * xy) / (xx * yy) : null;
}
