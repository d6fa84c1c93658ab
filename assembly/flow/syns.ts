/**
 * SYNs seen, in a small lossy table: a flood costs nothing but other floods' entries, and a flow whose
 * handshake is remembered starts in sync.
 */
import { config, count } from '../instance';
import { COUNTER_BOUND_SYNS } from '../layout';

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

/** Entries that share a place; the oldest gives way when all are taken (counted). */
const WAYS: u32 = 8;
const SYN_SIZE: u32 = 32;

// @ts-ignore: decorator
@inline
function placeOf(hash: u32): usize {
  return <usize>config.syns + <usize>((hash * WAYS) & (config.synCount - 1)) * SYN_SIZE;
}

/** Remembers a client's SYN; the latest of a flow counts. */
export function rememberSyn(hash: u32, sequence: u32, clientPort: u16, serverPort: u16, time: u64): void {
  const place = placeOf(hash);
  let chosen = changetype<Syn>(place);
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = changetype<Syn>(place + <usize>(way * SYN_SIZE));
    if (syn.state && syn.hash == hash && syn.clientPort == clientPort && syn.serverPort == serverPort) {
      // A retransmitted SYN keeps the first one's time.
      if (syn.client == sequence) return;
      chosen = syn;
      break;
    }
    if (chosen.state && (!syn.state || <i64>(syn.time - chosen.time) < 0)) chosen = syn;
  }
  if (chosen.state && chosen.hash != hash) count(COUNTER_BOUND_SYNS);
  chosen.hash = hash;
  chosen.client = sequence;
  chosen.clientPort = clientPort;
  chosen.serverPort = serverPort;
  chosen.time = time;
  chosen.state = 1;
}

/** The handshake of a flow, or 0. `port0` and `port1` are its ports in either order. */
export function findSyn(hash: u32, port0: u16, port1: u16): Syn {
  const place = placeOf(hash);
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = changetype<Syn>(place + <usize>(way * SYN_SIZE));
    if (!syn.state || syn.hash != hash) continue;
    if (syn.clientPort == port0 && syn.serverPort == port1) return syn;
    if (syn.clientPort == port1 && syn.serverPort == port0) return syn;
  }
  return changetype<Syn>(0);
}

/** Remembers a server's SYN-ACK if it answers a SYN remembered; returns whether it does. */
export function rememberSynAck(hash: u32, sequence: u32, acknowledged: u32, serverPort: u16, clientPort: u16): bool {
  const syn = findSyn(hash, serverPort, clientPort);
  if (!changetype<usize>(syn) || syn.clientPort != clientPort || syn.client + 1 != acknowledged) return false;
  syn.server = sequence;
  syn.state = 2;
  return true;
}

/** Forgets a handshake once its flow has begun with it or ended. */
// @ts-ignore: decorator
@inline
export function forgetSyn(syn: Syn): void {
  syn.state = 0;
}
