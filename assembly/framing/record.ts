/**
 * What every framing shares: one packet out of a container is either put on the list of the worker that
 * owns its flow, or counted under the reason it was skipped.
 *
 * A list lies in memory as a count (u32, padded to 16 bytes) and that many `segment` entries.
 */
import { endpointHash } from '../hash';
import { config, count, indexState, ports } from '../instance';
import {
  COUNTER_SKIPPED_CUT_HEADER, COUNTER_SKIPPED_FRAGMENT, COUNTER_SKIPPED_MALFORMED, COUNTER_SKIPPED_NOT_IP,
  COUNTER_SKIPPED_OTHER_PORT, COUNTER_SKIPPED_OTHER_PROTOCOL, COUNTER_SKIPPED_UDP, Segment, SIZEOF_SEGMENT,
} from '../layout';
import { family, headerSize, IP_CUT, IP_FRAGMENT, IP_OK, parseIp, PROTOCOL_TCP, PROTOCOL_UDP, protocol } from '../wire/ip';
import { ipOffset, LINK_NOT_IP } from '../wire/link';
import { destinationPort, sourcePort, TCP_HEADER_MIN, tcpHeaderSize } from '../wire/tcp';

/** Bytes before the first entry of a list. */
export const LIST_HEAD: u32 = 16;

/** Whether a port is one of the servers'. */
// @ts-ignore: decorator
@inline
export function isServerPort(port: u32): bool {
  return ((load<u8>(ports + (port >> 3)) >> <u8>(port & 7)) & 1) != 0;
}

/** Which worker owns a flow: the high bits of the product spread any hash over any number. */
// @ts-ignore: decorator
@inline
function owner(hash: u32): u32 {
  return <u32>((<u64>hash * config.workers) >> 32);
}

/** Symmetric hash of both endpoints. */
function flowHash(ip: usize, source: u32, destination: u32): u32 {
  let sum: u64;
  if (family == 4) {
    sum = endpointHash(load<u32>(ip + 12), source) + endpointHash(load<u32>(ip + 16), destination);
  } else {
    sum =
      endpointHash(load<u64>(ip + 8) ^ rotl(load<u64>(ip + 16), 32), source) +
      endpointHash(load<u64>(ip + 24) ^ rotl(load<u64>(ip + 32), 32), destination);
  }
  return <u32>(sum ^ (sum >> 32));
}

/** What `locate` found: where the IP and the TCP header lie in the packet, and the flow's hash. */
export let l3Found: u32 = 0;
export let l4Found: u32 = 0;
export let hashFound: u32 = 0;

/**
 * Finds the TCP segment in one packet of `size` captured bytes at `data`. Returns false where there is none
 * for us, and counts why.
 */
// @ts-ignore: decorator
@inline
export function locate(data: usize, size: u32, linktype: u32): bool {
  const l3 = ipOffset(linktype, data, size);
  if (l3 < 0) {
    count(l3 == LINK_NOT_IP ? COUNTER_SKIPPED_NOT_IP : COUNTER_SKIPPED_CUT_HEADER);
    return false;
  }
  const ip = data + l3;
  const outcome = parseIp(ip, size - <u32>l3);
  if (outcome != IP_OK) {
    if (outcome == IP_CUT) count(COUNTER_SKIPPED_CUT_HEADER);
    else if (outcome == IP_FRAGMENT) count(COUNTER_SKIPPED_FRAGMENT);
    else count(COUNTER_SKIPPED_MALFORMED);
    return false;
  }
  if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP) {
    count(COUNTER_SKIPPED_OTHER_PROTOCOL);
    return false;
  }
  const l4 = <u32>l3 + headerSize;
  if (size < l4 + 4) {
    count(COUNTER_SKIPPED_CUT_HEADER);
    return false;
  }
  const transport = data + l4;
  const source = sourcePort(transport);
  const destination = destinationPort(transport);
  if (!isServerPort(source) && !isServerPort(destination)) {
    count(COUNTER_SKIPPED_OTHER_PORT);
    return false;
  }
  indexState.matched++;
  if (protocol == PROTOCOL_UDP) {
    count(COUNTER_SKIPPED_UDP);
    return false;
  }
  if (size < l4 + TCP_HEADER_MIN) {
    count(COUNTER_SKIPPED_CUT_HEADER);
    return false;
  }
  if (tcpHeaderSize(transport) < TCP_HEADER_MIN) {
    count(COUNTER_SKIPPED_MALFORMED);
    return false;
  }
  l3Found = <u32>l3;
  l4Found = l4;
  hashFound = flowHash(ip, source, destination);
  return true;
}

/**
 * Takes one packet of `size` captured bytes at `data`, whose record header stands at `record`.
 * `stride` is the distance between the workers' lists.
 */
// @ts-ignore: decorator
@inline
export function indexPacket(
  record: usize, data: usize, size: u32, ordinal: u32, linktype: u32, lists: usize, stride: usize,
): void {
  if (!locate(data, size, linktype)) return;
  const hash = hashFound;
  const list = lists + <usize>owner(hash) * stride;
  const n = load<u32>(list);
  store<u32>(list, n + 1);
  const entry = changetype<Segment>(list + LIST_HEAD + <usize>n * SIZEOF_SEGMENT);
  entry.record = <u32>record;
  entry.hash = hash;
  entry.ordinal = ordinal;
  entry.l4Offset = <u16>(data - record + l4Found);
  entry.l3Offset = <u8>(data - record + l3Found);
  entry.family = <u8>family;
}
