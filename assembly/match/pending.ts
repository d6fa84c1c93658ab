/**
 * The pending requests of a flow, oldest first, and the recording of their outcomes. Answers are in the order
 * of the requests; only quiet requests may have none.
 */
import { emit, emitConn } from '../emit';
import {
  AUTH_TRIED, AUTH_WANTED, clientPort, Flow, OVER_UDP, serverPort, SYNC_YES, UDP_PEER,
} from '../flow/flow';
import { PEER_MARK, saltOf } from '../flow/table';
import { otherHash } from '../hash';
import { config, count, indexState, reserve } from '../instance';
import {
  CONN_KIND_OPEN_MIDSTREAM, CONN_KIND_OPEN_SYN, COUNTER_BOUND_REQUESTS, COUNTER_NEGATIVE_LATENCY,
  COUNTER_UNKNOWN_LATENCY, OP_GAT, OP_GET, OP_MG, PRESENT_FLAGS, PRESENT_KEY, PRESENT_LATENCY,
  PRESENT_VALUE_SIZE, STATUS_HIT, STATUS_MISS, STATUS_SILENT, STATUS_UNANSWERED,
} from '../layout';
import { becomeLogin, LOGIN_BOTH, mayLogIn, withhold } from '../memcache/credentials';
import { freeIndex } from '../memcache/key-index';
import { entryAt, freeKeys, KeyChunk } from '../memcache/keys';
import { BIT_ANSWERED, BIT_NO_EVENT, Request, SIZEOF_REQUEST } from '../memcache/message';
import { TIME_UNKNOWN } from '../packet';
import { createPool, give, Pool, take } from '../pools';

/** Most pending requests of a connection, to bound memory; memcached has no such limit. */
const PENDING_MAX: u32 = 16384;

let pool: Pool = changetype<Pool>(0);
/** Buffer with an address and a port, for hashing. */
let endpoint: usize = 0;

export function createPending(): void {
  pool = createPool(config.requests, config.requestsEnd, SIZEOF_REQUEST);
  endpoint = reserve(24);
}

/** Allocates a request; 0 when the pool or the flow is full (counted). */
// @ts-ignore: decorator
@inline
export function newRequest(flow: Flow): Request {
  const request = tryRequest(flow);
  if (changetype<usize>(request) == 0) count(COUNTER_BOUND_REQUESTS);
  return request;
}

/** The same without counting: where the fast path gets no memory, the slow path asks again and counts. */
// @ts-ignore: decorator
@inline
export function tryRequest(flow: Flow): Request {
  return changetype<Request>(flow.pending < PENDING_MAX ? take(pool) : 0);
}

// @ts-ignore: decorator
@inline
export function freeRequest(request: Request): void {
  if (request.keys) {
    freeIndex(request);
    freeKeys(request);
  }
  give(pool, changetype<usize>(request));
}

/** Appends a request that waits for its answer. */
// @ts-ignore: decorator
@inline
export function push(flow: Flow, request: Request): void {
  request.next = 0;
  if (flow.tail) changetype<Request>(<usize>flow.tail).next = <u32>changetype<usize>(request);
  else flow.head = <u32>changetype<usize>(request);
  flow.tail = <u32>changetype<usize>(request);
  flow.pending++;
}

/** Removes the oldest pending request from the list. */
// @ts-ignore: decorator
@inline
export function shift(flow: Flow): void {
  const request = changetype<Request>(<usize>flow.head);
  flow.head = request.next;
  if (request.next == 0) flow.tail = 0;
  flow.pending--;
}

/** Sets the time of the first byte of the answer. */
// @ts-ignore: decorator
@inline
export function answered(request: Request, time: u64): void {
  if (request.bits & BIT_ANSWERED) return;
  request.bits |= BIT_ANSWERED;
  request.answerTime = time;
}

function hashEndpoint(high: u64, low: u64, port: u16): u64 {
  store<u64>(endpoint, high);
  store<u64>(endpoint, low, 8);
  store<u16>(endpoint, port, 16);
  return otherHash(endpoint, port ? 18 : 16);
}

// The server hashed last: many connections have the same one.
let serverHigh: u64 = 0;
let serverLow: u64 = 0;
let serverHash: u64 = 0;
let serverKnown: bool = false;

function hashServer(high: u64, low: u64): u64 {
  if (!serverKnown || high != serverHigh || low != serverLow) {
    serverKnown = true;
    serverHigh = high;
    serverLow = low;
    serverHash = hashEndpoint(high, low, 0);
  }
  return serverHash;
}

/** Records that the connection of a flow opened or closed. */
export function recordConn(flow: Flow, kind: u32, time: u64): void {
  if (flow.transport == OVER_UDP) return;
  const clientLow = flow.transport == UDP_PEER ? flow.clientLow ^ saltOf(PEER_MARK) : flow.clientLow;
  emitConn(
    flow.conn, kind, time, hashEndpoint(flow.clientHigh, clientLow, clientPort(flow)),
    hashServer(flow.serverHigh, flow.serverLow), bswap<u16>(serverPort(flow)),
  );
}

/**
 * Records the opening of a flow before its first event, so that flows without memcache traffic are not
 * recorded.
 */
function recordOpen(flow: Flow): void {
  flow.opened = 1;
  recordConn(flow, flow.fromSyn ? CONN_KIND_OPEN_SYN : CONN_KIND_OPEN_MIDSTREAM, flow.openTime);
}

/** A path no clock disagrees on, parts of a second: copies this close are of interfaces of one host. */
const NEAR_PARTS: u64 = 10000;
/** Times the lag of a copy: of a latency this long the lag is a small part. */
const LAGS_MAX: i64 = 16;
/** Number of the capture where packets come from the kernel's rings. */
const LIVE: u32 = 0;

/**
 * Whether a latency may be nothing but what two clocks disagree on. Where a connection was captured at two
 * points, the request may be of the one and the answer of the other, which missed the rest; each is then off
 * by less than the lag of the copy of its SYN. No packet of the second point comes before that copy, so what
 * was recorded before it is all of the first. A live source has one clock, however many interfaces it has.
 */
function isOfTwoClocks(flow: Flow, latency: i64): bool {
  if (indexState.capture == LIVE) return false;
  const lag = <i64>flow.copyLag;
  return lag > <i64>(indexState.second / NEAR_PARTS) && latency < LAGS_MAX * lag;
}

/** Records a request with one outcome for all its keys. Does not free it. */
export function record(flow: Flow, request: Request, status: u32): void {
  if (request.bits & BIT_NO_EVENT || flow.sync != SYNC_YES) return;
  if (!flow.opened) recordOpen(flow);
  if (request.bits & BIT_ANSWERED && status != STATUS_UNANSWERED && status != STATUS_SILENT) {
    const latency = <i64>(request.answerTime - request.lastTime);
    if (request.lastTime == TIME_UNKNOWN || (flow.copyLag && isOfTwoClocks(flow, latency))) {
      count(COUNTER_UNKNOWN_LATENCY);
    } else {
      if (latency < 0) count(COUNTER_NEGATIVE_LATENCY);
      request.latency = latency < 0 ? 0 : latency;
      request.present |= 1 << PRESENT_LATENCY;
    }
  }
  request.status = <u8>status;
  if (request.keys == 0) {
    emit(request);
    return;
  }
  recordKeys(request, status);
}

/** Emits one event for each key. Keys with a VALUE are hits; the others get `status`. */
function recordKeys(request: Request, status: u32): void {
  let index: u32 = 0;
  const present = request.present & ~((1 << PRESENT_KEY) | (1 << PRESENT_VALUE_SIZE) | (1 << PRESENT_FLAGS));
  for (let chunk = <usize>request.keys; chunk; chunk = changetype<KeyChunk>(chunk).next) {
    const entries = changetype<KeyChunk>(chunk).count;
    for (let i: u32 = 0; i < entries; i++) {
      const entry = entryAt(chunk, i);
      request.present = present;
      request.keyIndex = index++;
      if (entry.size) {
        request.keyHash = entry.hash;
        request.keySize = entry.size;
        request.present |= 1 << PRESENT_KEY;
      }
      if (entry.hit) {
        request.valueSize = entry.valueSize;
        request.flags = entry.flags;
        request.present |= (1 << PRESENT_VALUE_SIZE) | (1 << PRESENT_FLAGS);
      }
      request.status = <u8>(entry.hit ? STATUS_HIT : status);
      emit(request);
    }
  }
}

/** Records the outcome of a quiet request whose silence was proven by a later answer. */
export function recordSilence(flow: Flow, request: Request): void {
  const op = <u32>request.op;
  // Only the binary protocol has quiet gets.
  record(flow, request, op == OP_MG || op == OP_GET || op == OP_GAT ? STATUS_MISS : STATUS_SILENT);
}

/** Records all pending requests as unanswered and empties the list. */
export function abandonPending(flow: Flow): void {
  while (flow.head) {
    const request = changetype<Request>(<usize>flow.head);
    shift(flow);
    abandon(flow, request);
  }
}

/** Empties the list without recording, because the server never reads these requests. */
export function forgetPending(flow: Flow): void {
  while (flow.head) {
    const request = changetype<Request>(<usize>flow.head);
    shift(flow);
    freeRequest(request);
  }
  if (flow.current) {
    freeRequest(changetype<Request>(<usize>flow.current));
    flow.current = 0;
  }
}

/** Records one request as unanswered. */
export function abandon(flow: Flow, request: Request): void {
  // The client may have sent it before the capture showed that the server wants credentials.
  if (flow.auth == AUTH_WANTED && mayLogIn(request)) {
    flow.auth = AUTH_TRIED;
    becomeLogin(request);
  } else if (flow.auth || flow.login == LOGIN_BOTH) {
    withhold(request);
  }
  record(flow, request, STATUS_UNANSWERED);
  freeRequest(request);
}
