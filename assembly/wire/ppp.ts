/** PPP (RFC 1661), framed as on a serial line (RFC 1662) or not, and in a PPPoE session (RFC 2516). */
import { load16 } from './bytes';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './ip';
import { afterLabels } from './mpls';
import { LINK_CUT, LINK_NOT_IP } from './outcome';

// RFC 1662, section 3.1: all stations, unnumbered information.
const ADDRESS: u32 = 0xff;
const CONTROL: u32 = 0x03;
/** Values in place of the address in captures of pppd: the direction of the packet (LINKTYPE_PPP_PPPD). */
const OUTGOING: u32 = 1;
/**
 * Cisco's framing on the same kind of link: an address, unicast or multicast, then 0, then an EtherType (RFC
 * 1547, section 4.3.1).
 */
const CISCO: u32 = 0x0f;
const CISCO_MULTICAST: u32 = 0x8f;

// Protocol numbers (IANA): RFC 1332, RFC 5072, RFC 3032.
const IPV4: u32 = 0x0021;
const IPV6: u32 = 0x0057;
const MPLS: u32 = 0x0281;
const MPLS_UPSTREAM: u32 = 0x0283;

/** Bytes of a PPPoE header: version and type, code, session, length. */
const PPPOE_HEADER: u32 = 6;
const PPPOE_VERSION_TYPE: u32 = 0x11;
const PPPOE_SESSION: u32 = 0;

/** Offset of the IP header in the PPP packet at `offset`, with or without framing. */
export function afterPpp(data: usize, size: u32, offset: u32): i32 {
  if (size < offset + 2) return LINK_CUT;
  const first = <u32>load<u8>(data + offset);
  const second = <u32>load<u8>(data + offset + 1);
  if (second == CONTROL && (first == ADDRESS || first <= OUTGOING)) {
    return afterProtocol(data, size, offset + 2);
  }
  if ((first == CISCO || first == CISCO_MULTICAST) && second == 0) {
    if (size < offset + 4) return LINK_CUT;
    const type = load16(data + offset + 2);
    return type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6 ? <i32>offset + 4 : LINK_NOT_IP;
  }
  return afterProtocol(data, size, offset);
}

/**
 * Offset of the IP header after the protocol field, which has one byte where both ends agreed to compress it
 * (RFC 1661, section 6.5).
 */
function afterProtocol(data: usize, size: u32, offset: u32): i32 {
  if (size < offset + 2) return LINK_CUT;
  const first = <u32>load<u8>(data + offset);
  const short = (first & 1) != 0;
  const protocol = short ? first : load16(data + offset);
  offset += short ? 1 : 2;
  if (protocol == IPV4 || protocol == IPV6) return <i32>offset;
  if (protocol == MPLS || protocol == MPLS_UPSTREAM) return afterLabels(data, size, offset);
  return LINK_NOT_IP;
}

/** Offset of the IP header in the PPPoE packet at `offset`. */
export function afterPppoe(data: usize, size: u32, offset: u32): i32 {
  if (size < offset + PPPOE_HEADER) return LINK_CUT;
  const at = data + offset;
  const isSession = load<u8>(at) == PPPOE_VERSION_TYPE && load<u8>(at + 1) == PPPOE_SESSION;
  return isSession ? afterProtocol(data, size, offset + PPPOE_HEADER) : LINK_NOT_IP;
}
