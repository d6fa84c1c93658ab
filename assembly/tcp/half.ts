/**
 * Connections of which the capture has only one direction: it is read alone where it is complete from its
 * SYN.
 */
import {
  CLIENT, Flow, FLOW_DUPLICATE, HALF_ANSWERS, HALF_NO, HALF_REQUESTS, KNOWN_NOT, OVER_TCP, SERVER, sideOf,
} from '../flow/flow';
import { count } from '../instance';
import { COUNTER_FLOWS_WITHOUT_CLIENT, COUNTER_FLOWS_WITHOUT_SERVER } from '../layout';
import { packet } from '../packet';
import { aloneSettled, isBelieved, otherAppears, requestsAlone } from '../stream';
import { before, WINDOW_MAX } from '../wire/tcp';

/** Whether only one side was captured. A side that was seen has a window: segments that offer 0 are rare. */
function isOneSided(flow: Flow): bool {
  return (sideOf(flow, CLIENT).window == 0) != (sideOf(flow, SERVER).window == 0);
}

/** Counts a connection that is over by the side that was not captured, if there is one. */
export function countHalf(flow: Flow): void {
  if (flow.transport != OVER_TCP || flow.kind == FLOW_DUPLICATE || !isOneSided(flow)) return;
  count(sideOf(flow, CLIENT).window ? COUNTER_FLOWS_WITHOUT_SERVER : COUNTER_FLOWS_WITHOUT_CLIENT);
}

/**
 * Called where bytes of one side were waited for in vain. Where no segment of that side was captured, not
 * even an acknowledgement, the other side is read alone from here on. Returns whether it is.
 */
export function becomesHalf(flow: Flow): bool {
  if (flow.half || !flow.fromSyn || flow.transport != OVER_TCP || !isBelieved(flow)) return false;
  const client = sideOf(flow, CLIENT);
  const server = sideOf(flow, SERVER);
  if (!isOneSided(flow)) return false;
  const silent = client.window ? server : client;
  if (silent.known == KNOWN_NOT || silent.queue) return false;
  flow.half = client.window ? HALF_REQUESTS : HALF_ANSWERS;
  if (client.window) requestsAlone(flow);
  if (before(silent.next, silent.acked)) silent.next = silent.acked;
  return true;
}

/** Takes the current segment of a flow of which one side is read alone. */
export function takeHalf(flow: Flow): void {
  const at = packet;
  const silent = flow.half == HALF_REQUESTS ? SERVER : CLIENT;
  const side = sideOf(flow, silent);
  if (at.side == silent) {
    flow.half = HALF_NO;
    otherAppears(flow);
  } else if (before(side.next, at.ack) && <i32>(at.ack - side.next) < WINDOW_MAX) {
    // The acknowledged bytes were not captured, and nothing must wait for them.
    side.next = at.ack;
    side.acked = at.ack;
  }
}

/** The parser has the bytes of the current segment: their requests end without waiting for answers. */
export function settleHalf(flow: Flow): void {
  if (flow.half == HALF_REQUESTS) aloneSettled(flow);
}
