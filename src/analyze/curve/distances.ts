import { highestOf, indexOf } from '../histogram.js';

/** Sizes are rounded to 2^5 steps for each power of two. */
const BITS = 5;
const BUCKETS = (53 - BITS + 1) * 2 ** BITS;
/** Most points of a curve. */
const POINTS = 200;

/** A miss ratio by size: [size, share of reads that miss], sizes ascending, ratios never rising. */
export type Curve = [size: number, ratio: number][];

/**
 * A histogram of the sizes that reads need to be hits. The curve is exact at its points, despite the steps.
 */
export class Distances {
  #counts: Float64Array | undefined;

  add(size: number, weight: number): void {
    this.#counts ??= new Float64Array(BUCKETS);
    this.#counts[indexOf(Math.round(size), BITS)]! += weight;
  }

  /**
   * The reads of both, with each of the other counting `times`, which can be negative; nowhere fewer than
   * none.
   */
  plus(other: Distances, times: number): Distances {
    if (other.#counts === undefined || times === 0) return this;
    const sum = new Distances();
    sum.#counts = other.#counts.map((count, i) => Math.max(0, (this.#counts?.[i] ?? 0) + times * count));
    return sum;
  }

  /** Number of reads that are hits at a size, which must be a point of a curve. */
  hitsAt(size: number): number {
    if (this.#counts === undefined) return 0;
    let hits = 0;
    for (let i = 0; i <= indexOf(size, BITS); i++) hits += this.#counts[i]!;
    return hits;
  }

  /** @param reads those here, and those that miss at any size */
  curve(reads: number): Curve {
    if (this.#counts === undefined || reads === 0) return [];
    const points: Curve = [];
    let hits = 0;
    for (let i = 0; i < BUCKETS; i++) {
      if (this.#counts[i] === 0) continue;
      hits += this.#counts[i]!;
      points.push([highestOf(i, BITS), Math.min(1, Math.max(0, (reads - hits) / reads))]);
    }
    const step = Math.ceil(points.length / POINTS);
    return points.filter((_, i) => i % step === step - 1 || i === points.length - 1);
  }
}

/** The miss ratio at a size: that of the largest point up to it; 1 below the first point. */
export function ratioAt(curve: Curve, size: number): number {
  let ratio = 1;
  for (const [at, value] of curve) {
    if (at > size) break;
    ratio = value;
  }
  return ratio;
}

/**
 * The miss ratio at a size, on the line between the points of the curve around it: a curve has not all of
 * them.
 */
export function ratioBetween(curve: Curve, size: number): number {
  let [low, high] = [0, curve.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (curve[middle]![0] < size) low = middle + 1;
    else high = middle;
  }
  const [to, ratio] = curve[low] ?? [size, curve.at(-1)?.[1] ?? 1];
  const [from, before] = curve[low - 1] ?? [0, 1];
  return to <= from ? ratio : before + ((ratio - before) * Math.max(0, size - from)) / (to - from);
}

/**
 * The knee of a curve: the point farthest below the line from its first point to its last; null: there is
 * none.
 */
export function kneeOf(curve: Curve): number | null {
  const first = curve[0];
  const last = curve.at(-1);
  if (first === undefined || last === undefined || first[1] <= last[1]) return null;
  let knee: number | null = null;
  let farthest = 0.01;
  for (const [size, ratio] of curve) {
    const along = (size - first[0]) / (last[0] - first[0]);
    const down = (first[1] - ratio) / (first[1] - last[1]);
    if (down - along <= farthest) continue;
    farthest = down - along;
    knee = size;
  }
  return knee;
}
