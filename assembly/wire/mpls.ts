/**
 * MPLS label stacks (RFC 3032): entries of 4 bytes, the lowest with bit S set. The type of what follows is
 * not given.
 */
import { LINK_CUT, LINK_NOT_IP } from './outcome';

const ENTRY: u32 = 4;
/** Offset of the byte in an entry whose lowest bit is S. */
const BOTTOM: u32 = 2;
/** Most labels, more than any network uses, to bound the walk. */
const LABELS_MAX: i32 = 16;

/**
 * Offset of the IP header after the label stack at `offset`. IP is recognised by its version, as routers do;
 * for that reason, pseudowires begin with a control word whose first four bits are 0 (RFC 4928, section 3).
 */
export function afterLabels(data: usize, size: u32, offset: u32): i32 {
  for (let labels = 0; labels < LABELS_MAX; labels++) {
    if (size < offset + ENTRY) return LINK_CUT;
    const bottom = load<u8>(data + offset + BOTTOM) & 1;
    offset += ENTRY;
    if (!bottom) continue;
    if (size <= offset) return LINK_CUT;
    const version = <u32>(load<u8>(data + offset) >> 4);
    return version == 4 || version == 6 ? <i32>offset : LINK_NOT_IP;
  }
  return LINK_NOT_IP;
}
