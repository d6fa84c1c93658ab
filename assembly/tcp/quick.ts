/**
 * The fast path for the most frequent segments: in order, completely captured, without waiting segments, and
 * with exactly one message of a text connection in sync. Everything is checked before anything is changed, so
 * that any other segment can take the slow path. Both paths give the same results: the build without SIMD has
 * only the slow one, and tests compare the builds.
 */
import { Flow, KNOWN, Side, sideOf } from '../flow/flow';
import { findQuickly, touch } from '../flow/table';
import { endAsking } from '../flow/uncut';
import { count } from '../instance';
import { COUNTER_PAYLOAD_SEEN } from '../layout';
import { countDecoded, packet } from '../packet';
import { isRead, messages, wholeMessage } from '../stream';
import { load16 } from '../wire/bytes';
import {
  acknowledgement, before, sequence, TCP_ACK, TCP_FIN, TCP_HEADER_MIN, TCP_RST, TCP_SYN, TCP_URG, windowField,
} from '../wire/tcp';
import { USUAL_SIZE, usualStamp } from '../wire/options';

/** IPv4 headers without options. */
const IP_HEADER: u32 = 20;
/** Flags of segments that are left to the slow path. */
const UNUSUAL: u32 = TCP_FIN | TCP_SYN | TCP_RST | TCP_URG;

/**
 * Takes the current packet, a TCP segment with its complete header. Returns false, without any effect, where
 * it needs the slow path.
 */
// @ts-ignore: decorator
@inline
export function quickSegment(): bool {
  const at = packet;
  const tcp = at.l4;
  if (at.family != 4 || tcp - at.ip != IP_HEADER) return false;
  const word = <u32>load<u16>(tcp, 12);
  if ((word >> 8 & (UNUSUAL | TCP_ACK)) != TCP_ACK) return false;
  const header = (word & 0xf0) >> 2;
  const payload = tcp + header;
  const size = <u32>load16(at.ip + 2) - IP_HEADER - header;
  if (<i32>size <= 0 || payload + size > at.end) return false;
  const isStamped = header == TCP_HEADER_MIN + USUAL_SIZE;
  if (!isStamped && header != TCP_HEADER_MIN) return false;
  const flow = findQuickly();
  if (changetype<usize>(flow) == 0 || flow.reset | flow.half) return false;
  const side = sideOf(flow, at.side);
  const other = sideOf(flow, 1 - at.side);
  const from = sequence(tcp);
  const ack = acknowledgement(tcp);
  if (!isDue(side, other, from, ack)) return false;
  let stamp: u32 = 0;
  if (isStamped) {
    stamp = usualStamp(tcp);
    if (stamp == 0 || (side.stamp && before(stamp, side.stamp))) return false;
  }
  if (!wholeMessage(flow, payload, payload + size)) return false;
  if (isStamped) side.stamp = stamp;
  side.next = from + size;
  side.window = windowField(tcp);
  other.acked = ack;
  count(COUNTER_PAYLOAD_SEEN, size);
  endSegment(flow, side);
  endAsking(flow);
  return true;
}

/** Whether a segment is due: the next of its side, nothing waits, and it acknowledges only bytes seen. */
// @ts-ignore: decorator
@inline
function isDue(side: Side, other: Side, from: u32, ack: u32): bool {
  if (side.known != KNOWN || from != side.next || side.queue | other.queue) return false;
  return other.known != 0 && !before(ack, other.acked) && !before(other.next, ack);
}

// @ts-ignore: decorator
@inline
function endSegment(flow: Flow, side: Side): void {
  const at = packet;
  side.ifindex = <u8>at.seenOn;
  touch(flow, at.time);
  flow.lastTime = at.time;
  countDecoded();
}

/**
 * The same for the segment of a message record. Only its place in the stream must be right: where its
 * messages cannot be taken, its bytes are given up.
 */
// @ts-ignore: decorator
@inline
export function quickMessages(): bool {
  const at = packet;
  if (at.family != 4) return false;
  const flow = findQuickly();
  if (changetype<usize>(flow) == 0 || flow.reset | flow.half || !isRead(flow)) return false;
  const side = sideOf(flow, at.side);
  const other = sideOf(flow, 1 - at.side);
  if (!isDue(side, other, at.sequence, at.ack)) return false;
  side.next = at.sequence + at.size;
  side.window = <u16>at.window;
  side.stamp = 0;
  other.acked = at.ack;
  endSegment(flow, side);
  messages(flow, at.side, at);
  return true;
}
