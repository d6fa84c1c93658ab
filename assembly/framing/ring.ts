/**
 * Records of a BPF ring buffer, as written by the kernel (kernel/bpf/ringbuf.c, linux/bpf.h). They are in
 * read-only pages, mapped twice in a row, so that each record is contiguous:
 *
 *   | length, busy and discard bits (u32) | page offset (u32) | record ... | padding to 8 |
 */

import { HOLES_MAX, RingRecord, SIZEOF_RING_HOLE, SIZEOF_RING_RECORD } from '../layout';

/** Bytes before a record: BPF_RINGBUF_HDR_SZ. */
export const RING_HEAD: u32 = 8;
/** BPF_RINGBUF_BUSY_BIT: reserved, but not submitted yet. */
const BUSY: u32 = 1 << 31;
/** BPF_RINGBUF_DISCARD_BIT: discarded by its writer. */
const DISCARD: u32 = 1 << 30;

/** Whether the record is still being written, so that it must not be read. */
// @ts-ignore: decorator
@inline
export function isUnfinished(at: usize): bool {
  // The writer clears the bit last (xchg), so that later reads see the complete record.
  const head = ASC_FEATURE_THREADS ? atomic.load<u32>(at) : load<u32>(at);
  return (head & BUSY) != 0;
}

// @ts-ignore: decorator
@inline
export function isDiscarded(at: usize): bool {
  return (load<u32>(at) & DISCARD) != 0;
}

/** Bytes to the next record. */
// @ts-ignore: decorator
@inline
export function ringRecordSize(at: usize): u32 {
  return ((load<u32>(at) & ~(BUSY | DISCARD)) + RING_HEAD + 7) & ~7;
}

/** Address of the IP header of a record, which follows the holes, if there are any. */
// @ts-ignore: decorator
@inline
export function ringIp(record: usize): u32 {
  const holes = changetype<RingRecord>(record).holes;
  return <u32>record + SIZEOF_RING_RECORD + (holes ? HOLES_MAX * SIZEOF_RING_HOLE : 0);
}

/** Bytes of a record, without its head and padding. */
// @ts-ignore: decorator
@inline
export function ringContent(at: usize): u32 {
  return load<u32>(at) & ~(BUSY | DISCARD);
}

/**
 * The time of a record, which was in the ring at `now`. The sender's stamp may lie a little in the future;
 * the BPF program takes none that lies far from the clock.
 */
// @ts-ignore: decorator
@inline
export function ringTime(time: u64, now: u64): u64 {
  return <i64>(time - now) > 0 ? now : time;
}
