/**
 * Loss and recovery of synchronisation.
 *
 * A flow is in sync from its handshake until a hole, or an answer that fits no request. From then on no event
 * is recorded. It is tentatively in sync again where a client segment begins with a request line while the
 * client has acknowledged all bytes of the server, so that the next server byte begins the answer. That line
 * may still be text inside a value, and the answer decides. An answer that no storage command can get proves
 * the request. Any other answer proves only that a message ended at the byte it acknowledges, so that this
 * request is not recorded, but the next one is.
 */
import { Flow, FLOW_NEW, FLOW_STRAY, CLIENT, SERVER, sideOf, SYNC_NONE, SYNC_YES } from '../flow/flow';
import { count } from '../instance';
import { COUNTER_RESYNCS } from '../layout';
import { LOGIN_NO } from '../memcache/credentials';
import { Request, STORAGE_ANSWERS } from '../memcache/message';
import { leaveRestUnread, loseLine, setWhy } from './account';
import { findByte } from '../scan';
import { freeLine } from './lines';
import { abandon, abandonPending } from './pending';
import { CLIENT_LINE, SERVER_LINE } from './states';

const LF: u8 = 10;
/** Failed attempts to synchronise after which a flow is not taken for memcache. */
const FAILURES_MAX: u8 = 64;

/**
 * Counts client bytes of a flow that is out of sync. Where they contain the end of a line, the server may owe
 * an answer; in the binary protocol answers identify their request. Before the flow was ever in sync its
 * protocol is not certain.
 */
export function passOverClient(flow: Flow, at: usize, end: usize): void {
  leaveRestUnread(flow, <u32>(end - at));
  if (findByte(at, end, LF) < end) flow.owed = 1;
  if (!flow.settled) flow.kind = FLOW_NEW;
}

/**
 * Puts the flow out of sync, for a reason WHY_*: pending requests end unanswered, and incomplete lines and
 * values are given up.
 */
export function loseSync(flow: Flow, why: u8): void {
  abandonPending(flow);
  if (flow.current) {
    const request = changetype<Request>(<usize>flow.current);
    flow.current = 0;
    abandon(flow, request);
  }
  const client = sideOf(flow, CLIENT);
  const server = sideOf(flow, SERVER);
  loseLine(flow, client);
  loseLine(flow, server);
  if (flow.sync == SYNC_YES) setWhy(flow, why);
  freeLine(client);
  freeLine(server);
  client.state = CLIENT_LINE;
  server.state = SERVER_LINE;
  client.skip = 0;
  server.skip = 0;
  flow.sync = SYNC_NONE;
  flow.login = LOGIN_NO;
  if (!flow.settled) flow.kind = FLOW_NEW;
  if (++flow.failures > FAILURES_MAX) flow.kind = FLOW_STRAY;
}

/** Puts the flow in sync, after an answer has proven its request, or an acknowledgement the end of one. */
export function believe(flow: Flow): void {
  flow.sync = SYNC_YES;
  flow.settled = 1;
  flow.failures = 0;
  count(COUNTER_RESYNCS);
}

/** Whether an answer proves its request, because no storage command can get it. */
// @ts-ignore: decorator
@inline
export function provesRequest(code: u32): bool {
  return ((1 << code) & STORAGE_ANSWERS) == 0;
}
