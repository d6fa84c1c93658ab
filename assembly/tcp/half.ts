/**
 * Connections of which the capture has one direction only: that one is read alone, where it is whole from its
 * SYN.
 */
import {
  CLIENT, Flow, FLOW_COPY, HALF_ANSWERS, HALF_NO, HALF_REQUESTS, KNOWN_NOT, OVER_TCP, SERVER, sideOf,
} from '../flow/flow';
import { count } from '../instance';
import { COUNTER_FLOWS_WITHOUT_CLIENT, COUNTER_FLOWS_WITHOUT_SERVER } from '../layout';
import { packet } from '../packet';
import { aloneSettled, isBelieved, otherAppears, requestsAlone } from '../stream';
import { before, WINDOW_MAX } from '../wire/tcp';

/** Whether one side showed nothing: every segment offers a window, and next to none offers 0. */
function isOneSided(flow: Flow): bool {
  return (sideOf(flow, CLIENT).window == 0) != (sideOf(flow, SERVER).window == 0);
}

/** Counts a connection that is over by the side that showed nothing, if one did. */
export function countHalf(flow: Flow): void {
  if (flow.transport != OVER_TCP || flow.kind == FLOW_COPY || !isOneSided(flow)) return;
  count(sideOf(flow, CLIENT).window ? COUNTER_FLOWS_WITHOUT_SERVER : COUNTER_FLOWS_WITHOUT_CLIENT);
}

/**
 * Called where bytes of one side have been waited for in vain: whether nothing at all was seen of that side,
 * not even an acknowledgement, and so the other is read alone from here on.
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

/** The segment at hand is of a flow of which one side is read alone. */
export function takeHalf(flow: Flow): void {
  const at = packet;
  const silent = flow.half == HALF_REQUESTS ? SERVER : CLIENT;
  const side = sideOf(flow, silent);
  if (at.side == silent) {
    flow.half = HALF_NO;
    otherAppears(flow);
  } else if (before(side.next, at.ack) && <i32>(at.ack - side.next) < WINDOW_MAX) {
    // What it acknowledges was never captured: nothing waits for it.
    side.next = at.ack;
    side.acked = at.ack;
  }
}

/** What was delivered of it is done with. */
export function settleHalf(flow: Flow): void {
  if (flow.half == HALF_REQUESTS) aloneSettled(flow);
}
