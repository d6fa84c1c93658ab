/**
 * Datagrams captured twice: at two points, on two interfaces, or on both sides of a translation of the
 * server's address. A duplicate has the payload, the client and the identification (RFC 791) of the first.
 * IPv6, and IPv4 that must not be fragmented, may have no identification. Then a client may have sent the
 * same datagram again, and a request dropped is worse than one counted twice: it is a duplicate only while
 * its exchange is unanswered, and only on another interface; where the capture does not tell interfaces, only
 * sooner than any client waits for an answer.
 *
 *   | print 0, time 0, interface 0 | print 1, time 1, interface 1 | …
 *
 * The print chooses the place, and a newer datagram takes it.
 */
import { fingerprint, mix } from '../hash';
import { indexState, reserve } from '../instance';
import { packet } from '../packet';
import { load16 } from '../wire/bytes';
import { UDP_FRAME } from '../wire/udp';

/** Datagrams remembered; a power of two. */
const REMEMBERED: u64 = 512;
/** log2 of the bytes of a place. */
const PLACE_SHIFT: usize = 5;
/**
 * Parts of a second within which a duplicate comes: with an identification; without, on another interface;
 * and where the interfaces are unknown.
 */
const NEAR_PART: u64 = 2;
const NEARER_PART: u64 = 100;
const NEAREST_PART: u64 = 10000;

let seen: usize = 0;
/** Fingerprint of the datagram `isDuplicate` was last called for. */
let print: u64 = 0;
/** Whether it has an identification, which tells a duplicate from a request sent again. */
export let isIdentified: bool = false;

export function createDuplicates(): void {
  seen = reserve(<usize>REMEMBERED << PLACE_SHIFT);
}

// @ts-ignore: decorator
@inline
function placeOf(datagram: u64): usize {
  return seen + ((<usize>(datagram >> 32) & <usize>(REMEMBERED - 1)) << PLACE_SHIFT);
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
  const near = <i64>(indexState.second / partOf(load<u32>(place, 16)));
  return later < near && later > -near;
}

/** Part of a second within which the current datagram is a duplicate of one seen on this interface. */
function partOf(seenOn: u32): u64 {
  if (isIdentified) return NEAR_PART;
  if (seenOn != packet.seenOn) return NEARER_PART;
  return seenOn ? u64.MAX_VALUE : NEAREST_PART;
}

/** Remembers that datagram. */
export function remember(): void {
  const place = placeOf(print);
  store<u64>(place, print);
  store<u64>(place, packet.time, 8);
  store<u32>(place, packet.seenOn, 16);
}
