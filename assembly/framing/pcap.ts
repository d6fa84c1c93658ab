/**
 * Classic pcap records (pcap-savefile(5)): time in seconds and a fraction, captured and original length, u32
 * each, in the byte order of the file, then the captured bytes. Kuznetzov's variant has 8 bytes more before
 * these: interface, protocol and kind of the packet (struct pcap_sf_patched_pkthdr in sf-pcap.c of libpcap).
 */
import { count, indexState } from '../instance';
import {
  CONTAINER_PCAP_PATCHED, COUNTER_PACKETS_SEEN, LINKTYPE_LINUX_SLL2, PCAP_PATCHED_RECORD_HEADER,
  PCAP_RECORD_HEADER, RECORD_MAX,
} from '../layout';
import { packet } from '../packet';
import { interfaceOfCooked } from '../wire/link';
import { indexPacket } from './record';
import { carryOver, isBeyond } from './walk';

/** A number of a record header. */
// @ts-ignore: decorator
@inline
function number(at: usize, swapped: bool): u32 {
  const value = load<u32>(at);
  return swapped ? bswap<u32>(value) : value;
}

/**
 * Walks the records in [at, end) and fills the workers' lists. Returns the packets walked. Stops at a limit
 * (`ended`) or at an invalid header (`error`). Call it in slot order, from one caller at a time.
 */
export function indexPcap(at: usize, end: usize): u32 {
  const state = indexState;
  const head = packet;
  const swapped = state.swapped != 0;
  const linktype = state.linktype;
  const isPatched = state.container == CONTAINER_PCAP_PATCHED;
  const header: u32 = isPatched ? PCAP_PATCHED_RECORD_HEADER : PCAP_RECORD_HEADER;
  const second = state.second;
  const fraction = state.fraction;
  let packets: u32 = 0;
  let time: u64 = 0;
  while (at + header <= end) {
    const captured = number(at + 8, swapped);
    if (captured > RECORD_MAX) {
      state.error = 1;
      break;
    }
    const data = at + header;
    if (data + captured > end) break;
    time = <u64>number(at, swapped) * second + <u64>number(at + 4, swapped) * fraction;
    if (isBeyond(time)) break;
    head.time = time;
    head.ordinal = packets;
    head.seenOn = linktype == LINKTYPE_LINUX_SLL2 ? interfaceOfCooked(data, captured) : 0;
    indexPacket(data, captured, number(at + 12, swapped), linktype);
    packets++;
    at = data + captured;
  }
  if (packets) state.lastTime = time;
  state.ordinal += packets;
  count(COUNTER_PACKETS_SEEN, packets);
  carryOver(at, end);
  return packets;
}
