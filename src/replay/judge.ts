/** Which pairs of slices count, and what they say of two servers. */
import { worstFirst } from '../analyze/compare.js';
import { familiesOf } from './families.js';
import { PAIRS_MIN, type Pair, type PairedChange, pairedChanges } from './paired.js';
import { missedHits, percentileOf, type SliceFigures } from './slice-figures.js';
import { drawsFrom } from './slices-options.js';
import { type Series, warmUpOf } from './warm-up.js';

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
 */
export function judge(pairs: readonly Pair<SliceFigures>[], seed: number): Judgement {
  const { slices, unsteady } = warmUpOf(seriesOf(pairs));
  const half = Math.floor(pairs.length / 2);
  // Two neighbours have the servers in either order: they count both, or neither does.
  const left = 2 * Math.ceil((slices ?? half) / 2);
  const kept = pairs.slice(left);
  const found = { warm_up: left, pairs: kept.length, unsteady };
  if (pairs.length < PAIRS_MIN || kept.length < PAIRS_MIN) {
    const why = `${pairs.length} pairs of slices, ${left} of them warm-up: ${PAIRS_MIN} must be left`;
    return { ...found, changes: [], too_little: why };
  }
  const { families, blocks } = familiesOf(kept);
  return {
    ...found,
    changes: worstFirst(pairedChanges(families, blocks, drawsFrom(seed))),
    too_little: null,
  };
}

/**
 * What becomes steady when servers are warm: how far their hit ratios are below the recorded ones, and their latency and
 * throughput against each other. The recorded load itself may change all the time, which both servers feel.
 */
function seriesOf(pairs: readonly Pair<SliceFigures>[]): Series[] {
  const relative = (of: (figures: SliceFigures) => number | null) =>
    pairs.map(([a, b]) => {
      const [one, other] = [of(a), of(b)];
      return one !== null && other !== null && one > 0 && other > 0 ? Math.log(other / one) : null;
    });
  return [
    ...(['A', 'B'] as const).map((name, side) => ({
      name: `hit ratio of ${name}`,
      values: pairs.map((pair) => missedHits(pair[side]!)),
      resolution: RATIO_RESOLUTION,
    })),
    {
      name: 'latency',
      values: relative(({ latency }) => percentileOf(latency, 0.5)),
      resolution: RELATIVE_RESOLUTION,
    },
    {
      name: 'throughput',
      values: relative(({ requests, elapsed }) => (elapsed > 0 ? requests / elapsed : null)),
      resolution: RELATIVE_RESOLUTION,
    },
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
