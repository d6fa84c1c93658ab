/**
 * Link-layer headers: from a captured packet to its IP header.
 * Layouts and numbers: tcpdump.org/linktypes.html and its per-type pages, IEEE 802.1Q for tags.
 */
import {
  LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2, LINKTYPE_LOOP, LINKTYPE_NULL,
} from '../layout';
import { load16 } from './bytes';

/** The packet ends inside its link header. */
export const LINK_CUT: i32 = -1;
/** The packet carries something else than IP. */
export const LINK_NOT_IP: i32 = -2;

const ETHERTYPE_IPV4: u32 = 0x0800;
const ETHERTYPE_IPV6: u32 = 0x86dd;
const ETHERTYPE_VLAN: u32 = 0x8100;
const ETHERTYPE_SERVICE_VLAN: u32 = 0x88a8;
const ETHERTYPE_OLD_SERVICE_VLAN: u32 = 0x9100;
/** More tags than any network stacks; bounds the walk. */
const TAGS_MAX: i32 = 4;

/** Follows EtherTypes and VLAN tags from the type field at `offset`. */
function afterType(data: usize, size: u32, offset: u32): i32 {
  for (let tags = 0; tags <= TAGS_MAX; tags++) {
    if (size < offset + 2) return LINK_CUT;
    const type = load16(data + offset);
    offset += 2;
    if (type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6) return offset;
    if (type != ETHERTYPE_VLAN && type != ETHERTYPE_SERVICE_VLAN && type != ETHERTYPE_OLD_SERVICE_VLAN) {
      return LINK_NOT_IP;
    }
    offset += 2;
  }
  return LINK_NOT_IP;
}

/** Low bits of the interface in a Linux cooked v2 header: the index is its bytes 4 to 7, in network order. */
// @ts-ignore: decorator
@inline
export function interfaceOfCooked(data: usize, size: u32): u32 {
  return size < 8 ? 0 : load<u8>(data + 7);
}

/** Offset of the IP header in a packet of `size` captured bytes, or LINK_CUT or LINK_NOT_IP. */
export function ipOffset(linktype: u32, data: usize, size: u32): i32 {
  if (linktype == LINKTYPE_ETHERNET) return afterType(data, size, 12);
  if (linktype == LINKTYPE_LINUX_SLL) return afterType(data, size, 14);
  if (linktype == LINKTYPE_LINUX_SLL2) {
    if (size < 20) return LINK_CUT;
    const type = load16(data);
    if (type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6) return 20;
    if (type == ETHERTYPE_VLAN || type == ETHERTYPE_SERVICE_VLAN) return afterType(data, size, 22);
    return LINK_NOT_IP;
  }
  if (linktype == LINKTYPE_NULL || linktype == LINKTYPE_LOOP) {
    if (size < 4) return LINK_CUT;
    // The address family in the byte order of whoever captured: 2 is IPv4 everywhere; IPv6 is 10 on
    // Linux, 24, 28 or 30 on the BSDs and macOS.
    let family = load<u32>(data);
    if (family > 0xffff) family = bswap<u32>(family);
    if (family == 2 || family == 10 || family == 24 || family == 28 || family == 30) return 4;
    return LINK_NOT_IP;
  }
  return 0;
}
