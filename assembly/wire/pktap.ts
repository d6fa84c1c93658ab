/**
 * Apple's header of `tcpdump -i pktap` (tcpdump.org/linktypes/LINKTYPE_PKTAP.html; struct pktap_header in
 * bsd/net/pktap.h of XNU): its length, the type of the record and the link type of the following packet, u32
 * each, in the byte order of the Mac.
 */
import { LINK_CUT, LINK_NOT_IP } from './outcome';

/** Bytes of the fields that are read. */
const FIELDS: u32 = 12;
/** PTH_TYPE_PACKET. */
const PACKET: u32 = 1;
/** Most bytes of a header; a higher length was read in the wrong byte order. */
const LENGTH_MAX: u32 = 0xffff;

// @ts-ignore: decorator
@inline
function field(data: usize, at: u32): u32 {
  const value = load<u32>(data + at);
  return load<u32>(data) > LENGTH_MAX ? bswap<u32>(value) : value;
}

/** Bytes of the header, or LINK_CUT or LINK_NOT_IP. */
export function pktapSize(data: usize, size: u32): i32 {
  if (size < FIELDS) return LINK_CUT;
  const length = field(data, 0);
  if (length < FIELDS || length > LENGTH_MAX || field(data, 4) != PACKET) return LINK_NOT_IP;
  return length > size ? LINK_CUT : <i32>length;
}

/** LINKTYPE_ value of what follows the header. */
export function pktapLinktype(data: usize): u32 {
  return field(data, 8);
}
