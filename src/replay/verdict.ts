/** What a comparison of two servers comes to. */
import type { Change } from '../analyze/compare.js';
import type { PairedChange } from './paired.js';

/**
 * What B is beside A, beyond noise; `none` where there is too little to say, `invalid` where the client was the bottleneck
 * and what does not depend on time, hit ratio and errors, is equal.
 */
export type Verdict = 'no_difference' | 'worse' | 'better' | 'mixed' | 'none' | 'invalid';

/** Whether a figure counts: latency and throughput do not where the client was the bottleneck. */
export function latencyCounts(valid: boolean, unit: Change['unit']): boolean {
  return valid || unit === 'ratio';
}

/** @param valid whether the client was fast enough */
export function verdictOf(changes: readonly PairedChange[], valid: boolean): Verdict {
  const beyond = changes.filter(({ beyond_noise, unit }) => beyond_noise && latencyCounts(valid, unit));
  const worse = beyond.some((change) => change.worse);
  const better = beyond.some((change) => !change.worse);
  if (changes.length === 0) return 'none';
  if (worse) return better ? 'mixed' : 'worse';
  if (better) return 'better';
  return valid ? 'no_difference' : 'invalid';
}
