/** When a server has warmed up, found from what was measured. */

/** One figure of each slice, in order; null where a slice has none. */
export interface Series {
  name: string;
  values: readonly (number | null)[];
  /** Differences smaller than this do not matter. */
  resolution: number;
}

/** Slices that are looked at, at least, before anything is said. */
export const SLICES_MIN = 8;
/** Slices left at the least, as a share, of which the rule tells how steady they are. */
const SHARE_LEFT = 0.25;
const LEFT_MIN = 4;
/** What lies further from the median than so many standard deviations is taken for as far as that. */
const CLIP = 3;
/** Standard deviations in a median absolute deviation of a normal distribution. */
const DEVIATIONS = 1.4826;

/**
 * The number of leading slices that belong to the warm-up; null where the figures were not steady for at least the last
 * half of the slices, or there are too few of them.
 *
 * It is the marginal standard error rule (White 1997, MSER): leave out as many leading values as make the standard error
 * of the mean of the rest smallest; where that is more than half of them, the series is not steady yet. A single slice
 * that another program disturbed must not count as warm-up, so values are clipped to three standard deviations about the
 * median of the last half, told from the median absolute deviation. Slices that lie outside of that before the first one
 * within are warm-up in any case.
 */
export function warmUpOf(series: readonly Series[]): { slices: number | null; unsteady: string[] } {
  let slices = 0;
  const unsteady: string[] = [];
  for (const { name, values, resolution } of series) {
    const known = values.flatMap((value, slice) => (value === null ? [] : [{ value, slice }]));
    if (known.length === 0) continue;
    if (known.length < SLICES_MIN) {
      unsteady.push(name);
      continue;
    }
    const from = truncationOf(
      known.map(({ value }) => value),
      resolution,
    );
    if (from > known.length / 2) unsteady.push(name);
    else if (from > 0) slices = Math.max(slices, known[from - 1]!.slice + 1);
  }
  return { slices: unsteady.length > 0 ? null : slices, unsteady };
}

/** Where the rule cuts. */
function truncationOf(values: readonly number[], resolution: number): number {
  const half = values.slice(Math.floor(values.length / 2));
  const middle = median(half);
  const deviation = DEVIATIONS * median(half.map((value) => Math.abs(value - middle)));
  const reach = CLIP * Math.max(deviation, resolution);
  const clipped = values.map((value) => Math.min(middle + reach, Math.max(middle - reach, value)));
  const leftMin = Math.max(LEFT_MIN, Math.ceil(SHARE_LEFT * values.length));
  const settled = values.findIndex((value, at) => value === clipped[at]);
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  let [sum, squares] = [0, 0];
  // From the end, so that sums grow; of equal errors the longest rest is taken.
  for (let from = values.length - 1; from >= 0; from--) {
    const value = clipped[from]! - middle;
    sum += value;
    squares += value * value;
    const left = values.length - from;
    if (left < leftMin) continue;
    const variance = Math.max(0, squares / left - (sum / left) ** 2) + resolution ** 2;
    const error = variance / left;
    if (error <= least) [best, least] = [from, error];
  }
  return Math.max(best, settled);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
