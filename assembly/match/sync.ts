/**
 * Loss and recovery of synchronisation.
 *
 * A flow is in sync from its handshake until a hole, or an answer that fits no request. From then on no
 * event is recorded. It is tentatively in sync again where a client segment begins with a request line and
 * the server owes nothing, as far as acknowledgements tell: its last segment acknowledged all bytes of the
 * client before this one, and the client has acknowledged all bytes of the server. That line may still be
 * text inside a value, and a server that is slow or a proxy may owe answers to requests that were not read,
 * so the answers decide:
 *
 *   - a segment sent before the server had the request cannot answer it;
 *   - an answer that no storage command can get, with the key or opaque of the request, proves it;
 *   - one with its opaque, that a storage command can get, proves only that a message ended at the byte
 *     it acknowledges, so that this request is not recorded, but the next one is;
 *   - where answers do not name their requests, as END does not, some exchanges in a row must fit.
 */
import {
  CLIENT, Flow, FLOW_NEW, FLOW_STRAY, KNOWN_NOT, SERVER, sideOf, SYNC_NONE, SYNC_TENTATIVE, SYNC_YES,
} from '../flow/flow';
import { count } from '../instance';
import { COUNTER_RESYNCS } from '../layout';
import { LOGIN_NO } from '../memcache/credentials';
import { Request, STORAGE_ANSWERS } from '../memcache/message';
import { Packet } from '../packet';
import { before } from '../wire/tcp';
import { leaveRestUnread, loseLine, setWhy, WHY_NOT_UNDERSTOOD } from './account';
import { freeLine } from './lines';
import { abandon, abandonPending } from './pending';
import { CLIENT_LINE, SERVER_LINE } from './states';

/** Failed attempts to synchronise after which a flow is not taken for memcache. */
const FAILURES_MAX: u8 = 64;

/**
 * Counts client bytes of a flow that is out of sync. The server may owe answers to them. Before the flow
 * was ever in sync its protocol is not certain.
 */
export function passOverClient(flow: Flow, at: usize, end: usize): void {
  leaveRestUnread(flow, <u32>(end - at));
  flow.owed = 1;
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
  flow.owed = 1;
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

/**
 * Whether the client's next segment may be read tentatively: it starts in `from`, and the client has all
 * bytes that the server sent.
 */
export function mayTry(flow: Flow, from: Packet): bool {
  const server = sideOf(flow, SERVER);
  return from.starts != 0 && server.known != KNOWN_NOT && server.next == from.ack;
}

/** Reads the client's bytes tentatively from the segment on that was delivered last. */
export function tryFrom(flow: Flow): void {
  flow.sync = SYNC_TENTATIVE;
  flow.triedTo = sideOf(flow, CLIENT).next;
  flow.fits = 0;
}

/**
 * Takes what a segment of the server tells a flow that is not in sync by its acknowledgement number. If it
 * was sent before the server had the segment that is read tentatively, it answers earlier requests.
 */
export function takeServerAck(flow: Flow, ack: u32): void {
  if (flow.sync == SYNC_TENTATIVE && before(ack, flow.triedTo)) {
    const failures = flow.failures;
    loseSync(flow, WHY_NOT_UNDERSTOOD);
    flow.failures = failures;
  }
  if (flow.sync == SYNC_NONE) flow.owed = sideOf(flow, CLIENT).next == ack ? 0 : 1;
}

/**
 * Exchanges in a row whose answers must fit where these do not name their requests. A server behind a
 * proxy, or a slow one, may still owe an answer after one exchange that looks complete.
 */
const FITS_MIN: u8 = 2;

/**
 * Takes an answer that fits its request, and acknowledges `ack`, of a flow that is tentatively in sync;
 * `named` tells whether it names the request. Returns whether it proves that a message ended where the
 * client's bytes end: the server had all that were read when it answered the last of their requests, and
 * this answer names its request or others fitted before.
 */
export function endsExchange(flow: Flow, ack: u32, named: bool): bool {
  const client = sideOf(flow, CLIENT);
  if (flow.head || client.state != CLIENT_LINE || client.line || client.next != ack) return false;
  return named || ++flow.fits >= FITS_MIN;
}

/** Whether an answer proves its request, because no storage command can get it. */
// @ts-ignore: decorator
@inline
export function provesRequest(code: u32): bool {
  return ((1 << code) & STORAGE_ANSWERS) == 0;
}
