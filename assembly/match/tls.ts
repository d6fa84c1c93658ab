/**
 * TLS joined in mid-stream: records of application data in a row (RFC 8446, section 5.1; RFC 5246, section
 * 6.2.1).
 *
 *   17 03 0x LEN LEN | LEN bytes
 *
 * They are followed from header to header, over segments, from one that begins a segment. A value of memcache
 * may hold such bytes; but its end is a line's, and so the records do not go on for long to end where
 * segments end.
 */
import { Flow, Side } from '../flow/flow';

/** Whole records in a row, and segments that ended with one, that make a connection TLS. */
const RECORDS_MIN: u8 = 3;
const BORDERS_MIN: u8 = 2;

const APPLICATION_DATA: u8 = 0x17;
/** Its major version, and the highest minor version: that of TLS 1.3 stands for 1.2. */
const MAJOR: u8 = 3;
const MINOR_MAX: u8 = 4;
const HEADER: u32 = 5;
/**
 * Bytes a record has at least, a tag or a padded block, and at most: 2^14 + 2048 (RFC 5246, section 6.2.3).
 */
const LEAST: u32 = 16;
const MOST: u32 = (1 << 14) + 2048;

/** Side.record: bytes of the header seen in its low three bits, above them those to come. */
const SEEN_BITS: u32 = 3;
const SEEN: u32 = (1 << SEEN_BITS) - 1;

/**
 * Takes bytes in mid-stream, those of a segment. Returns whether they have shown that the connection is under
 * TLS.
 */
export function isTlsInside(flow: Flow, side: Side, at: usize, end: usize): bool {
  let seen = side.record & SEEN;
  let left = side.record >> SEEN_BITS;
  while (at < end) {
    if (seen == HEADER) {
      const bytes = <u32>min<usize>(left, end - at);
      at += bytes;
      left -= bytes;
      if (left) break;
      seen = 0;
      if (flow.records < RECORDS_MIN) flow.records++;
      continue;
    }
    const byte = load<u8>(at++);
    let fits = true;
    if (seen == 0) fits = byte == APPLICATION_DATA;
    else if (seen == 1) fits = byte == MAJOR;
    else if (seen == 2) fits = byte <= MINOR_MAX;
    else left = (left << 8) | byte;
    seen++;
    if (seen == HEADER) fits = left >= LEAST && left <= MOST;
    if (fits) continue;
    side.record = 0;
    flow.records = 0;
    flow.borders = 0;
    return false;
  }
  side.record = (left << SEEN_BITS) | seen;
  if (seen == 0 && flow.borders < BORDERS_MIN) flow.borders++;
  return flow.records == RECORDS_MIN && flow.borders == BORDERS_MIN;
}
