/** What a handful of measurements says about what they are drawn from. */

/** A figure with the range that holds it with 95 %; the range is null where there are too few slices for one. */
export interface Estimate {
  value: number;
  low: number | null;
  high: number | null;
}

/** Of means, a two-sided range of 95 % is left out at either end. */
const TAIL = 0.025;

/**
 * The mean of independent values, with Student's range. Of positive values with a long tail, such as latencies, it is the
 * mean of their logarithms: the geometric mean, and a range that stays positive.
 */
export function estimate(values: readonly number[], scale: 'linear' | 'log' = 'linear'): Estimate | null {
  if (values.length === 0) return null;
  const isLog = scale === 'log' && values.every((value) => value > 0);
  const back = isLog ? Math.exp : (value: number) => value;
  const { mean, error, freedom } = meanOf(isLog ? values.map(Math.log) : values);
  if (freedom === 0) return { value: back(mean), low: null, high: null };
  const reach = studentQuantile(1 - TAIL, freedom) * error;
  return { value: back(mean), low: back(mean - reach), high: back(mean + reach) };
}

/** How sure it is that positive values lie below a limit on their geometric mean, 0 to 1; null of fewer than two values. */
export function sureBelow(values: readonly number[], limit: number): number | null {
  if (values.length < 2) return null;
  const { mean, error, freedom } = meanOf(values.map(Math.log));
  const distance = Math.log(limit) - mean;
  if (error === 0) return distance >= 0 ? 1 : 0;
  return studentBelow(distance / error, freedom);
}

/** The mean, its standard error, and the degrees of freedom of that. */
function meanOf(values: readonly number[]): { mean: number; error: number; freedom: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const freedom = values.length - 1;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: freedom === 0 ? 0 : Math.sqrt(squares / freedom / values.length), freedom };
}

/** The share of Student's distribution below t. */
export function studentBelow(t: number, freedom: number): number {
  return (1 + Math.sign(t) * studentWithin(Math.abs(t), freedom)) / 2;
}

/** The share of Student's distribution within ±t: finite sums (Abramowitz and Stegun 26.7.3 and 26.7.4). */
function studentWithin(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isEven = freedom % 2 === 0;
  let term = isEven ? 1 : cosine;
  let sum = freedom === 1 ? 0 : term;
  for (let k = isEven ? 2 : 3; k < freedom; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  return isEven ? sine * sum : (2 / Math.PI) * (angle + sine * sum);
}

/** The value that so much of Student's distribution lies below. */
export function studentQuantile(share: number, freedom: number): number {
  let [low, high] = [-1e3, 1e3];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (studentBelow(middle, freedom) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** A random whole number from 0 to below. */
export type Draw = (below: number) => number;

/** A shuffled copy (Fisher and Yates). */
export function shuffled<T>(list: readonly T[], draw: Draw): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = draw(i + 1);
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}
