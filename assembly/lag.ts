/**
 * How late packets are decoded: a histogram with eight buckets to each doubling of nanoseconds, so that a
 * value is told to an eighth of itself.
 */
import { config } from './instance';
import { LAG_BUCKETS } from './layout';

/** Counts one packet that is `nanoseconds` old. */
// @ts-ignore: decorator
@inline
export function countLag(nanoseconds: i64): void {
  // The kernel reads its clock on another core: a packet that seems to come from the future is new.
  const lag = max(nanoseconds, 8);
  const exponent = <u32>(63 - clz(<u64>lag));
  const bucket = min((exponent << 3) | (<u32>(lag >> (exponent - 3)) & 7), LAG_BUCKETS - 1);
  const at = <usize>config.lag + (<usize>bucket << 3);
  store<u64>(at, load<u64>(at) + 1);
}
