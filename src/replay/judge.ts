/** Which pairs of slices count, and what they say of two servers. */
import { worstFirst } from '../analyze/compare.js';
import { familiesOf } from './families.js';
import { PAIRS_MIN, type Pair, type PairedChange, pairedChanges } from './paired.js';
import { missedHits, percentileOf, type SliceFigures } from './slice-figures.js';
import { drawsFrom } from './slices-options.js';
import { type Series, warmUpOf } from './steady.js';

/** What was found out from pairs of slices. */
export interface Judgement {
  /** Pairs that were left out as warm-up, the first ones. */
  warm_up: number;
  /** Pairs that count. */
  pairs: number;
  /** What was not steady yet in the last half of the pairs. Then the first half is left out. */
  unsteady: string[];
  /** What is worse beyond noise first, the largest change first; then what is otherwise beyond noise; then the rest. */
  changes: PairedChange[];
  /** Why there is nothing to say; null otherwise. */
  too_little: string | null;
}

/** Differences of hit ratios and relative differences of the others that do not matter for warm-up. */
const RATIO_RESOLUTION = 0.001;
const RELATIVE_RESOLUTION = 0.02;

/**
 * Leaves out the warm-up, and compares the rest.
 *
 * @param pairs slices with the same requests, sent to both servers one after the other
 * @param seed a whole number of 32 bits, other than 0
 * @param isTimed whether requests were sent at times of their own: then the throughput is theirs, not the server's
 */
export function judge(pairs: readonly Pair<SliceFigures>[], seed: number, isTimed: boolean): Judgement {
  const half = Math.floor(pairs.length / 2);
  const { slices, unsteady } = warmUpOf([hitSeriesOf(pairs)]);
  // The recorded load may change until its end, which affects both servers alike.
  const others = warmUpOf(speedSeriesOf(pairs)).slices;
  const warmUp = Math.max(slices ?? half, others ?? 0);
  // Two neighbouring pairs have the servers in opposite orders, so they are left out together.
  const left = 2 * Math.ceil(warmUp / 2);
  const kept = pairs.slice(left);
  const found = { warm_up: left, pairs: kept.length, unsteady };
  if (pairs.length < PAIRS_MIN || kept.length < PAIRS_MIN) {
    const why = `${pairs.length} pairs of slices, ${left} of them warm-up: ${PAIRS_MIN} must be left`;
    return { ...found, changes: [], too_little: why };
  }
  const { families, blocks } = familiesOf(kept, isTimed);
  return {
    ...found,
    changes: worstFirst(pairedChanges(families, blocks, drawsFrom(seed))),
    too_little: null,
  };
}

/**
 * How far hit ratios are below the recorded ones, of both servers together: were it one against the other, the pairs would
 * be chosen by the very differences that are to be judged.
 */
function hitSeriesOf(pairs: readonly Pair<SliceFigures>[]): Series {
  const values = pairs.map(([a, b]) => {
    const [one, other] = [missedHits(a), missedHits(b)];
    return one === null || other === null ? null : (one + other) / 2;
  });
  return { name: 'hit ratio', values, resolution: RATIO_RESOLUTION };
}

/** Latency and throughput, of both servers together, too. */
function speedSeriesOf(pairs: readonly Pair<SliceFigures>[]): Series[] {
  const together = (name: string, of: (figures: SliceFigures) => number | null) => ({
    name,
    values: pairs.map(([a, b]) => {
      const [one, other] = [of(a), of(b)];
      return one !== null && other !== null && one > 0 && other > 0 ? Math.log(one * other) / 2 : null;
    }),
    resolution: RELATIVE_RESOLUTION,
  });
  return [
    together('latency', ({ latency }) => percentileOf(latency, 0.5)),
    together('throughput', ({ requests, elapsed }) => (elapsed > 0 ? requests / elapsed : null)),
  ];
}

/** The figures of one server at one pace that become steady when it is warm. */
export function seriesOfOne(slices: readonly SliceFigures[]): Series[] {
  return [
    { name: 'hit ratio', values: slices.map(missedHits), resolution: RATIO_RESOLUTION },
    {
      name: 'latency',
      values: slices.map(({ latency }) => {
        const median = percentileOf(latency, 0.5);
        return median === null || median === 0 ? null : Math.log(median);
      }),
      resolution: RELATIVE_RESOLUTION,
    },
  ];
}
