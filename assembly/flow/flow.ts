/**
 * A flow: one TCP connection as this worker knows it. Side 0 is the client, side 1 the server.
 *
 *   Flow | identity, list links, pairing state | Side (client) | Side (server) |
 *
 * The fields stand in src/layout/schema.ts, because the host lays out the memory of flows.
 */
import { Flow, Side, SIZEOF_FLOW, SIZEOF_SIDE } from '../layout';

export { Flow, Side };

/** Bytes of a flow with both its sides. */
export const SIZEOF_FLOW_ALL: u32 = SIZEOF_FLOW + 2 * SIZEOF_SIDE;

export const KNOWN_NOT: u8 = 0;
export const KNOWN: u8 = 1;
/** The side's FIN came in order: it sends no more. */
export const KNOWN_OVER: u8 = 2;

/** Both SYNs were seen, so it is known which options both sides agreed on. */
export const AGREED: u8 = 1;
export const AGREED_SACK: u8 = 2;
export const AGREED_STAMPS: u8 = 4;
/** Beside these: its packets are seen twice, because its SYN was, too soon to have been sent again. */
export const SEEN_TWICE: u8 = 8;

/** Windows are shifted by no more (RFC 7323, section 2.3). */
export const SCALE_MAX: u32 = 14;

export const OVER_TCP: u8 = 0;
/** An exchange: a request datagram and its answer, under one request id. */
export const OVER_UDP: u8 = 1;
/** Two endpoints that exchange datagrams: it only has a connection's number. */
export const UDP_PEER: u8 = 2;

export const CLIENT: u32 = 0;
export const SERVER: u32 = 1;

/** Out of sync: no event is recorded, bytes count as unsynced. */
export const SYNC_NONE: u8 = 0;
/** A request line was found in mid-stream; its answer must prove it. */
export const SYNC_TENTATIVE: u8 = 1;
/** Both directions stand at known places. */
export const SYNC_YES: u8 = 2;
/** Text and meta. */
export const FLOW_TEXT: u8 = 0;
export const FLOW_BINARY: u8 = 1;
/** Not yet told apart: too few client bytes were seen, or none that begin a request. */
export const FLOW_NEW: u8 = 2;
/** This kind and the following are not read. */
export const FLOW_TLS: u8 = 3;
/** Something else on the port, or given up after too many failures. */
export const FLOW_STRAY: u8 = 4;
/** A copy of another flow, seen under other addresses. */
export const FLOW_COPY: u8 = 5;

export const HALF_NO: u8 = 0;
/** The capture has nothing of the server. */
export const HALF_REQUESTS: u8 = 1;
/** It has nothing of the client. */
export const HALF_ANSWERS: u8 = 2;

export const AUTH_NO: u8 = 0;
/** The server refused a request for want of credentials: the next set carries them, whatever its key. */
export const AUTH_WANTED: u8 = 1;
/** A set that may carry credentials is pending. */
export const AUTH_TRIED: u8 = 2;

/** Ports of a flow, in network order. */
// @ts-ignore: decorator
@inline
export function clientPort(flow: Flow): u16 {
  return <u16>flow.ports;
}
// @ts-ignore: decorator
@inline
export function serverPort(flow: Flow): u16 {
  return <u16>(flow.ports >> 16);
}

/** One side of a flow. */
// @ts-ignore: decorator
@inline
export function sideOf(flow: Flow, side: u32): Side {
  return changetype<Side>(changetype<usize>(flow) + SIZEOF_FLOW + side * SIZEOF_SIDE);
}

/** Window scale of a side; meaningful where both SYNs were seen. */
// @ts-ignore: decorator
@inline
export function scaleOf(flow: Flow, side: u32): u32 {
  return ((<u32>flow.scales) >> (side << 2)) & 15;
}
