/**
 * SYNs seen, in a small lossy table: a flood costs nothing but other floods' entries, and a flow whose
 * handshake is remembered starts in sync.
 */
import { config, count } from '../instance';
import { COUNTER_BOUND_SYNS, SIZEOF_SYN, Syn } from '../layout';
import { hasOptions, maySack, NO_SCALE, scale, stamp } from '../wire/options';
import { AGREED, AGREED_SACK, AGREED_STAMPS } from './flow';

export { Syn };

/** Entries that share a place; the oldest gives way when all are taken (counted). */
const WAYS: u32 = 8;
/** Bytes a client may have sent since its SYN, for that to be its flow's: far below half the numbers there are. */
const NEAR: u32 = 1 << 30;

// @ts-ignore: decorator
@inline
function placeOf(hash: u32): usize {
  return <usize>config.syns + <usize>((hash * WAYS) & (config.synCount - 1)) * SIZEOF_SYN;
}

/** Remembers a client's SYN beside others of the flow: which of them opens it the server's answer says. */
export function rememberSyn(hash: u32, sequence: u32, clientPort: u16, serverPort: u16, time: u64): void {
  const place = placeOf(hash);
  let chosen = changetype<Syn>(place);
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = changetype<Syn>(place + <usize>(way * SIZEOF_SYN));
    // A retransmitted SYN keeps the first one's time.
    if (isOf(syn, hash, clientPort, serverPort) && syn.client == sequence) return;
    if (chosen.state && (!syn.state || <i64>(syn.time - chosen.time) < 0)) chosen = syn;
  }
  if (chosen.state && chosen.hash != hash) count(COUNTER_BOUND_SYNS);
  chosen.hash = hash;
  chosen.client = sequence;
  chosen.clientPort = clientPort;
  chosen.serverPort = serverPort;
  chosen.time = time;
  chosen.state = 1;
  chosen.agreed = hasOptions ? offered() : 0;
  chosen.scaled = scale < NO_SCALE ? 1 : 0;
  chosen.clientStamp = stamp;
  chosen.scales = <u8>(scale & 15);
}

// @ts-ignore: decorator
@inline
function isOf(syn: Syn, hash: u32, clientPort: u16, serverPort: u16): bool {
  return syn.state != 0 && syn.hash == hash && syn.clientPort == clientPort && syn.serverPort == serverPort;
}

/** What the options just read offer. */
function offered(): u8 {
  return AGREED | (maySack ? AGREED_SACK : 0) | (stamp ? AGREED_STAMPS : 0);
}

/**
 * The handshake a flow began with, or 0: of those remembered the one next before where the client stands.
 * `port0` and `port1` are the ports of a segment with those numbers.
 */
export function findSyn(hash: u32, port0: u16, port1: u16, sequence: u32, acknowledged: u32): Syn {
  const place = placeOf(hash);
  let found = changetype<Syn>(0);
  let least: u32 = NEAR;
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = changetype<Syn>(place + <usize>(way * SIZEOF_SYN));
    const fromClient = isOf(syn, hash, port0, port1);
    if (!fromClient && !isOf(syn, hash, port1, port0)) continue;
    const distance = (fromClient ? sequence : acknowledged) - syn.client - 1;
    if (distance > least || (distance == least && syn.state == 1)) continue;
    least = distance;
    found = syn;
  }
  return found;
}

/** Remembers a server's SYN-ACK if it answers a SYN remembered; returns whether it does. */
export function rememberSynAck(
  hash: u32, sequence: u32, acknowledged: u32, serverPort: u16, clientPort: u16, window: u32,
): bool {
  const place = placeOf(hash);
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = changetype<Syn>(place + <usize>(way * SIZEOF_SYN));
    if (!isOf(syn, hash, clientPort, serverPort) || syn.client + 1 != acknowledged) continue;
    // Sent again it says the same.
    if (syn.state == 2 && syn.server == sequence) return true;
    syn.server = sequence;
    syn.state = 2;
    syn.agreed &= hasOptions ? offered() : 0;
    const both = syn.scaled && scale < NO_SCALE;
    syn.scales = both ? syn.scales | <u8>(scale << 4) : 0;
    syn.window = <u16>window;
    syn.serverStamp = stamp;
    return true;
  }
  return false;
}

/** Forgets the handshakes of a flow once it has begun with one. */
export function forgetSyns(hash: u32, clientPort: u16, serverPort: u16): void {
  const place = placeOf(hash);
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = changetype<Syn>(place + <usize>(way * SIZEOF_SYN));
    if (isOf(syn, hash, clientPort, serverPort)) syn.state = 0;
  }
}
