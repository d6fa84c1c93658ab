/**
 * Link-layer headers: from a captured packet to its IP header.
 * Layouts and numbers: tcpdump.org/linktypes.html and its per-type pages.
 */
import {
  LINKTYPE_C_HDLC, LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2, LINKTYPE_LOOP, LINKTYPE_MPLS,
  LINKTYPE_NFLOG, LINKTYPE_NULL, LINKTYPE_PKTAP, LINKTYPE_PPP, LINKTYPE_PPP_WITH_DIR, LINKTYPE_PPPOE,
  LINKTYPE_UNKNOWN, linktypeOf, SIZEOF_PACKET_HEAD,
} from '../layout';
import { load16 } from './bytes';
import { afterType, follow, isType } from './ethertype';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './ip';
import { afterLabels } from './mpls';
import { nflogPayload } from './nflog';
import { LINK_CUT, LINK_NOT_IP } from './outcome';
import { pktapLinktype, pktapSize } from './pktap';
import { afterPpp, afterPppoe } from './ppp';

export { LINK_CUT, LINK_NOT_IP };

/**
 * Highest offset of an IP header that is read, because a list entry has the distance from the packet head in
 * a byte.
 */
const OFFSET_MAX: i32 = 255 - <i32>SIZEOF_PACKET_HEAD;

/**
 * Protocol number for a frame with an LLC header (ETH_P_802_2 in linux/if_ether.h), in Linux cooked packets.
 */
const COOKED_LLC: u32 = 4;

/** Low bits of the interface in a Linux cooked v2 header: the index is its bytes 4 to 7, in network order. */
// @ts-ignore: decorator
@inline
export function interfaceOfCooked(data: usize, size: u32): u32 {
  return size < 8 ? 0 : load<u8>(data + 7);
}

/** Offset of the IP header in a packet of `size` captured bytes, or LINK_CUT or LINK_NOT_IP. */
export function ipOffset(linktype: u32, data: usize, size: u32): i32 {
  if (linktype == LINKTYPE_ETHERNET) return afterType(data, size, 12);
  const offset = otherOffset(linktype, data, size);
  return offset > OFFSET_MAX ? LINK_NOT_IP : offset;
}

function otherOffset(linktype: u32, data: usize, size: u32): i32 {
  if (linktype == LINKTYPE_LINUX_SLL) return afterCooked(data, size, 14, 16);
  if (linktype == LINKTYPE_LINUX_SLL2) return size < 20 ? LINK_CUT : afterCooked(data, size, 0, 20);
  if (linktype == LINKTYPE_NULL || linktype == LINKTYPE_LOOP) return afterFamily(data, size);
  if (linktype == LINKTYPE_PPP) return afterPpp(data, size, 0);
  if (linktype == LINKTYPE_PPP_WITH_DIR) return afterPpp(data, size, 1);
  if (linktype == LINKTYPE_PPPOE) return afterPppoe(data, size, 0);
  if (linktype == LINKTYPE_C_HDLC) return afterType(data, size, 2);
  if (linktype == LINKTYPE_MPLS) return afterLabels(data, size, 0);
  if (linktype == LINKTYPE_NFLOG) return nflogPayload(data, size);
  if (linktype == LINKTYPE_PKTAP) return afterPktap(data, size);
  return 0;
}

/** A Linux cooked packet with its type field at `field`, and the header of that type at `offset`. */
function afterCooked(data: usize, size: u32, field: u32, offset: u32): i32 {
  if (size < field + 2) return LINK_CUT;
  const type = load16(data + field);
  if (type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6) return offset;
  // Numbers that would be lengths in an Ethernet header are protocol numbers of Linux here.
  if (isType(type)) return follow(type, data, size, offset);
  return type == COOKED_LLC ? follow(0, data, size, offset) : LINK_NOT_IP;
}

/** A BSD loopback packet, with an address family of 4 bytes. */
function afterFamily(data: usize, size: u32): i32 {
  if (size < 4) return LINK_CUT;
  // In the byte order of the capturing host: 2 is IPv4 everywhere; IPv6 is 10 on Linux, 24, 28 or 30 on the
  // BSDs and macOS.
  let family = load<u32>(data);
  if (family > 0xffff) family = bswap<u32>(family);
  if (family == 2 || family == 10 || family == 24 || family == 28 || family == 30) return 4;
  return LINK_NOT_IP;
}

/** Apple's header, followed by a packet of another link type. */
function afterPktap(data: usize, size: u32): i32 {
  const header = pktapSize(data, size);
  if (header < 0) return header;
  const inner = linktypeOf(pktapLinktype(data));
  if (inner == LINKTYPE_UNKNOWN || inner == LINKTYPE_PKTAP) return LINK_NOT_IP;
  const offset = ipOffset(inner, data + header, size - <u32>header);
  return offset < 0 ? offset : header + offset;
}
