/**
 * SYNs seen, in a small lossy table: a flood costs nothing but other floods' entries, and a flow whose
 * handshake is remembered starts in sync. Once it has, the entry says how it began, for copies.ts.
 *
 * A set is chosen by what all copies of a connection share: by the high bits of its hash, as the worker is,
 * so that no set holds connections of two workers, and what it forgets does not depend on their number.
 */
import {
  AGREED, AGREED_SACK, AGREED_STAMPS, CLIENT, Flow, KNOWN, scaleOf, SEEN_TWICE, SERVER, sideOf,
} from '../flow/flow';
import { sharedHash } from '../hash';
import { config, count, indexState, sharedPort } from '../instance';
import { COUNTER_BOUND_SYNS, SIZEOF_SYN, Syn } from '../layout';
import { destinationPortField, packet, sourcePortField } from '../packet';
import { hasOptions, maySack, NO_SCALE, scale, stamp } from '../wire/options';
import { windowField } from '../wire/tcp';

export { Syn };

/** Entries of a set; the oldest gives way when all are taken (counted, where it was a SYN). */
export const WAYS: u32 = 8;

export const SYN_SENT: u8 = 1;
/** The server's number is known too. */
export const SYN_ANSWERED: u8 = 2;
/** Only the server's answer to it was seen. */
export const SYN_ANSWER_ALONE: u8 = 3;
/** A flow began like this. */
export const SYN_BEGUN: u8 = 4;
/** And it is over. */
export const SYN_OVER: u8 = 5;

/**
 * Bytes a client may have sent since its SYN, for that to be its flow's: far below half the numbers there
 * are.
 */
const NEAR: u32 = 1 << 30;

/** The set for ports in network order, either first. */
export function setOf(ports: u32): usize {
  const port = sharedPort(bswap<u16>(<u16>ports), bswap<u16>(<u16>(ports >> 16)));
  const set = <usize>((<u64>sharedHash(port) * (config.synCount / WAYS)) >> 32);
  return <usize>config.syns + set * (WAYS * SIZEOF_SYN);
}

/** One entry of a set. */
// @ts-ignore: decorator
@inline
export function entryOf(set: usize, way: u32): Syn {
  return changetype<Syn>(set + <usize>(way * SIZEOF_SYN));
}

/** Which of two entries gives way first: a free one, then one of a flow begun, then an older one. */
// @ts-ignore: decorator
@inline
function isLess(syn: Syn, than: Syn): bool {
  const rank = rankOf(syn);
  const other = rankOf(than);
  return rank != other ? rank < other : <i64>(syn.time - than.time) < 0;
}

// @ts-ignore: decorator
@inline
function rankOf(syn: Syn): u32 {
  return syn.state == 0 ? 0 : syn.state >= SYN_BEGUN ? 1 : 2;
}

/** The entry of a set that gives way. */
export function giveWay(set: usize): Syn {
  let chosen = entryOf(set, 0);
  for (let way: u32 = 1; way < WAYS; way++) {
    const syn = entryOf(set, way);
    if (isLess(syn, chosen)) chosen = syn;
  }
  return chosen;
}

/** An entry for the flow of the packet at hand, in place of another of its set; all else of it is 0. */
function newEntry(set: usize, state: u8): Syn {
  const from = packet;
  const entry = giveWay(set);
  if (entry.state && entry.state < SYN_BEGUN && entry.hash != from.hash) count(COUNTER_BOUND_SYNS);
  memory.fill(changetype<usize>(entry), 0, SIZEOF_SYN);
  entry.state = state;
  entry.hash = from.hash;
  entry.time = from.time;
  return entry;
}

/** Remembers the SYN at hand beside others of the flow: which of them opens it the server's answer says. */
export function rememberSyn(): void {
  const from = packet;
  const place = setOf(from.ports);
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = entryOf(place, way);
    if (!isOf(syn, sourcePortField(), destinationPortField()) || syn.client != from.sequence) continue;
    if (syn.state == SYN_ANSWER_ALONE) continue;
    // A retransmitted SYN keeps the first one's time. None is sent again before a second is over (RFC 6298,
    // section 2).
    const half = <i64>(indexState.second >> 1);
    const later = <i64>(from.time - syn.time);
    if (later < half && later > -half) {
      syn.agreed |= SEEN_TWICE;
      syn.copyLag = max(syn.copyLag, lagOf(syn.time, from.time));
    }
    return;
  }
  const entry = newEntry(place, SYN_SENT);
  entry.client = from.sequence;
  entry.clientPort = sourcePortField();
  entry.serverPort = destinationPortField();
  entry.agreed = hasOptions ? offered() : 0;
  entry.scaled = scale < NO_SCALE ? 1 : 0;
  entry.clientStamp = stamp;
  entry.scales = <u8>(scale & 15);
}

/** How far apart a SYN and its copy were captured, by the packets' clock; at least 1. */
export function lagOf(time: u64, copy: u64): u32 {
  const later = <i64>(copy - time);
  return <u32>max<u64>(min<u64>(later < 0 ? -later : later, u32.MAX_VALUE), 1);
}

/** Whether an entry is a handshake of the flow of the packet at hand, with these ports. */
// @ts-ignore: decorator
@inline
function isOf(syn: Syn, clientPort: u16, serverPort: u16): bool {
  if (syn.state == 0 || syn.state >= SYN_BEGUN || syn.hash != packet.hash) return false;
  return syn.clientPort == clientPort && syn.serverPort == serverPort;
}

/** What the options just read offer. */
function offered(): u8 {
  return AGREED | (maySack ? AGREED_SACK : 0) | (stamp ? AGREED_STAMPS : 0);
}

/**
 * The handshake the flow of the segment at hand began with, or 0: of those remembered the one whose client
 * stood next before where this segment has it stand.
 */
export function findSyn(): Syn {
  const from = packet;
  const place = setOf(from.ports);
  let found = changetype<Syn>(0);
  let least: u32 = NEAR;
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = entryOf(place, way);
    const fromClient = isOf(syn, sourcePortField(), destinationPortField());
    if (!fromClient && !isOf(syn, destinationPortField(), sourcePortField())) continue;
    const distance = (fromClient ? from.sequence : from.ack) - syn.client - 1;
    if (distance > least || (distance == least && syn.state == SYN_SENT)) continue;
    // By the server alone only the server's place is certain.
    if (syn.state == SYN_ANSWER_ALONE && fromClient) continue;
    least = distance;
    found = syn;
  }
  return found;
}

/** Remembers the SYN-ACK at hand if it answers a SYN remembered; returns whether it does. */
export function rememberSynAck(): bool {
  const from = packet;
  const place = setOf(from.ports);
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = entryOf(place, way);
    if (!isOf(syn, destinationPortField(), sourcePortField()) || syn.client + 1 != from.ack) continue;
    if (syn.state == SYN_ANSWER_ALONE) continue;
    // Sent again it says the same.
    if (syn.state == SYN_ANSWERED && syn.server == from.sequence) return true;
    syn.server = from.sequence;
    syn.state = SYN_ANSWERED;
    syn.agreed &= SEEN_TWICE | (hasOptions ? offered() : 0);
    const both = syn.scaled && scale < NO_SCALE;
    syn.scales = both ? syn.scales | <u8>(scale << 4) : 0;
    syn.window = bswap<u16>(windowField(from.l4));
    syn.serverStamp = stamp;
    return true;
  }
  return false;
}

/**
 * Remembers the SYN-ACK at hand, whose SYN was not seen: where the capture has answers only, they are whole
 * from here on. Nothing was agreed on that is known.
 */
export function rememberSynAckAlone(): void {
  const from = packet;
  const set = setOf(from.ports);
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = entryOf(set, way);
    if (isOf(syn, destinationPortField(), sourcePortField()) && syn.client + 1 == from.ack) return;
  }
  const entry = newEntry(set, SYN_ANSWER_ALONE);
  entry.client = from.ack - 1;
  entry.server = from.sequence;
  entry.clientPort = destinationPortField();
  entry.serverPort = sourcePortField();
}

/** Forgets the handshakes between the ports of one, once the flow has begun with it. */
function forgetSyns(begun: Syn): void {
  const set = setOf(packet.ports);
  const clientPort = begun.clientPort;
  const serverPort = begun.serverPort;
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = entryOf(set, way);
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
  if (syn.state != SYN_SENT) {
    const server = sideOf(flow, SERVER);
    server.known = KNOWN;
    server.initial = syn.server;
    server.next = syn.server + 1;
    server.acked = server.next;
  }
  if (syn.state == SYN_ANSWERED) {
    const server = sideOf(flow, SERVER);
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
  flow.agreed |= syn.agreed & SEEN_TWICE;
  flow.copyLag = syn.copyLag;
  flow.fromSyn = 1;
  forgetSyns(syn);
}
