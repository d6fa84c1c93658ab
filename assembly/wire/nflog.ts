/**
 * Records of iptables -j NFLOG (tcpdump.org/linktypes/LINKTYPE_NFLOG.html): family, version and resource id,
 * then values with length and type, in the byte order of the capturing host, padded to 4 bytes. One value is
 * the IP packet.
 */
import { LINK_CUT, LINK_NOT_IP } from './outcome';

const HEADER: u32 = 4;
const VERSION: u32 = 0;
/** Bytes of the header of a value: length, which includes the header, and type. */
const VALUE_HEADER: u32 = 4;
/** NFULA_PAYLOAD (linux/netfilter/nfnetlink_log.h). */
const PAYLOAD: u32 = 9;
/** Most values, to bound the walk: Linux has 20 types. */
const VALUES_MAX: i32 = 32;

/** Offset of the IP header. */
export function nflogPayload(data: usize, size: u32): i32 {
  if (size < HEADER) return LINK_CUT;
  if (load<u8>(data + 1) != VERSION) return LINK_NOT_IP;
  let offset = HEADER;
  for (let values = 0; values < VALUES_MAX; values++) {
    if (size < offset + VALUE_HEADER) return LINK_CUT;
    let length = <u32>load<u16>(data + offset);
    let type = <u32>load<u16>(data + offset + 2);
    // Types are below 256, so a higher number was read in the wrong byte order.
    if (type > 255) {
      length = <u32>bswap<u16>(<u16>length);
      type = <u32>bswap<u16>(<u16>type);
    }
    if (length < VALUE_HEADER) return LINK_NOT_IP;
    if (type == PAYLOAD) return <i32>(offset + VALUE_HEADER);
    offset += (length + 3) & ~3;
  }
  return LINK_NOT_IP;
}
