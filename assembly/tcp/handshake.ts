/**
 * SYNs seen, in a small lossy table: a flood costs nothing but other floods' entries, and a flow whose
 * handshake is remembered starts in sync.
 */
import {
  AGREED, AGREED_SACK, AGREED_STAMPS, CLIENT, Flow, KNOWN, scaleOf, SERVER, sideOf,
} from '../flow/flow';
import { config, count } from '../instance';
import { COUNTER_BOUND_SYNS, SIZEOF_SYN, Syn } from '../layout';
import { destinationPortField, packet, sourcePortField } from '../packet';
import { hasOptions, maySack, NO_SCALE, scale, stamp } from '../wire/options';
import { windowField } from '../wire/tcp';


export { Syn };

/** Entries that share a place; the oldest gives way when all are taken (counted). */
const WAYS: u32 = 8;
/** Syn.state of a SYN-ACK whose SYN was not seen. */
const ANSWER_ALONE: u8 = 3;
/** Bytes a client may have sent since its SYN, for that to be its flow's: far below half the numbers there are. */
const NEAR: u32 = 1 << 30;

// @ts-ignore: decorator
@inline
function placeOf(hash: u32): usize {
  return <usize>config.syns + <usize>((hash * WAYS) & (config.synCount - 1)) * SIZEOF_SYN;
}

/** Remembers the SYN at hand beside others of the flow: which of them opens it the server's answer says. */
export function rememberSyn(): void {
  const from = packet;
  const place = placeOf(from.hash);
  let chosen = changetype<Syn>(place);
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = changetype<Syn>(place + <usize>(way * SIZEOF_SYN));
    // A retransmitted SYN keeps the first one's time.
    const isSame = isOf(syn, sourcePortField(), destinationPortField()) && syn.client == from.sequence;
    if (isSame && syn.state != ANSWER_ALONE) return;
    if (chosen.state && (!syn.state || <i64>(syn.time - chosen.time) < 0)) chosen = syn;
  }
  if (chosen.state && chosen.hash != from.hash) count(COUNTER_BOUND_SYNS);
  chosen.hash = from.hash;
  chosen.client = from.sequence;
  chosen.clientPort = sourcePortField();
  chosen.serverPort = destinationPortField();
  chosen.time = from.time;
  chosen.state = 1;
  chosen.agreed = hasOptions ? offered() : 0;
  chosen.scaled = scale < NO_SCALE ? 1 : 0;
  chosen.clientStamp = stamp;
  chosen.scales = <u8>(scale & 15);
}

/** Whether an entry is of the flow of the packet at hand, with these ports. */
// @ts-ignore: decorator
@inline
function isOf(syn: Syn, clientPort: u16, serverPort: u16): bool {
  return syn.state != 0 && syn.hash == packet.hash && syn.clientPort == clientPort && syn.serverPort == serverPort;
}

/** What the options just read offer. */
function offered(): u8 {
  return AGREED | (maySack ? AGREED_SACK : 0) | (stamp ? AGREED_STAMPS : 0);
}

/**
 * The handshake the flow of the segment at hand began with, or 0: of those remembered the one whose client stood next
 * before where this segment has it stand.
 */
export function findSyn(): Syn {
  const from = packet;
  const place = placeOf(from.hash);
  let found = changetype<Syn>(0);
  let least: u32 = NEAR;
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = changetype<Syn>(place + <usize>(way * SIZEOF_SYN));
    const fromClient = isOf(syn, sourcePortField(), destinationPortField());
    if (!fromClient && !isOf(syn, destinationPortField(), sourcePortField())) continue;
    const distance = (fromClient ? from.sequence : from.ack) - syn.client - 1;
    if (distance > least || (distance == least && syn.state == 1)) continue;
    // By the server alone only the server's place is certain.
    if (syn.state == ANSWER_ALONE && fromClient) continue;
    least = distance;
    found = syn;
  }
  return found;
}

/** Remembers the SYN-ACK at hand if it answers a SYN remembered; returns whether it does. */
export function rememberSynAck(): bool {
  const from = packet;
  const place = placeOf(from.hash);
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = changetype<Syn>(place + <usize>(way * SIZEOF_SYN));
    if (!isOf(syn, destinationPortField(), sourcePortField()) || syn.client + 1 != from.ack) continue;
    if (syn.state == ANSWER_ALONE) continue;
    // Sent again it says the same.
    if (syn.state == 2 && syn.server == from.sequence) return true;
    syn.server = from.sequence;
    syn.state = 2;
    syn.agreed &= hasOptions ? offered() : 0;
    const both = syn.scaled && scale < NO_SCALE;
    syn.scales = both ? syn.scales | <u8>(scale << 4) : 0;
    syn.window = bswap<u16>(windowField(from.l4));
    syn.serverStamp = stamp;
    return true;
  }
  return false;
}

/**
 * Remembers the SYN-ACK at hand, whose SYN was not seen: where the capture has answers only, they are whole from here
 * on. Nothing was agreed on that is known.
 */
export function rememberSynAckAlone(): void {
  const from = packet;
  const place = placeOf(from.hash);
  let chosen = changetype<Syn>(place);
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = changetype<Syn>(place + <usize>(way * SIZEOF_SYN));
    if (isOf(syn, destinationPortField(), sourcePortField()) && syn.client + 1 == from.ack) return;
    if (chosen.state && (!syn.state || <i64>(syn.time - chosen.time) < 0)) chosen = syn;
  }
  if (chosen.state && chosen.hash != from.hash) count(COUNTER_BOUND_SYNS);
  chosen.hash = from.hash;
  chosen.client = from.ack - 1;
  chosen.server = from.sequence;
  chosen.clientPort = destinationPortField();
  chosen.serverPort = sourcePortField();
  chosen.time = from.time;
  chosen.state = ANSWER_ALONE;
  chosen.agreed = 0;
  chosen.scaled = 0;
  chosen.scales = 0;
}

/** Forgets the handshakes between the ports of one, once the flow has begun with it. */
function forgetSyns(begun: Syn): void {
  const place = placeOf(begun.hash);
  const clientPort = begun.clientPort;
  const serverPort = begun.serverPort;
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = changetype<Syn>(place + <usize>(way * SIZEOF_SYN));
    if (isOf(syn, clientPort, serverPort)) syn.state = 0;
  }
}

/** The flow begins with a handshake: both directions stand behind their SYNs. */
export function beginWithSyn(flow: Flow, syn: Syn): void {
  const client = sideOf(flow, CLIENT);
  client.known = KNOWN;
  client.initial = syn.client;
  client.next = syn.client + 1;
  client.acked = client.next;
  if (syn.state == ANSWER_ALONE) {
    const server = sideOf(flow, SERVER);
    server.known = KNOWN;
    server.initial = syn.server;
    server.next = syn.server + 1;
    server.acked = server.next;
  } else if (syn.state == 2) {
    const server = sideOf(flow, SERVER);
    server.known = KNOWN;
    server.initial = syn.server;
    server.next = syn.server + 1;
    server.acked = server.next;
    if (syn.agreed & AGREED_STAMPS) {
      client.stamp = syn.clientStamp;
      server.stamp = syn.serverStamp;
    }
    flow.agreed = syn.agreed;
    flow.scales = syn.scales;
    // A SYN's window is not scaled (RFC 7323, section 2.2), those that follow are.
    const scale = scaleOf(flow, SERVER);
    server.window = bswap<u16>(<u16>((<u32>syn.window + (1 << scale) - 1) >> scale));
  }
  flow.fromSyn = 1;
  forgetSyns(syn);
}
