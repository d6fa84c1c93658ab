/** Tells the protocol of a connection from its first bytes. */
import { CLIENT, Flow, FLOW_BINARY, FLOW_NEW, FLOW_TEXT, FLOW_TLS, sideOf, SYNC_NONE } from '../flow/flow';
import { count } from '../instance';
import { COUNTER_PAYLOAD_GAP, COUNTER_PAYLOAD_SKIPPED_PROXY_HEADER, COUNTER_PROXY_HEADERS } from '../layout';
import { MAGIC_REQUEST } from '../memcache/binary';
import {
  probe, PROXY_HEADER, PROXY_LINE_MAX, SPEAKS_BINARY, SPEAKS_PERHAPS_PROXY, SPEAKS_PROXY, SPEAKS_PROXY_LINE,
  SPEAKS_TLS,
} from '../memcache/probe';
import { disown, wasUnsynced } from './account';
import { Packet } from '../packet';
import { findByte } from '../scan';
import { appendLine, freeLine } from './lines';
import { isTlsInside } from './tls';
import { load16 } from '../wire/bytes';
import { binaryClientBytes } from './binary-client';
import { CLIENT_LINE, CLIENT_PROXY } from './states';
import { lostRequest } from './submit';

const LF: u8 = 10;

/**
 * Takes client bytes of a flow that is not known to be text. Returns the address where text begins, or `end`;
 * earlier bytes may be in the side's line.
 */
export function findText(flow: Flow, at: usize, end: usize, from: Packet): usize {
  if (flow.kind == FLOW_NEW) {
    if (flow.sync == SYNC_NONE) flow.kind = guess(flow, at, end);
    else at = tell(flow, at, end, from);
  }
  if (flow.kind == FLOW_TEXT) return at;
  if (flow.kind == FLOW_BINARY && at < end) binaryClientBytes(flow, at, end, from);
  return end;
}

/** Guesses the protocol of bytes in mid-stream, which their answer must prove. */
function guess(flow: Flow, at: usize, end: usize): u8 {
  if (isTlsInside(flow, sideOf(flow, CLIENT), at, end)) return FLOW_TLS;
  if (load<u8>(at) == MAGIC_REQUEST) return FLOW_BINARY;
  // A TLS handshake is at the start of a connection.
  return !wasUnsynced(flow) && probe(at, end) == SPEAKS_TLS ? FLOW_TLS : FLOW_TEXT;
}

/**
 * Tells the protocol from the first bytes of a connection, after any PROXY headers. Returns the address where
 * reading goes on.
 */
function tell(flow: Flow, at: usize, end: usize, by: Packet): usize {
  const side = sideOf(flow, CLIENT);
  while (at < end) {
    if (side.state == CLIENT_PROXY) {
      const bytes = <u32>min<usize>(side.skip, end - at);
      disown(flow, bytes, COUNTER_PAYLOAD_SKIPPED_PROXY_HEADER);
      at += bytes;
      side.skip -= bytes;
      if (side.skip == 0) side.state = CLIENT_LINE;
      continue;
    }
    const held = side.lineSize;
    let from = at;
    let to = end;
    if (held) {
      appendLine(side, at, min(end, at + (PROXY_LINE_MAX - held)), by);
      from = side.line;
      to = from + side.lineSize;
    }
    const speaks = probe(from, to);
    if (speaks == SPEAKS_PERHAPS_PROXY) {
      if (held == 0 && appendLine(side, at, end, by) == 0) {
        disown(flow, <u32>(end - at), COUNTER_PAYLOAD_GAP);
        lostRequest(flow);
      }
      return end;
    }
    if (speaks == SPEAKS_PROXY_LINE || speaks == SPEAKS_PROXY) {
      count(COUNTER_PROXY_HEADERS);
      const size = speaks == SPEAKS_PROXY ? PROXY_HEADER : findByte(from, to, LF) + 1 - from;
      disown(flow, <u32>size, COUNTER_PAYLOAD_SKIPPED_PROXY_HEADER);
      at += size - held;
      if (speaks == SPEAKS_PROXY) side.skip = load16(from + PROXY_HEADER - 2);
      if (side.skip) side.state = CLIENT_PROXY;
      freeLine(side);
      continue;
    }
    // The bytes of this packet are read in place, because they have its time.
    side.lineSize = held;
    flow.settled = 1;
    if (speaks == SPEAKS_BINARY) flow.kind = FLOW_BINARY;
    else if (speaks == SPEAKS_TLS) flow.kind = FLOW_TLS;
    else flow.kind = FLOW_TEXT;
    return at;
  }
  return end;
}
