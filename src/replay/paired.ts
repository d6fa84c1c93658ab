/** Differences between two servers that got the same requests, slice by slice, and whether they are more than noise. */
import { type Change, differenceOf } from '../analyze/compare.js';
import type { SliceFigures } from './slice-figures.js';
import type { Draw } from './statistics.js';

export type Pair<T> = readonly [a: T, b: T];

/** A figure of two servers. */
export interface PairedChange extends Change {
  /** The share of runs on equal servers in which some figure, this or another, differs as much as this one does. */
  p: number;
}

/** What is measured of both servers, several figures that come from the same counts. */
export interface Family {
  figures: readonly Figure[];
  /** The figures of both servers over the blocks that were picked, some of them several times. */
  of(picks: ArrayLike<number>): readonly (Pair<number> | null)[];
}

export interface Figure {
  name: string;
  unit: Change['unit'];
  /** 1: more is worse, −1: less is worse, 0: neither. */
  worse: 1 | -1 | 0;
}

/** Differences are beyond noise where equal servers show such a one in fewer runs than this share. */
export const NOISE = 0.01;
/** Blocks at least: of k blocks the sides can be exchanged in 2^(k − 1) ways that differ. */
const BLOCKS_MIN = 8;
/**
 * Pairs of a block. In a simulation of equal servers, with eight figures that wander from slice to slice, at most 1.8 %
 * of 400 runs differed beyond noise, with correlations of up to 0.6 between neighbouring slices.
 */
const BLOCK = 6;
/** Number of blocks below which blocks are made smaller rather than fewer. */
const BLOCKS_ENOUGH = 10;
/** Pairs at least. */
export const PAIRS_MIN = 2 * BLOCKS_MIN;
/** Exchanges that are tried: all of them where they are not more, else as many, chosen at random. */
const EXCHANGES = 2048;
/** Times the blocks are drawn again. */
const DRAWS = 1000;

/**
 * Neighbouring pairs put together, an even number, so that each block has either server in front as often. What goes on
 * from one slice to the next stays in its block for the most part, so that blocks are nearly independent of each other.
 */
export function blocksOf(pairs: readonly Pair<SliceFigures>[]): Pair<SliceFigures>[][] {
  let size = BLOCK;
  while (size > 2 && pairs.length / size < BLOCKS_ENOUGH) size -= 2;
  const number = Math.max(1, Math.floor(pairs.length / size));
  return Array.from({ length: number }, (_, block) =>
    pairs.slice(block * size, block === number - 1 ? pairs.length : (block + 1) * size),
  );
}

/**
 * Whether the figures differ beyond noise. Were the servers equal, either could have given either half of each block: so
 * the sides of blocks are exchanged in all ways, and for each the largest sum of differences of any figure is found, in
 * its standard deviations (Westfall and Young 1993). A difference that is as large only in one way of a hundred is beyond
 * noise. This takes account of the number of figures, and supposes nothing of how they are distributed.
 *
 * Beside it the range of each figure alone, with 95 %, by drawing whole blocks again; one that holds 0 is within noise.
 */
export function pairedChanges(families: readonly Family[], blocks: number, draw: Draw): PairedChange[] {
  const figures = families.flatMap((family) => family.figures);
  const of = (picks: ArrayLike<number>) => families.flatMap((family) => family.of(picks));
  const all = of(Uint16Array.from({ length: blocks }, (_, block) => block));
  const each = Array.from({ length: blocks }, (_, block) => of([block]));
  const differences = figures.map(({ unit }, at) =>
    Float64Array.from(each, (found) => symmetric(unit, found[at]!)),
  );
  const deviations = differences.map((list) => Math.sqrt(list.reduce((sum, size) => sum + size * size, 0)));
  const sizeOf = (at: number, swaps: ArrayLike<number>) => {
    let sum = 0;
    for (let block = 0; block < blocks; block++)
      sum += swaps[block] === 0 ? differences[at]![block]! : -differences[at]![block]!;
    return deviations[at] === 0 ? 0 : Math.abs(sum) / deviations[at]!;
  };
  const largest = exchanges(blocks, draw).map((swaps) =>
    Math.max(0, ...figures.map((_, at) => sizeOf(at, swaps))),
  );
  const drawn = Array.from({ length: DRAWS }, () =>
    of(Uint16Array.from({ length: blocks }, () => draw(blocks))),
  );
  const none = new Uint8Array(blocks);
  return figures.flatMap(({ name, unit, worse }, at) => {
    const pair = all[at]!;
    if (pair === null) return [];
    const own = sizeOf(at, none);
    const p = largest.filter((size) => size >= own * (1 - 1e-9)).length / largest.length;
    const change = differenceOf(unit, ...pair);
    const [low, high] = rangeOf(
      drawn.map((found) => found[at]!),
      unit,
      change,
    );
    return {
      ...{ name, unit, a: pair[0], b: pair[1], change, low, high, p },
      beyond_noise: p <= NOISE && (low > 0 || high < 0),
      worse: worse === 0 ? null : change * worse > 0,
    };
  });
}

/** Where the change lies with 95 %. */
function rangeOf(
  pairs: readonly (Pair<number> | null)[],
  unit: Change['unit'],
  change: number,
): Pair<number> {
  const changes = pairs
    .flatMap((pair) => (pair === null ? [] : [differenceOf(unit, ...pair)]))
    .sort((x, y) => x - y);
  const at = (share: number) => changes[Math.round(share * (changes.length - 1))] ?? change;
  return [Math.min(at(0.025), change), Math.max(at(0.975), change)];
}

/** A difference that only changes its sign when the servers are exchanged. */
function symmetric(unit: Change['unit'], pair: Pair<number> | null): number {
  if (pair === null) return 0;
  const [a, b] = pair;
  if (unit === 'ratio') return b - a;
  return a > 0 && b > 0 ? Math.log(b / a) : Math.sign(b - a);
}

/** Which blocks have their sides exchanged. The first never has: that would be another way to exchange all the others. */
function exchanges(blocks: number, draw: Draw): Uint8Array[] {
  const ways = 2 ** (blocks - 1);
  if (ways <= EXCHANGES)
    return Array.from({ length: ways }, (_, way) =>
      Uint8Array.from({ length: blocks }, (_none, block) => (block === 0 ? 0 : (way >> (block - 1)) & 1)),
    );
  // The order as measured is one of the exchanges.
  return Array.from({ length: EXCHANGES }, (_, way) =>
    Uint8Array.from({ length: blocks }, () => (way === 0 ? 0 : draw(2))),
  );
}
