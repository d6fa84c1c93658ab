/**
 * SYNs seen, in a small lossy table: a flood costs nothing but other floods' entries, and a flow whose
 * handshake is remembered starts in sync.
 */
import { config } from '../instance';

// @ts-ignore: decorator
@unmanaged
export class Syn {
  /** Time of the SYN. */
  time: u64;
  hash: u32;
  /** Initial sequence numbers of client and server. */
  client: u32;
  server: u32;
  /** Client's port in network order: with the hash enough to tell the sides apart. */
  clientPort: u16;
  serverPort: u16;
  /** 1: the entry is used; 2: the server's number is known too. */
  state: u8;
  pad0: u8;
  pad1: u16;
  pad2: u32;
}

// @ts-ignore: decorator
@inline
function slotOf(hash: u32): Syn {
  return changetype<Syn>(<usize>config.syns + (<usize>(hash & (config.synCount - 1)) << 5));
}

/** Remembers a client's SYN; the latest counts. */
export function rememberSyn(hash: u32, sequence: u32, clientPort: u16, serverPort: u16, time: u64): void {
  const syn = slotOf(hash);
  // A retransmitted SYN keeps the first one's time.
  if (syn.state && syn.hash == hash && syn.client == sequence && syn.clientPort == clientPort) return;
  syn.hash = hash;
  syn.client = sequence;
  syn.clientPort = clientPort;
  syn.serverPort = serverPort;
  syn.time = time;
  syn.state = 1;
}

/** Remembers a server's SYN-ACK if it answers the SYN remembered; returns whether it does. */
export function rememberSynAck(hash: u32, sequence: u32, acknowledged: u32, clientPort: u16): bool {
  const syn = slotOf(hash);
  if (!syn.state || syn.hash != hash || syn.clientPort != clientPort || syn.client + 1 != acknowledged) return false;
  syn.server = sequence;
  syn.state = 2;
  return true;
}

/** The handshake of a flow, or 0. `port0` and `port1` are its ports in either order. */
export function findSyn(hash: u32, port0: u16, port1: u16): Syn {
  const syn = slotOf(hash);
  if (syn.state && syn.hash == hash) {
    if (syn.clientPort == port0 && syn.serverPort == port1) return syn;
    if (syn.clientPort == port1 && syn.serverPort == port0) return syn;
  }
  return changetype<Syn>(0);
}

/** Forgets a handshake once its flow has begun with it or ended. */
// @ts-ignore: decorator
@inline
export function forgetSyn(syn: Syn): void {
  syn.state = 0;
}
