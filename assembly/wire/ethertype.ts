/**
 * Headers after an EtherType (IEEE 802.3, clause 3.2.6; numbers: IANA's list of IEEE 802 numbers): IP, or
 * headers before it, in any order: VLAN tags (IEEE 802.1Q), MPLS labels, a PPPoE session, LLC and SNAP.
 */
import { load16 } from './bytes';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './ip';
import { afterLabels } from './mpls';
import { LINK_CUT, LINK_NOT_IP } from './outcome';
import { afterPppoe } from './ppp';

const ETHERTYPE_VLAN: u32 = 0x8100;
const ETHERTYPE_SERVICE_VLAN: u32 = 0x88a8;
const ETHERTYPE_OLD_SERVICE_VLAN: u32 = 0x9100;
// RFC 3032, section 5, as RFC 5332 reads them.
const ETHERTYPE_MPLS: u32 = 0x8847;
const ETHERTYPE_MPLS_UPSTREAM: u32 = 0x8848;
// RFC 2516, section 4: a PPPoE session; discovery has another number.
const ETHERTYPE_PPPOE: u32 = 0x8864;

/** Largest value of the field that is a length, not a type (IEEE 802.3, clause 3.2.6). */
const LENGTH_MAX: u32 = 1500;
/**
 * Destination and source service access points, and the control field of unnumbered information (RFC 1042).
 */
const LLC_SNAP: u32 = 0xaaaa;
const LLC_IP: u32 = 0x0606;
const LLC_UNNUMBERED: u32 = 0x03;
/**
 * Last bytes of the SNAP organisation codes with which an EtherType follows: 00-00-00 (RFC 1042), 00-00-F8
 * (IEEE 802.1H).
 */
const SNAP_ETHERTYPE: u32 = 0;
const SNAP_BRIDGE_TUNNEL: u32 = 0xf8;

/** Most headers, more than any network uses, to bound the walk. */
const HEADERS_MAX: i32 = 6;

/** Whether a type field has a type, not a length. */
// @ts-ignore: decorator
@inline
export function isType(type: u32): bool {
  return type > LENGTH_MAX;
}

/** Offset of the IP header after the type field at `offset`, or LINK_CUT or LINK_NOT_IP. */
// @ts-ignore: decorator
@inline
export function afterType(data: usize, size: u32, offset: u32): i32 {
  if (size < offset + 2) return LINK_CUT;
  const type = load16(data + offset);
  offset += 2;
  if (type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6) return <i32>offset;
  return follow(type, data, size, offset);
}

/** Does the same for a type that was read already, with its header at `offset`. */
export function follow(type: u32, data: usize, size: u32, offset: u32): i32 {
  for (let headers = 0; headers < HEADERS_MAX; headers++) {
    if (type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6) return <i32>offset;
    if (type == ETHERTYPE_MPLS || type == ETHERTYPE_MPLS_UPSTREAM) return afterLabels(data, size, offset);
    if (type == ETHERTYPE_PPPOE) return afterPppoe(data, size, offset);
    if (type == ETHERTYPE_VLAN || type == ETHERTYPE_SERVICE_VLAN || type == ETHERTYPE_OLD_SERVICE_VLAN) {
      if (size < offset + 4) return LINK_CUT;
      type = load16(data + offset + 2);
      offset += 4;
      continue;
    }
    if (isType(type)) return LINK_NOT_IP;
    if (size < offset + 3) return LINK_CUT;
    if (load<u8>(data + offset + 2) != LLC_UNNUMBERED) return LINK_NOT_IP;
    const points = load16(data + offset);
    if (points == LLC_IP) return <i32>offset + 3;
    if (points != LLC_SNAP) return LINK_NOT_IP;
    if (size < offset + 8) return LINK_CUT;
    const organisation = <u32>load<u8>(data + offset + 5);
    const named = organisation == SNAP_ETHERTYPE || organisation == SNAP_BRIDGE_TUNNEL;
    type = load16(data + offset + 6);
    if (load16(data + offset + 3) || !named || !isType(type)) return LINK_NOT_IP;
    offset += 8;
  }
  return LINK_NOT_IP;
}
