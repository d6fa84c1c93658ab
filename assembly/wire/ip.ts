/** IPv4 (RFC 791) and IPv6 (RFC 8200) headers: from an IP header to the transport header. */
import { load16 } from './bytes';

export const IP_OK: u32 = 0;
/** The packet was captured too short. */
export const IP_CUT: u32 = 1;
/** The header is inconsistent, or has an unknown option that requires dropping the packet. */
export const IP_MALFORMED: u32 = 2;
/** The packet is a fragment of a datagram. */
export const IP_FRAGMENT: u32 = 3;

// EtherTypes (IANA's list of IEEE 802 numbers).
export const ETHERTYPE_IPV4: u32 = 0x0800;
export const ETHERTYPE_IPV6: u32 = 0x86dd;

// Protocol numbers (IANA).
export const PROTOCOL_IPV4: u32 = 4;
export const PROTOCOL_TCP: u32 = 6;
export const PROTOCOL_UDP: u32 = 17;
export const PROTOCOL_IPV6: u32 = 41;
export const PROTOCOL_GRE: u32 = 47;
export const PROTOCOL_ESP: u32 = 50;

// Protocol numbers of IPv6 extension headers (IANA).
const HOP_BY_HOP: u32 = 0;
const ROUTING: u32 = 43;
const FRAGMENT: u32 = 44;
const AUTHENTICATION: u32 = 51;
const DESTINATION_OPTIONS: u32 = 60;
const MOBILITY: u32 = 135;
// Options that every host knows (RFC 2675, RFC 6275).
const JUMBO: u32 = 0xc2;
const HOME_ADDRESS: u32 = 0xc9;
/** Most extension headers, to bound the walk. */
const EXTENSIONS_MAX: i32 = 8;

// Results of `parseIp`; valid after it returned IP_OK.
/** 4 or 6. */
export let family: u32 = 0;
/** Protocol number of the transport. */
export let protocol: u32 = 0;
/** Offset from the IP header of the transport header; of a fragment, of its part of the datagram. */
export let headerSize: u32 = 0;
// Results for a fragment; valid after it returned IP_FRAGMENT.
/** Offset of the fragment in the datagram, bytes. */
export let fragmentOffset: u32 = 0;
/** Whether more fragments follow. */
export let moreFragments: bool = false;
/** Identification of the datagram between the two hosts. */
export let fragmentId: u32 = 0;

/**
 * Whether an extension header [at, end) has an unknown option that requires dropping the packet: the first
 * two bits of its type tell what a host does with an unknown option, 0 to ignore it (RFC 8200, section 4.2).
 */
function forbids(at: usize, end: usize): bool {
  for (at += 2; at + 1 < end; ) {
    const type = <u32>load<u8>(at);
    if (type & 0xc0 && type != JUMBO && type != HOME_ADDRESS) return true;
    // Pad1 is the only one without a length.
    at += type == 0 ? 1 : 2 + <u32>load<u8>(at + 1);
  }
  return false;
}

/** Reads the IP header of which `size` bytes were captured. */
export function parseIp(ip: usize, size: u32): u32 {
  if (size < 20) return IP_CUT;
  const first = <u32>load<u8>(ip);
  if (first >> 4 == 4) {
    family = 4;
    headerSize = (first & 15) << 2;
    if (headerSize < 20) return IP_MALFORMED;
    protocol = load<u8>(ip + 9);
    // More-fragments flag or an offset, in network order.
    if (load<u16>(ip + 6) & 0xff3f) {
      const field = load16(ip + 6);
      fragmentOffset = (field & 0x1fff) << 3;
      moreFragments = (field & 0x2000) != 0;
      fragmentId = load<u16>(ip + 4);
      return IP_FRAGMENT;
    }
    return IP_OK;
  }
  if (first >> 4 != 6) return IP_MALFORMED;
  if (size < 40) return IP_CUT;
  family = 6;
  let next = <u32>load<u8>(ip + 6);
  let offset: u32 = 40;
  for (let i = 0; i < EXTENSIONS_MAX; i++) {
    if (next == HOP_BY_HOP || next == ROUTING || next == DESTINATION_OPTIONS || next == MOBILITY) {
      if (size < offset + 8) return IP_CUT;
      const end = offset + ((<u32>load<u8>(ip + offset + 1) + 1) << 3);
      const hasOptions = next == HOP_BY_HOP || next == DESTINATION_OPTIONS;
      if (hasOptions && forbids(ip + offset, ip + min(end, size))) return IP_MALFORMED;
      next = load<u8>(ip + offset);
      offset = end;
    } else if (next == AUTHENTICATION) {
      if (size < offset + 8) return IP_CUT;
      next = load<u8>(ip + offset);
      offset += (<u32>load<u8>(ip + offset + 1) + 2) << 2;
    } else if (next == FRAGMENT) {
      if (size < offset + 8) return IP_CUT;
      // An atomic fragment (RFC 6946) is whole: no offset, no more-fragments flag.
      const field = load16(ip + offset + 2);
      next = load<u8>(ip + offset);
      offset += 8;
      if (field & 0xfff9) {
        fragmentOffset = field & 0xfff8;
        moreFragments = (field & 1) != 0;
        fragmentId = load<u32>(ip + offset - 4);
        headerSize = offset;
        protocol = next;
        return IP_FRAGMENT;
      }
    } else {
      break;
    }
  }
  headerSize = offset;
  protocol = next;
  return IP_OK;
}

/**
 * Bytes from the transport header on, by the length in the IP header. Where that is 0, which segmentation
 * offload leaves, or more than `available`, the packet's bytes on the wire from the transport header on,
 * these are returned.
 */
// @ts-ignore: decorator
@inline
export function transportLength(ip: usize, familyOf: u32, ipHeader: u32, available: u32): u32 {
  const said = familyOf == 4 ? load16(ip + 2) : load16(ip + 4) + 40;
  if (said == 0 || (familyOf == 6 && said == 40)) return available;
  if (said < ipHeader) return 0;
  return min(said - ipHeader, available);
}
