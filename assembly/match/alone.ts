/**
 * Reads one side of a connection alone, because the capture does not have the other. Requests are unanswered.
 * Of answers only hits become events: VALUE, of a get or the like, and VA, of an mg; the time of the request
 * is unknown, and so is the key of a VA that does not return it. All other answers are only counted.
 */
import { CLIENT, Flow, FLOW_TLS, SERVER, sideOf, SYNC_NONE } from '../flow/flow';
import { count } from '../instance';
import {
  COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD, COUNTER_UNMATCHED_ANSWERS, OP_MG, PRESENT_FLAGS,
  PRESENT_VALUE_SIZE, PROTO_META, STATUS_HIT,
} from '../layout';
import {
  answerFlags, answerSize, hasFlags, hasKey, keyAt, keyEnd, keyIsBase64, parseAnswer,
} from '../memcache/answer';
import { MAGIC_ANSWER } from '../memcache/binary';
import { clear } from '../memcache/command';
import { setKey } from '../memcache/keys';
import { IS_END, IS_ERROR, IS_FREE, IS_VA, IS_VALUE } from '../memcache/message';
import { probe, SPEAKS_TLS } from '../memcache/probe';
import { setGet } from '../memcache/request';
import { nextToken, tokenEnd } from '../memcache/tokens';
import { Packet } from '../packet';
import { findByte } from '../scan';
import { disown, leaveRestUnread, WHY_AFTER_GAP, WHY_NOT_UNDERSTOOD } from './account';
import { appendLine, freeLine } from './lines';
import { abandonPending, freeRequest, newRequest, record } from './pending';
import { CLIENT_HELD, CLIENT_UNKNOWN, SERVER_AFTER_ERROR, SERVER_DATA, SERVER_LINE } from './states';
import { setOrigin } from './submit';
import { loseSync } from './sync';

const LF: u8 = 10;
const CR: u8 = 13;
/** Bytes of `VALUE `. */
const VALUE_WORD: usize = 6;

/** Ends requests, to which no answer will be captured. */
export function endRequests(flow: Flow): void {
  const state = sideOf(flow, CLIENT).state;
  // Without the answer it is unknown what the bytes are.
  if (state == CLIENT_HELD || state == CLIENT_UNKNOWN) loseSync(flow, WHY_NOT_UNDERSTOOD);
  else abandonPending(flow);
}

/** Reads the server's next bytes, whose requests will not be captured. */
export function answersAlone(flow: Flow, at: usize, end: usize, from: Packet): void {
  const side = sideOf(flow, SERVER);
  while (at < end) {
    if (flow.sync == SYNC_NONE) {
      leaveRestUnread(flow, <u32>(end - at));
      return;
    }
    if (side.state == SERVER_DATA) {
      const bytes = <u32>min<usize>(side.skip, end - at);
      at += bytes;
      side.skip -= bytes;
      if (side.skip == 0) side.state = SERVER_LINE;
      continue;
    }
    if (side.line == 0 && !flow.settled) {
      if (probe(at, end) == SPEAKS_TLS) {
        flow.kind = FLOW_TLS;
        return;
      }
      if (load<u8>(at) == MAGIC_ANSWER) {
        loseSync(flow, WHY_NOT_UNDERSTOOD);
        continue;
      }
    }
    const feed = findByte(at, end, LF);
    let line = at;
    let lineEnd = feed;
    if (side.line || feed == end) {
      const taken = appendLine(side, at, feed, from);
      if (taken < <u32>(feed - at)) {
        // What the line took is counted with it.
        at += taken;
        loseSync(flow, WHY_AFTER_GAP);
        continue;
      }
      if (feed == end) return;
      line = side.line;
      lineEnd = line + side.lineSize;
    } else {
      side.lineTime = from.time;
      side.lineOrdinal = from.ordinal;
    }
    const size = <u32>(lineEnd + 1 - line);
    side.lineSize = 0;
    if (lineEnd > line && load<u8>(lineEnd - 1) == CR) lineEnd--;
    answer(flow, line, lineEnd, size);
    freeLine(side);
    at = feed + 1;
  }
}

/** Reads an answer line, of `size` bytes with its line end. */
function answer(flow: Flow, at: usize, end: usize, size: u32): void {
  const side = sideOf(flow, SERVER);
  const code = parseAnswer(at, end);
  if (code == IS_VALUE || code == IS_VA) {
    flow.settled = 1;
    hit(flow, code, at, end);
    side.spoken = 1;
    side.skip = answerSize + 2;
    side.state = SERVER_DATA;
    return;
  }
  // The end of a retrieval's hits; alone it means a miss.
  const ends = code == IS_END && side.spoken;
  side.spoken = 0;
  if (ends) return;
  // An empty line belongs to the error before it, as after those of retrievals since release 1.6.40.
  const isRest = at == end && side.state == SERVER_AFTER_ERROR;
  side.state = code == IS_ERROR ? SERVER_AFTER_ERROR : SERVER_LINE;
  if (!isRest) count(COUNTER_UNMATCHED_ANSWERS);
  disown(flow, size, COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD);
  if (code == IS_FREE && !isRest) loseSync(flow, WHY_NOT_UNDERSTOOD);
  else flow.settled = 1;
}

/** Records a hit. */
function hit(flow: Flow, code: u32, at: usize, end: usize): void {
  const side = sideOf(flow, SERVER);
  const request = newRequest(flow);
  if (changetype<usize>(request) == 0) return;
  if (code == IS_VALUE) {
    const key = nextToken(at + VALUE_WORD, end);
    setGet(request, key, tokenEnd);
  } else {
    clear(request);
    request.op = <u8>OP_MG;
    request.proto = <u8>PROTO_META;
    // A key in base64 stands for another key.
    if (hasKey && !keyIsBase64) setKey(request, keyAt, keyEnd - keyAt);
  }
  setOrigin(flow, request, side.lineTime, side.lineOrdinal);
  request.valueSize = answerSize;
  request.present |= 1 << PRESENT_VALUE_SIZE;
  if (code == IS_VALUE || hasFlags) {
    request.flags = answerFlags;
    request.present |= 1 << PRESENT_FLAGS;
  }
  record(flow, request, STATUS_HIT);
  freeRequest(request);
}
