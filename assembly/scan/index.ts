/** Chooses simd.ts or scalar.ts at compile time. */
import * as scalar from './scalar';
import * as simd from './simd';

/** Address of the first `byte` in [at, end), or `end`. */
// @ts-ignore: decorator
@inline
export function findByte(at: usize, end: usize, byte: u8): usize {
  if (ASC_FEATURE_SIMD) return simd.findByte(at, end, byte);
  return scalar.findByte(at, end, byte);
}

/** Address of the first line feed or NUL in [at, end), or `end`. */
// @ts-ignore: decorator
@inline
export function findLineEnd(at: usize, end: usize): usize {
  if (ASC_FEATURE_SIMD) return simd.findLineEnd(at, end);
  return scalar.findLineEnd(at, end);
}

/** Address of the first byte in [at, end) that is a space or below, or `end`. */
// @ts-ignore: decorator
@inline
export function findGap(at: usize, end: usize): usize {
  if (ASC_FEATURE_SIMD) return simd.findGap(at, end);
  return scalar.findGap(at, end);
}
