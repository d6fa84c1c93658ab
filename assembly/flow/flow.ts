/**
 * A flow: one TCP connection as this worker knows it. Side 0 is the client, side 1 the server.
 *
 *   Flow | identity, list links, pairing state | Side (client) | Side (server) |
 */
// @ts-ignore: decorator
@unmanaged
export class Side {
  /** Sequence number of the next byte to deliver; meaningful when `known`. */
  next: u32;
  /** Highest acknowledgement the peer sent for this side's bytes. */
  acked: u32;
  /** First and only list of segments that came early, by sequence number. */
  queue: u32;
  /** Bytes in that list, small segments counted as more than they are. */
  queued: u32;
  /** Bytes still to come of a value (its CRLF included) or of a header being skipped. */
  skip: u32;
  /** Buffer of a line begun but not ended, 0 where there is none. */
  line: u32;
  lineSize: u32;
  /** Interface that showed its bytes last; its low bits are enough. */
  ifindex: u8;
  /** 1 once a right checksum was seen: from here on a wrong one says that the receiver dropped the segment. */
  sums: u8;
  /** Window its last segment offered, as it stands in the header. */
  window: u16;
  /** Sequence number of the SYN, when the handshake was seen. */
  initial: u32;
  /** Time stamp of the last segment in order, 0 where there was none. */
  stamp: u32;
  /** Time of the packet that brought the first byte of the line. */
  lineTime: u64;
  /** Ordinal of that packet. */
  lineOrdinal: u64;
  /** Packet in which requests are being counted, and how many began in it. */
  beganOrdinal: u64;
  began: u32;
  /** Parser state: CLIENT_* or SERVER_*. */
  state: u8;
  /** KNOWN_*: whether `next` means something. */
  known: u8;
  /** 1 once it has said a whole line. */
  spoken: u8;
  finDone: u8;
}

// @ts-ignore: decorator
@unmanaged
export class Flow {
  /** Neighbours in the list from the longest to the shortest idle. */
  older: u32;
  newer: u32;
  hash: u32;
  conn: u32;
  /** Endpoints: 128-bit addresses as two words (IPv4 in the first, second 0). */
  clientHigh: u64;
  clientLow: u64;
  serverHigh: u64;
  serverLow: u64;
  /** In network order: client's port in the low half, server's in the high. */
  ports: u32;
  /** OVER_*, UDP_PEER: what carries it. */
  transport: u8;
  /** SYNC_*: whether events may be believed. */
  sync: u8;
  /** FLOW_*: what kind of traffic this is. */
  kind: u8;
  /** Failed attempts to synchronise since the last success. */
  failures: u8;
  /** Second in which it was last moved to the list's young end. */
  epoch: u32;
  /** Segments seen since delivery got stuck, 0 when it is not stuck. */
  stuck: u16;
  /** Where it is read in two ways: which doubt it is in, counted from 1. */
  doubt: u8;
  /** What its server proved to do where releases differ: match/doubt.ts. */
  proven: u8;
  stuckTime: u64;
  /** Pending requests, oldest first. */
  head: u32;
  tail: u32;
  pending: u32;
  /** The request whose line or value is still arriving. */
  current: u32;
  /** AUTH_*: whether the server is known to ask for credentials. */
  auth: u8;
  /** 1 where bytes were lost to us: counted as an unsynced flow once. */
  unsynced: u8;
  /** 1 once its opening is recorded. */
  opened: u8;
  /** 1 where the handshake was seen. */
  fromSyn: u8;
  /** 1 once it is certain which protocol it speaks: there is no switch later. */
  settled: u8;
  /** LOGIN_*: what the first value read so far looks like. */
  login: u8;
  /** AGREED_*: options both SYNs had, where both were seen. */
  agreed: u8;
  /** How far windows are shifted, where that is agreed: the client's in the low half. */
  scales: u8;
  /** Time of the SYN, or of the first payload. */
  openTime: u64;
  lastTime: u64;
}

export const SIZEOF_FLOW: u32 = 112;
export const SIZEOF_SIDE: u32 = 72;
export const SIZEOF_FLOW_ALL: u32 = SIZEOF_FLOW + 2 * SIZEOF_SIDE; // 256, as src/memory/map.ts counts on

export const KNOWN_NOT: u8 = 0;
export const KNOWN: u8 = 1;
/** It has said all: its FIN came in order. */
export const KNOWN_OVER: u8 = 2;

/** Both SYNs were seen, so that an option not agreed on is one that does not count. */
export const AGREED: u8 = 1;
export const AGREED_SACK: u8 = 2;
export const AGREED_STAMPS: u8 = 4;

/** Windows are shifted by no more (RFC 7323, section 2.3). */
export const SCALE_MAX: u32 = 14;

export const OVER_TCP: u8 = 0;
/** What was asked and answered under one request id. */
export const OVER_UDP: u8 = 1;
/** Two endpoints that exchange datagrams: it only has a connection's number. */
export const UDP_PEER: u8 = 2;

export const CLIENT: u32 = 0;
export const SERVER: u32 = 1;

/** Nothing is believed; bytes are counted as unsynced. */
export const SYNC_NONE: u8 = 0;
/** A request line was found in mid-stream; its answer must prove it. */
export const SYNC_TENTATIVE: u8 = 1;
/** Both directions stand at known places. */
export const SYNC_YES: u8 = 2;
/** One of two readings of a flow that is in sync: what is recorded is held. */
export const SYNC_READING: u8 = 3;

/** Text and meta. */
export const FLOW_TEXT: u8 = 0;
export const FLOW_BINARY: u8 = 1;
/** Not yet told apart: too few client bytes were seen, or none that begin a request. */
export const FLOW_NEW: u8 = 2;
/** From here on kinds nothing is read of. */
export const FLOW_TLS: u8 = 3;
/** Something else on the port, or given up after too many failures. */
export const FLOW_STRAY: u8 = 4;

export const AUTH_NO: u8 = 0;
/** It refused something for want of them: the next set carries them, whatever its key. */
export const AUTH_WANTED: u8 = 1;
/** Such a set is on its way. */
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

/** How far the windows are shifted that a side offers; meaningful where both SYNs were seen. */
// @ts-ignore: decorator
@inline
export function scaleOf(flow: Flow, side: u32): u32 {
  return ((<u32>flow.scales) >> (side << 2)) & 15;
}

export function assertFlow(): void {
  if (offsetof<Flow>() != SIZEOF_FLOW) ERROR('SIZEOF_FLOW');
  if (offsetof<Side>() != SIZEOF_SIDE) ERROR('SIZEOF_SIDE');
}
