import type { Results } from './interleave.js';
import type { Usage } from './run.js';

/** Median; NaN where there are no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median of a measure over the rounds; null where it was not measured or there was no round. */
export function medianOf(results: Results, name: string, measure: keyof Usage): number | null {
  const values = results.get(name)?.map((usage) => usage[measure]) ?? [];
  const measured = values.filter((value) => value !== null);
  return measured.length > 0 ? median(measured) : null;
}

/**
 * Median over the rounds of one contestant's measure ÷ another's in the same round, because only runs close
 * in time compare; null where one of them did not run.
 */
export function ratioOf(
  results: Results,
  above: string,
  below: string,
  measure: keyof Usage = 'wall',
): number | null {
  const others = results.get(below) ?? [];
  const ratios = (results.get(above) ?? []).flatMap((usage, round) => {
    const over = usage[measure];
    const under = others[round]?.[measure];
    return over !== null && under ? [over / under] : [];
  });
  return ratios.length > 0 ? median(ratios) : null;
}

/** A median with the range of its values. */
export interface Spread {
  median: number;
  least: number;
  most: number;
}

/** Median and range; null where there are no values. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}
