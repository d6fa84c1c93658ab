/**
 * Reads client bytes of a binary connection: headers, extras and keys become pending requests, and values are
 * skipped.
 */
import { CLIENT, Flow, FLOW_BINARY, Side, sideOf, SYNC_NONE, SYNC_TENTATIVE } from '../flow/flow';
import { count } from '../instance';
import {
  COUNTER_AMBIGUOUS_LENGTHS, COUNTER_PAYLOAD_GAP, COUNTER_PAYLOAD_SKIPPED_AFTER_QUIT,
  COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD, COUNTER_UNKNOWN_COMMANDS, OP_UNKNOWN, STATUS_SILENT,
} from '../layout';
import {
  BINARY_HEADER, isQuit, MAGIC_REQUEST, mayBegin, opaqueOf, parseBinaryRequest, refuseMagic, requestHead,
} from '../memcache/binary';
import { BIT_FOREIGN, BIT_LAST, BIT_QUIET, BIT_REFUSED, Request } from '../memcache/message';
import { Packet } from '../packet';
import { disown, WHY_NOT_UNDERSTOOD } from './account';
import { appendLine, freeLine } from './lines';
import { freeRequest, newRequest, push, record } from './pending';
import { CLIENT_DATA, CLIENT_UNKNOWN, CLIENT_LINE, CLIENT_OVER } from './states';
import { dataDone, lostRequest, setOrigin } from './submit';
import { loseSync, mayTry, passOverClient, tryFrom } from './sync';

/** Reads the client's next bytes, of the packet `from`. */
export function binaryClientBytes(flow: Flow, at: usize, end: usize, from: Packet): void {
  const side = sideOf(flow, CLIENT);
  if (flow.sync == SYNC_NONE) {
    const isHead = end - at >= BINARY_HEADER && mayBegin(at);
    // Answers that the server still owes have other opaques, unless the client leaves them 0.
    if (!isHead || (flow.owed && opaqueOf(at) == 0) || !mayTry(flow, from)) {
      passOverClient(flow, at, end);
      return;
    }
    tryFrom(flow);
  }
  while (at < end) {
    if (side.state == CLIENT_LINE) {
      at = headBytes(flow, at, end, from);
    } else if (side.state == CLIENT_DATA) {
      const bytes = min<usize>(side.skip, end - at);
      at += bytes;
      side.skip -= <u32>bytes;
      if (side.skip == 0) dataDone(flow, side, from.time);
    } else {
      const isUnknown = side.state == CLIENT_UNKNOWN;
      if (isUnknown) passUnknown(flow);
      const reason =
        isUnknown ? COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD : COUNTER_PAYLOAD_SKIPPED_AFTER_QUIT;
      disown(flow, <u32>(end - at), reason);
      return;
    }
    if (flow.sync == SYNC_NONE) {
      if (at < end) passOverClient(flow, at, end);
      return;
    }
  }
}

/**
 * Bytes of the client are not read, because it is not known what they are. The server may answer them. In the
 * binary protocol more of them behind a request that only other servers know, before its answer tells where
 * it ended, are not believed any more.
 */
export function passUnknown(flow: Flow): void {
  flow.owed = 1;
  if (flow.kind != FLOW_BINARY) return;
  const request = changetype<Request>(<usize>flow.tail);
  if (changetype<usize>(request) == 0 || !(request.bits & BIT_FOREIGN)) return;
  request.bits &= ~BIT_FOREIGN;
  count(COUNTER_AMBIGUOUS_LENGTHS);
}

/** Collects the head of a request, which may be split anywhere. Returns the address where reading goes on. */
function headBytes(flow: Flow, at: usize, end: usize, from: Packet): usize {
  const side = sideOf(flow, CLIENT);
  if (side.line == 0) {
    if (load<u8>(at) != MAGIC_REQUEST) {
      noRequest(flow, side);
      return at;
    }
    if (end - at >= BINARY_HEADER) {
      const size = requestHead(at);
      if (end - at >= size) {
        side.lineTime = from.time;
        side.lineOrdinal = from.ordinal;
        requestAt(flow, at, from.time);
        return at + size;
      }
    }
  }
  for (;;) {
    const have = side.lineSize;
    const need = have < BINARY_HEADER ? BINARY_HEADER : requestHead(side.line);
    if (have == need) break;
    if (at == end) return end;
    const taken = appendLine(side, at, min(at + (need - have), end), from);
    if (taken == 0) {
      lostRequest(flow);
      return at;
    }
    at += taken;
  }
  const head = <usize>side.line;
  // The head is complete: from here on the delivery counts its bytes, not the buffer.
  side.lineSize = 0;
  requestAt(flow, head, from.time);
  freeLine(side);
  return at;
}

/**
 * Handles bytes that begin no request: memcached closes without an answer, so nothing more is read before the
 * server sends.
 */
function noRequest(flow: Flow, side: Side): void {
  if (flow.sync == SYNC_TENTATIVE) {
    lostRequest(flow);
    return;
  }
  const request = newRequest(flow);
  if (changetype<usize>(request) == 0) {
    lostRequest(flow);
    return;
  }
  refuseMagic(request);
  push(flow, request);
  side.state = CLIENT_UNKNOWN;
}

/**
 * Handles the request with its head at `at`. Its last byte arrived at `lastTime`, its first at the side's
 * `lineTime`.
 */
function requestAt(flow: Flow, at: usize, lastTime: u64): void {
  const side = sideOf(flow, CLIENT);
  const request = newRequest(flow);
  if (changetype<usize>(request) == 0) {
    disown(flow, requestHead(at), COUNTER_PAYLOAD_GAP);
    lostRequest(flow);
    return;
  }
  parseBinaryRequest(request, at);
  setOrigin(flow, request, side.lineTime, side.lineOrdinal);
  request.lastTime = lastTime;
  side.spoken = 1;
  if (request.bits & BIT_REFUSED) {
    if (flow.sync == SYNC_TENTATIVE) {
      freeRequest(request);
      loseSync(flow, WHY_NOT_UNDERSTOOD);
      return;
    }
    if (request.op == OP_UNKNOWN) count(COUNTER_UNKNOWN_COMMANDS);
    if ((request.bits & (BIT_LAST | BIT_FOREIGN)) == BIT_LAST) count(COUNTER_AMBIGUOUS_LENGTHS);
  }
  if (request.dataSize) {
    flow.current = <u32>changetype<usize>(request);
    side.skip = request.dataSize;
    side.state = CLIENT_DATA;
    return;
  }
  if (isQuit(request)) {
    side.state = CLIENT_OVER;
    if (request.bits & BIT_QUIET) {
      record(flow, request, STATUS_SILENT);
      freeRequest(request);
      return;
    }
  } else if (request.bits & BIT_LAST) {
    side.state = CLIENT_UNKNOWN;
  }
  push(flow, request);
}
