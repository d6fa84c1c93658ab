/**
 * Samples in a ring of perf_event_open(2), as the BPF program writes them (bpf/perf.h, linux/perf_event.h). A
 * position is in bytes since the ring was made; headers begin at multiples of 8. A sample may go on at the
 * beginning of the ring.
 *
 *   | type (u32) | misc (u16) | size (u16) | size of the rest (u32) | ring_record ... | padding to 8 |
 *
 * There are other records: how many samples were lost, which the BPF program has counted already.
 */
import { HOLES_MAX, PerfCursor, RingRecord, SIZEOF_RING_HOLE, SIZEOF_RING_RECORD } from '../layout';

/** Bytes of a sample before its `ring_record`. */
export const SAMPLE_HEAD: u32 = 12;
/** Type of a sample: PERF_RECORD_SAMPLE. */
const SAMPLE: u32 = 9;
/** Bytes of struct perf_event_header. */
const HEADER: u32 = 8;
/** Time of a ring without another sample: later than all. */
const NO_TIME = u64.MAX_VALUE;

/** The header of the record at a position: its type in the lowest 32 bits, its bytes in the highest 16. */
// @ts-ignore: decorator
@inline
function headerAt(cursor: PerfCursor, position: u64, size: u32): u64 {
  return load<u64>(<usize>cursor.data + (<u32>position & (size - 1)));
}

// @ts-ignore: decorator
@inline
export function isSample(cursor: PerfCursor, position: u64, size: u32): bool {
  return <u32>headerAt(cursor, position, size) == SAMPLE;
}

/** Bytes of the record at a position, its header included. */
// @ts-ignore: decorator
@inline
export function sampleSize(cursor: PerfCursor, position: u64, size: u32): u32 {
  return max(<u32>(headerAt(cursor, position, size) >> 48), HEADER);
}

/** Time of the sample at a position: the first field of its `ring_record`. */
// @ts-ignore: decorator
@inline
export function sampleTime(cursor: PerfCursor, position: u64, size: u32): u64 {
  const at = <u32>position + SAMPLE_HEAD;
  const data = <usize>cursor.data;
  return <u64>load<u32>(data + (at & (size - 1))) | (<u64>load<u32>(data + ((at + 4) & (size - 1))) << 32);
}

/** Moves a cursor to the next sample at or after it. Returns the time of that, or NO_TIME. */
export function seekSample(cursor: PerfCursor, size: u32): u64 {
  while (cursor.next < cursor.end) {
    if (isSample(cursor, cursor.next, size)) return sampleTime(cursor, cursor.next, size);
    cursor.next += sampleSize(cursor, cursor.next, size);
  }
  return NO_TIME;
}

/** Address of the sample at the cursor in one piece: in the ring, or else copied to `spare`. */
export function wholeSample(cursor: PerfCursor, size: u32, spare: usize): usize {
  const bytes = sampleSize(cursor, cursor.next, size);
  const offset = <u32>cursor.next & (size - 1);
  const data = <usize>cursor.data;
  if (offset + bytes <= size) return data + offset;
  const first = size - offset;
  memory.copy(spare, data + offset, first);
  memory.copy(spare + first, data, bytes - first);
  return spare;
}

/** Address of the IP header of a record: after the holes, or else after the link header. */
// @ts-ignore: decorator
@inline
export function sampleIp(record: usize): u32 {
  const head = changetype<RingRecord>(record);
  return <u32>record + SIZEOF_RING_RECORD + (head.holes ? HOLES_MAX * SIZEOF_RING_HOLE : <u32>head.linkSize);
}
