/**
 * A flow: one TCP connection, or one exchange over UDP. Side 0 is the client, side 1 the server.
 *
 *   Flow | identity, list links, pairing state | Side (client) | Side (server) |
 *
 * The fields are in src/layout/schema.ts, because the host lays out the memory of flows.
 */
import { Flow, Side, SIZEOF_FLOW, SIZEOF_SIDE } from '../layout';

export { Flow, Side };

/** Bytes of a flow with both its sides. */
export const SIZEOF_FLOW_ALL: u32 = SIZEOF_FLOW + 2 * SIZEOF_SIDE;

/** The sequence number of the side's next byte is not known. */
export const KNOWN_NOT: u8 = 0;
/** It is known. */
export const KNOWN: u8 = 1;
/** The side's FIN was delivered: the side sends no more. */
export const KNOWN_OVER: u8 = 2;

/** Both SYNs were seen, so it is known which options both sides agreed on. */
export const AGREED: u8 = 1;
/** Both sides permit selective acknowledgements (RFC 2018). */
export const AGREED_SACK: u8 = 2;
/** Both sides send time stamps (RFC 7323, section 3). */
export const AGREED_STAMPS: u8 = 4;
/** The flow's packets are captured twice: its SYN was, too soon for a retransmission. */
export const SEEN_TWICE: u8 = 8;
/** The BPF program was asked for whole packets of the flow (uncut.ts). */
export const UNCUT: u8 = 16;

/** Largest window scale (RFC 7323, section 2.3). */
export const SCALE_MAX: u32 = 14;

/** A TCP connection. */
export const OVER_TCP: u8 = 0;
/** An exchange: a request datagram and its answer, with one request id. */
export const OVER_UDP: u8 = 1;
/** Two endpoints that exchange datagrams: holds only the connection number of their exchanges. */
export const UDP_PEER: u8 = 2;

export const CLIENT: u32 = 0;
export const SERVER: u32 = 1;

/** Out of sync: no event is recorded, and bytes count as unsynced. */
export const SYNC_NONE: u8 = 0;
/** A request was found in mid-stream; its answer must prove it. */
export const SYNC_TENTATIVE: u8 = 1;
/** In sync: it is known where requests and answers begin. */
export const SYNC_YES: u8 = 2;

/** Speaks the text protocol, with or without meta commands. */
export const FLOW_TEXT: u8 = 0;
/** Speaks the binary protocol. */
export const FLOW_BINARY: u8 = 1;
/** Protocol not known yet: the client has sent too few bytes, or none that begin a request. */
export const FLOW_NEW: u8 = 2;
/** Speaks TLS. Flows of this and the following kinds are not read. */
export const FLOW_TLS: u8 = 3;
/** Speaks another protocol, or was given up after too many failures to synchronise. */
export const FLOW_STRAY: u8 = 4;
/** A duplicate of another flow, captured at another point. */
export const FLOW_DUPLICATE: u8 = 5;

/** Both sides are read. */
export const HALF_NO: u8 = 0;
/** Only requests are read: the capture shows no packet of the server. */
export const HALF_REQUESTS: u8 = 1;
/** Only answers are read: the capture shows no packet of the client. */
export const HALF_ANSWERS: u8 = 2;

/** The server has not asked for credentials. */
export const AUTH_NO: u8 = 0;
/** The server refused a request without credentials: the next set carries them, whatever its key. */
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

/** Window scale of a side, a shift; known only where both SYNs were seen. */
// @ts-ignore: decorator
@inline
export function scaleOf(flow: Flow, side: u32): u32 {
  return ((<u32>flow.scales) >> (side << 2)) & 15;
}
