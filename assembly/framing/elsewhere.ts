/**
 * Whether packets of other ports than those recorded look like memcached, so that a recording of the wrong
 * port can name the right one. A guess for people, which is not part of any packet count.
 *
 * The first ELSEWHERE_LOOKED of these packets are looked at, then one of ELSEWHERE_SAMPLE, which stands for
 * the others. A table of ELSEWHERE_PORTS ports is in the index state: whoever holds the index lock writes it.
 */
import { indexState } from '../instance';
import { ELSEWHERE_LOOKED, ELSEWHERE_PORTS, ELSEWHERE_SAMPLE, INDEX_STATE_ELSEWHERE } from '../layout';
import { looksLikeAnswer, looksLikeRequest } from '../memcache/guess';
import { PROTOCOL_TCP } from '../wire/ip';
import { destinationPort, sourcePort, TCP_HEADER_MIN, tcpHeaderSize } from '../wire/tcp';
import { UDP_FRAME, UDP_HEADER } from '../wire/udp';

/** Bytes of an entry: the port, 0 where it is free, and how many packets, u32 each. */
const ENTRY: usize = 8;

/**
 * Checks one packet of other ports, with its TCP or UDP header at `transport` and captured bytes up to `end`.
 */
export function lookElsewhere(transport: usize, protocol: u32, end: usize): void {
  const looked = indexState.elsewhereLooked++;
  let weight: u32 = 1;
  if (looked >= ELSEWHERE_LOOKED) {
    if (looked % ELSEWHERE_SAMPLE) return;
    weight = ELSEWHERE_SAMPLE;
  }
  let payload = transport;
  if (protocol == PROTOCOL_TCP) {
    if (transport + TCP_HEADER_MIN > end) return;
    payload += tcpHeaderSize(transport);
  } else payload += UDP_HEADER + UDP_FRAME;
  if (payload >= end) return;
  if (looksLikeRequest(payload, end)) countPort(destinationPort(transport), weight);
  else if (looksLikeAnswer(payload, end)) countPort(sourcePort(transport), weight);
}

/** Counts packets of a server's port; where the table is full of others, nowhere. */
function countPort(port: u32, packets: u32): void {
  let at = changetype<usize>(indexState) + INDEX_STATE_ELSEWHERE;
  const end = at + <usize>ELSEWHERE_PORTS * ENTRY;
  for (; at < end; at += ENTRY) {
    const found = load<u32>(at);
    if (found != port && found != 0) continue;
    store<u32>(at, port);
    store<u32>(at + 4, load<u32>(at + 4) + packets);
    return;
  }
}
