/**
 * Datagrams seen twice: captured at two points, on two interfaces, or on both sides of a translation of the
 * server's address. A copy has the bytes, the client and the identification (RFC 791) of the first. Where a
 * datagram has none, as one of IPv6 or one that must not be fragmented, only its exchange tells: nobody asks
 * again so soon, unanswered.
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
/** A copy comes within this part of a second; without an identification within the other. */
const NEAR_PART: u64 = 2;
const NEARER_PART: u64 = 100;

let seen: usize = 0;
/** Of the datagram looked at last. */
let print: u64 = 0;
let isNumbered: bool = false;

export function createCopies(): void {
  seen = reserve(<usize>REMEMBERED << 4);
}

// @ts-ignore: decorator
@inline
function placeOf(datagram: u64): usize {
  return seen + ((<usize>(datagram >> 32) & <usize>(REMEMBERED - 1)) << 4);
}

/**
 * Whether a datagram like the one at hand, to or from the client, was remembered a moment ago. Its frame
 * begins at `frame`.
 */
export function wasSeen(frame: usize, fromClient: bool): bool {
  const at = packet;
  const number = at.family == 4 ? load16(<usize>at.ip + 4) : 0;
  isNumbered = number != 0;
  const high = fromClient ? at.sourceHigh : at.destinationHigh;
  const low = fromClient ? at.sourceLow : at.destinationLow;
  const port = fromClient ? at.ports & 0xffff : at.ports >> 16;
  const rest = (<u64>number << 32) | (<u64>port << 1) | <u64>fromClient;
  print = mix(fingerprint(frame, UDP_FRAME + at.captured) + mix(high + mix(low + rest)));
  const place = placeOf(print);
  if (load<u64>(place) != print) return false;
  const later = <i64>(at.time - load<u64>(place, 8));
  const near = <i64>(indexState.second / (isNumbered ? NEAR_PART : NEARER_PART));
  return later < near && later > -near;
}

/** Whether the datagram looked at has a number that tells it from one sent again. */
export function hasNumber(): bool {
  return isNumbered;
}

/** Remembers the datagram looked at. */
export function remember(): void {
  const place = placeOf(print);
  store<u64>(place, print);
  store<u64>(place, packet.time, 8);
}
