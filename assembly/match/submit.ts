/** Steps of a request from its first byte to its wait for the answer, for all protocols. */
import { CLIENT, Flow, Side, sideOf } from '../flow/flow';
import { count } from '../instance';
import { COUNTER_GAPS, STATUS_SILENT } from '../layout';
import { LOGIN_BOTH, LOGIN_NO, withhold } from '../memcache/credentials';
import { BIT_LAST, BIT_NOREPLY, Request } from '../memcache/message';
import { WHY_AFTER_GAP } from './account';
import { freeRequest, push, record } from './pending';
import { CLIENT_UNKNOWN, CLIENT_LINE } from './states';
import { loseSync } from './sync';

/**
 * Sets the origin of a request: time, packet, connection, and how many requests began in the packet before
 * it.
 */
// @ts-ignore: decorator
@inline
export function setOrigin(flow: Flow, request: Request, time: u64, ordinal: u64): void {
  const side = sideOf(flow, CLIENT);
  request.time = time;
  request.ordinal = ordinal;
  request.conn = flow.conn;
  request.transport = flow.transport;
  if (side.beganOrdinal != ordinal || side.began == 0) {
    side.beganOrdinal = ordinal;
    side.began = 0;
  }
  request.sub = side.began++;
}

/** Submits a complete request: it waits for its answer, or is recorded where none will come. */
// @ts-ignore: decorator
@inline
export function submit(flow: Flow, request: Request): void {
  if (request.bits & BIT_NOREPLY) {
    record(flow, request, STATUS_SILENT);
    freeRequest(request);
    return;
  }
  push(flow, request);
}

/** Ends the data block of the current request. */
export function dataDone(flow: Flow, side: Side, time: u64): void {
  const request = changetype<Request>(<usize>flow.current);
  side.state = CLIENT_LINE;
  // The server may have refused the request before its value was complete.
  if (changetype<usize>(request) == 0) return;
  flow.current = 0;
  if (request.bits & BIT_LAST) side.state = CLIENT_UNKNOWN;
  if (flow.login) {
    if (flow.login == LOGIN_BOTH) withhold(request);
    flow.login = LOGIN_NO;
  }
  request.lastTime = time;
  submit(flow, request);
}

/** Handles a request without memory for it, or with an unknown end: the flow loses sync. */
export function lostRequest(flow: Flow): void {
  count(COUNTER_GAPS);
  loseSync(flow, WHY_AFTER_GAP);
}
