/**
 * What every framing shares: one packet out of a container is either put on the list of the worker that
 * owns its flow, or counted under the reason it was skipped.
 *
 * A list lies in memory as a count (u32, padded to 16 bytes) and that many `segment` entries.
 */
import { endpointHash, foldAddress, sharedHash } from '../hash';
import { config, count, indexState, isServerPort, sharedPort } from '../instance';
import {
  COUNTER_CUT_CAPTURED, COUNTER_PACKETS_CUT, COUNTER_PACKETS_DECODED, COUNTER_SKIPPED_CUT_HEADER,
  COUNTER_SKIPPED_ESP, COUNTER_SKIPPED_FRAGMENT, COUNTER_SKIPPED_GENEVE, COUNTER_SKIPPED_GRE,
  COUNTER_SKIPPED_IPIP, COUNTER_SKIPPED_MALFORMED, COUNTER_SKIPPED_NOT_IP, COUNTER_SKIPPED_OTHER_PORT,
  COUNTER_SKIPPED_OTHER_PROTOCOL, COUNTER_SKIPPED_SAMPLED, COUNTER_SKIPPED_VXLAN, LINKTYPE_ETHERNET,
  LINKTYPE_RAW, LIST_HEAD, OWNER_BITS, PacketHead, Segment, SEGMENT_UDP, SIZEOF_PACKET_HEAD, SIZEOF_SEGMENT,
} from '../layout';
import { packet } from '../packet';
import {
  family, headerSize, IP_CUT, IP_FRAGMENT, IP_OK, parseIp, PROTOCOL_ESP, PROTOCOL_GRE, PROTOCOL_IPV4,
  PROTOCOL_IPV6, PROTOCOL_TCP, PROTOCOL_UDP, protocol,
} from '../wire/ip';
import { ipOffset, LINK_NOT_IP } from '../wire/link';
import { destinationPort, sourcePort, TCP_HEADER_MIN, tcpHeaderSize } from '../wire/tcp';
import { UDP_HEADER } from '../wire/udp';
import { lookElsewhere } from './elsewhere';
import { packetsBefore, takeFragment } from './fragments';
import { lists, stride } from './walk';

// UDP ports of overlay networks: RFC 7348 and Linux's own before it; RFC 8926.
const VXLAN: u32 = 4789;
const VXLAN_LINUX: u32 = 8472;
const GENEVE: u32 = 6081;

/**
 * Which worker owns a flow, by the hash of what its copies share: the high bits of the product spread any
 * hash over any number.
 */
// @ts-ignore: decorator
@inline
function owner(shared: u32): u32 {
  return <u32>((<u64>(shared >> (32 - OWNER_BITS)) * config.workers) >> OWNER_BITS);
}

/** Whether a flow is of the sample, with all its copies: by other bits than those that choose its worker. */
// @ts-ignore: decorator
@inline
function isSampled(shared: u32): bool {
  return indexState.sample < 2 || (<u64>(shared * 0x9e3779b1) * indexState.sample) >> 32 == 0;
}

/** Symmetric hash of both endpoints, of an IPv4 packet. */
// @ts-ignore: decorator
@inline
function flowHash4(ip: usize, source: u32, destination: u32): u32 {
  const sum = endpointHash(load<u32>(ip + 12), source) + endpointHash(load<u32>(ip + 16), destination);
  return <u32>(sum ^ (sum >> 32));
}

/** The same, of an IPv6 packet. */
function flowHash6(ip: usize, source: u32, destination: u32): u32 {
  const sum =
    endpointHash(foldAddress(load<u64>(ip + 8), load<u64>(ip + 16)), source) +
    endpointHash(foldAddress(load<u64>(ip + 24), load<u64>(ip + 32)), destination);
  return <u32>(sum ^ (sum >> 32));
}

/** Which counter a packet without TCP or UDP goes to. */
function otherProtocol(): u32 {
  if (protocol == PROTOCOL_GRE) return COUNTER_SKIPPED_GRE;
  if (protocol == PROTOCOL_IPV4 || protocol == PROTOCOL_IPV6) return COUNTER_SKIPPED_IPIP;
  if (protocol == PROTOCOL_ESP) return COUNTER_SKIPPED_ESP;
  return COUNTER_SKIPPED_OTHER_PROTOCOL;
}

/** Which counter a packet of other ports goes to. */
function otherPort(destination: u32): u32 {
  if (protocol == PROTOCOL_UDP) {
    if (destination == VXLAN || destination == VXLAN_LINUX) return COUNTER_SKIPPED_VXLAN;
    if (destination == GENEVE) return COUNTER_SKIPPED_GENEVE;
  }
  return COUNTER_SKIPPED_OTHER_PORT;
}

/** Counts a packet that was captured only so far: the mean of these lengths is what a capture is cut at. */
export function countCut(captured: u32): void {
  count(COUNTER_PACKETS_CUT);
  count(COUNTER_CUT_CAPTURED, captured);
}

// What `locate` says of a packet.
/** A segment or datagram of a server port. */
export const LOCATED: u32 = 0;
/** Of a server port too, but not to be decoded; counted. */
export const REFUSED: u32 = 1;
/** Of no server port; counted. */
export const SKIPPED: u32 = 2;
/** A fragment; not counted yet. */
export const FRAGMENT: u32 = 3;
/** A segment or datagram of no server port; counted. */
export const ELSEWHERE: u32 = 4;

/**
 * Finds the TCP segment or UDP datagram in one packet of `size` captured bytes at `data`: sets protocol, ip,
 * l4 and hash of the current packet, of a fragment only `ip`, of a packet of other ports only `ip` and `l4`.
 * Changes nothing else but counters of this instance: kernel rings have no lock.
 */
// @ts-ignore: decorator
@inline
export function locate(data: usize, size: u32, linktype: u32): u32 {
  if (linktype == LINKTYPE_ETHERNET && size >= PLAIN_SIZE && isPlain(data)) return locatePlain(data);
  return locateAny(data, size, linktype);
}

/** Bytes of the headers of a plain packet: Ethernet, IPv4 and TCP without options. */
const PLAIN_L3: u32 = 14;
const PLAIN_L4: u32 = PLAIN_L3 + 20;
const PLAIN_SIZE: u32 = PLAIN_L4 + TCP_HEADER_MIN;

/** Whether a packet is Ethernet II, IPv4 without options and no fragment, and TCP: nearly all are. */
// @ts-ignore: decorator
@inline
function isPlain(data: usize): bool {
  // As they lie in memory: EtherType 0x0800, version 4 and 5 words of header; fragment flags and offset 0 but
  // for "do not fragment", any time to live, protocol 6.
  return (
    (load<u32>(data + 12) & 0x00ffffff) == 0x00450008 && (load<u32>(data + 20) & 0xff00ff3f) == 0x06000000
  );
}

// @ts-ignore: decorator
@inline
function locatePlain(data: usize): u32 {
  const transport = data + PLAIN_L4;
  const source = sourcePort(transport);
  const destination = destinationPort(transport);
  const at = packet;
  at.ip = <u32>data + PLAIN_L3;
  at.l4 = <u32>transport;
  at.protocol = PROTOCOL_TCP;
  if (!isServerPort(source) && !isServerPort(destination)) {
    count(COUNTER_SKIPPED_OTHER_PORT);
    return ELSEWHERE;
  }
  if (tcpHeaderSize(transport) < TCP_HEADER_MIN) {
    count(COUNTER_SKIPPED_MALFORMED);
    return REFUSED;
  }
  at.hash = flowHash4(at.ip, source, destination);
  return choose(source, destination);
}

/** The flow's worker and sample: whether the current packet is one of the sample. */
// @ts-ignore: decorator
@inline
function choose(source: u32, destination: u32): u32 {
  const shared = sharedHash(sharedPort(source, destination));
  packet.shared = shared;
  if (isSampled(shared)) return LOCATED;
  count(COUNTER_SKIPPED_SAMPLED);
  return REFUSED;
}

/** The same for whatever it is. */
function locateAny(data: usize, size: u32, linktype: u32): u32 {
  const l3 = ipOffset(linktype, data, size);
  if (l3 < 0) {
    count(l3 == LINK_NOT_IP ? COUNTER_SKIPPED_NOT_IP : COUNTER_SKIPPED_CUT_HEADER);
    return SKIPPED;
  }
  const ip = data + l3;
  const outcome = parseIp(ip, size - <u32>l3);
  packet.ip = <u32>ip;
  if (outcome != IP_OK) {
    if (outcome == IP_FRAGMENT) return FRAGMENT;
    count(outcome == IP_CUT ? COUNTER_SKIPPED_CUT_HEADER : COUNTER_SKIPPED_MALFORMED);
    return SKIPPED;
  }
  if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP) {
    count(otherProtocol());
    return SKIPPED;
  }
  const l4 = <u32>l3 + headerSize;
  if (size < l4 + 4) {
    count(COUNTER_SKIPPED_CUT_HEADER);
    return SKIPPED;
  }
  const transport = data + l4;
  const source = sourcePort(transport);
  const destination = destinationPort(transport);
  packet.l4 = <u32>transport;
  packet.protocol = protocol;
  if (!isServerPort(source) && !isServerPort(destination)) {
    count(otherPort(destination));
    return ELSEWHERE;
  }
  if (size < l4 + (protocol == PROTOCOL_TCP ? TCP_HEADER_MIN : UDP_HEADER)) {
    count(COUNTER_SKIPPED_CUT_HEADER);
    return REFUSED;
  }
  if (protocol == PROTOCOL_TCP && tcpHeaderSize(transport) < TCP_HEADER_MIN) {
    count(COUNTER_SKIPPED_MALFORMED);
    return REFUSED;
  }
  packet.hash = family == 4 ? flowHash4(ip, source, destination) : flowHash6(ip, source, destination);
  return choose(source, destination);
}

/**
 * Takes one packet of `size` captured bytes at `data`, of `length` on the wire, and writes its head right
 * before it. Its time, interface and number in the slot are set.
 */
// @ts-ignore: decorator
@inline
export function indexPacket(data: usize, size: u32, length: u32, linktype: u32): void {
  const captured = min(size, indexState.snaplen);
  if (captured < length) countCut(captured);
  const outcome = locate(data, captured, linktype);
  if (outcome <= REFUSED) indexState.matched++;
  if (outcome == LOCATED) {
    const head = changetype<PacketHead>(data - SIZEOF_PACKET_HEAD);
    head.time = packet.time;
    head.captured = captured;
    head.length = max(length, size);
    addSegment(changetype<usize>(head));
  } else if (outcome == FRAGMENT) {
    indexFragment(data + captured, max(length, size));
  } else if (outcome == ELSEWHERE) lookElsewhere(<usize>packet.l4, packet.protocol, data + captured);
}

/** Puts the segment just located on its worker's list; its packet's head lies at `head`. */
// @ts-ignore: decorator
@inline
function addSegment(head: usize): void {
  const at = packet;
  const list = lists + <usize>owner(at.shared) * stride;
  const n = load<u32>(list);
  if (LIST_HEAD + (n + 1) * SIZEOF_SEGMENT > <u32>stride) unreachable();
  store<u32>(list, n + 1);
  const entry = changetype<Segment>(list + LIST_HEAD + <usize>n * SIZEOF_SEGMENT);
  entry.head = <u32>head;
  entry.hash = at.hash;
  entry.ordinal = at.protocol == PROTOCOL_TCP ? <u32>at.ordinal : <u32>at.ordinal | SEGMENT_UDP;
  entry.l4Offset = <u16>(at.l4 - <u32>head);
  entry.l3Offset = <u8>(at.ip - <u32>head);
  entry.seenOn = <u8>at.seenOn;
}

/**
 * A fragment, captured up to `end`, of a packet of `length` bytes: the datagram it makes whole is a packet
 * like any other, and stands for all its packets.
 */
function indexFragment(end: usize, length: u32): void {
  const ip = <usize>packet.ip;
  const whole = takeFragment(ip, <u32>(end - ip), length, packet.time);
  if (!whole) return;
  const head = changetype<PacketHead>(whole - SIZEOF_PACKET_HEAD);
  const others = packetsBefore;
  const outcome = locate(whole, head.captured, LINKTYPE_RAW);
  if (outcome <= REFUSED) indexState.matched++;
  if (outcome == LOCATED) {
    count(COUNTER_PACKETS_DECODED, others);
    addSegment(changetype<usize>(head));
  } else {
    // The current packet is counted by its reason, unless the whole is a fragment again: nobody sends that.
    count(COUNTER_SKIPPED_FRAGMENT, outcome == FRAGMENT ? others + 1 : others);
  }
}
