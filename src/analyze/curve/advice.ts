import { type Curve, kneeOf, ratioAt } from './distances.js';

/** What half and double the memory would do. Ratios are hit ratios. */
export interface Advice {
  /** Bytes the cache is assumed to have. */
  bytes: number;
  /**
   * Where that size comes from: `given` by the user; `hit_ratio`: the size at which the curve has the recorded ratio;
   * `all`: the size from which on the curve is flat, because it does not reach that ratio.
   */
  from: 'given' | 'hit_ratio' | 'all';
  hit_ratio: number;
  half: number;
  double: number;
  /** The knee of the curve, bytes; null where it has none. */
  knee: { bytes: number; hit_ratio: number } | null;
}

/**
 * @param curve miss ratios by bytes
 * @param given bytes, or null
 * @param recorded hit ratio, or null
 */
export function adviceOf(curve: Curve, given: number | null, recorded: number | null): Advice | null {
  const last = curve.at(-1);
  if (last === undefined) return null;
  // A simulation may go on to sizes that no longer change anything.
  const enough = curve.findIndex(([, ratio]) => ratio <= last[1]);
  const reached = recorded === null ? undefined : curve.find(([, ratio]) => 1 - ratio >= recorded);
  const bytes = given ?? reached?.[0] ?? curve[enough]![0];
  const hit = (size: number) => 1 - ratioAt(curve, size);
  const knee = kneeOf(curve.slice(0, enough + 1));
  return {
    bytes,
    from: given !== null ? 'given' : reached !== undefined ? 'hit_ratio' : 'all',
    hit_ratio: hit(bytes),
    half: hit(bytes / 2),
    double: hit(2 * bytes),
    knee: knee === null ? null : { bytes: knee, hit_ratio: hit(knee) },
  };
}
