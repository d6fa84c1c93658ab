/**
 * The lag of packets, from capture to decoding: a histogram with eight buckets for each doubling of
 * nanoseconds, so that a value is exact to an eighth.
 */
import { config } from './instance';
import { LAG_BUCKETS } from './layout';

/** Counts one packet with a lag of `nanoseconds`. */
// @ts-ignore: decorator
@inline
export function countLag(nanoseconds: i64): void {
  // The kernel took the time on another core, so that it may be later than this core's: such a lag is least.
  const lag = max(nanoseconds, 8);
  const exponent = <u32>(63 - clz(<u64>lag));
  const bucket = min((exponent << 3) | (<u32>(lag >> (exponent - 3)) & 7), LAG_BUCKETS - 1);
  const at = <usize>config.lag + (<usize>bucket << 3);
  store<u64>(at, load<u64>(at) + 1);
}
