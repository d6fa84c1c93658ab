/**
 * Datagrams captured twice: at two points, on two interfaces, or on both sides of a translation of the
 * server's address. A duplicate has the payload, the client and the identification (RFC 791) of the first.
 * IPv6, and IPv4 that must not be fragmented, may have no identification. Then a datagram counts as a
 * duplicate only while its exchange is unanswered: no client sends a request again so soon.
 *
 *   | print 0 | time 0 | print 1 | time 1 | …      the place is chosen by the print; a newer one takes it
 */
import { fingerprint, mix } from '../hash';
import { indexState, reserve } from '../instance';
import { packet } from '../packet';
import { load16 } from '../wire/bytes';
import { UDP_FRAME } from '../wire/udp';

/** Datagrams remembered; a power of two. */
const REMEMBERED: u64 = 512;
/** Parts of a second within which a duplicate comes: with an identification, and without. */
const NEAR_PART: u64 = 2;
const NEARER_PART: u64 = 100;

let seen: usize = 0;
/** Fingerprint of the datagram `isDuplicate` was last called for, and whether it has an identification. */
let print: u64 = 0;
let isIdentified: bool = false;

export function createDuplicates(): void {
  seen = reserve(<usize>REMEMBERED << 4);
}

// @ts-ignore: decorator
@inline
function placeOf(datagram: u64): usize {
  return seen + ((<usize>(datagram >> 32) & <usize>(REMEMBERED - 1)) << 4);
}

/**
 * Whether the current datagram, sent by or to the client, is like one remembered a moment ago. Its frame
 * begins at `frame`.
 */
export function isDuplicate(frame: usize, fromClient: bool): bool {
  const at = packet;
  const number = at.family == 4 ? load16(<usize>at.ip + 4) : 0;
  isIdentified = number != 0;
  const high = fromClient ? at.sourceHigh : at.destinationHigh;
  const low = fromClient ? at.sourceLow : at.destinationLow;
  const port = fromClient ? at.ports & 0xffff : at.ports >> 16;
  const rest = (<u64>number << 32) | (<u64>port << 1) | <u64>fromClient;
  print = mix(fingerprint(frame, UDP_FRAME + at.captured) + mix(high + mix(low + rest)));
  const place = placeOf(print);
  if (load<u64>(place) != print) return false;
  const later = <i64>(at.time - load<u64>(place, 8));
  const near = <i64>(indexState.second / (isIdentified ? NEAR_PART : NEARER_PART));
  return later < near && later > -near;
}

/** Whether that datagram has an identification, which tells a duplicate from a request sent again. */
export function hasIdentification(): bool {
  return isIdentified;
}

/** Remembers that datagram. */
export function remember(): void {
  const place = placeOf(print);
  store<u64>(place, print);
  store<u64>(place, packet.time, 8);
}
