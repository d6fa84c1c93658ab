/**
 * Connections of which the capture has one direction only: that one is read alone, where it is whole from its
 * SYN.
 */
import {
  CLIENT, Flow, HALF_ANSWERS, HALF_NO, HALF_REQUESTS, KNOWN_NOT, OVER_TCP, SERVER, sideOf,
} from '../flow/flow';
import { packet } from '../packet';
import { aloneSettled, isBelieved, otherAppears } from '../stream';
import { before } from '../wire/tcp';

/** Acknowledgements further ahead are not of one window (RFC 7323, section 2.3). */
const WINDOW: i32 = 1 << 30;

/**
 * Called where bytes of one side have been waited for in vain: whether nothing at all was seen of that side,
 * not even an acknowledgement, and so the other is read alone from here on.
 */
export function becomesHalf(flow: Flow): bool {
  if (flow.half || !flow.fromSyn || flow.transport != OVER_TCP || !isBelieved(flow)) return false;
  const client = sideOf(flow, CLIENT);
  const server = sideOf(flow, SERVER);
  // Every segment offers a window, and next to none offers 0.
  if ((client.window == 0) == (server.window == 0)) return false;
  const silent = client.window ? server : client;
  if (silent.known == KNOWN_NOT || silent.queue) return false;
  flow.half = client.window ? HALF_REQUESTS : HALF_ANSWERS;
  // Binary requests are not held until a server speaks that will not.
  if (client.window) server.spoken = 1;
  if (before(silent.next, silent.acked)) silent.next = silent.acked;
  return true;
}

/** The segment at hand is of a flow of which one side is read alone. */
export function takeHalf(flow: Flow): void {
  const at = packet;
  const silent = flow.half == HALF_REQUESTS ? SERVER : CLIENT;
  const side = sideOf(flow, silent);
  if (at.side == silent) {
    flow.half = HALF_NO;
    otherAppears(flow);
  } else if (before(side.next, at.ack) && <i32>(at.ack - side.next) < WINDOW) {
    // What it acknowledges was never captured: nothing waits for it.
    side.next = at.ack;
    side.acked = at.ack;
  }
}

/** What was delivered of it is done with. */
export function settleHalf(flow: Flow): void {
  if (flow.half == HALF_REQUESTS) aloneSettled(flow);
}
