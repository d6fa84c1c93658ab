/**
 * TLS joined in mid-stream: records of application data in a row (RFC 8446, section 5.1; RFC 5246, section
 * 6.2.1).
 *
 *   17 03 0x LEN LEN | LEN bytes
 *
 * They are followed from header to header across segments, starting with a header at the beginning of a
 * segment. A value of memcache may contain such bytes, but hardly records that keep ending where segments
 * end.
 */
import { Flow, Side } from '../flow/flow';

/** Consecutive complete records, and segments that end with one, that prove TLS. */
const RECORDS_MIN: u8 = 3;
const BORDERS_MIN: u8 = 2;

const APPLICATION_DATA: u8 = 0x17;
/** Major version, and highest minor version: TLS 1.3 has that of 1.2. */
const MAJOR: u8 = 3;
const MINOR_MAX: u8 = 4;
const HEADER: u32 = 5;
/** Least bytes of a record, a tag or a padded block, and most: 2^14 + 2048 (RFC 5246, section 6.2.3). */
const LEAST: u32 = 16;
const MOST: u32 = (1 << 14) + 2048;

/** Low bits of Side.record: header bytes seen; above them are the bytes to come. */
const SEEN_BITS: u32 = 3;
const SEEN: u32 = (1 << SEEN_BITS) - 1;

/** Takes the bytes of a segment in mid-stream. Returns whether the connection is proven to be TLS. */
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
