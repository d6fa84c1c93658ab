/**
 * The handshakes seen, in a small set-associative table that forgets the oldest. A flow starts in sync where
 * its handshake is still there. After that the entry stays, so that duplicates.ts can compare how flows
 * began.
 *
 * The set is chosen by the high bits of the hash that all duplicates of a connection share, as the worker is.
 * So no set holds connections of two workers, and what is forgotten does not depend on the number of workers.
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

/** Entries of a set. A new entry replaces the oldest one; losing an unused handshake is counted. */
export const WAYS: u32 = 8;

/** Only the client's SYN was seen. */
export const SYN_SENT: u8 = 1;
/** Both the SYN and the SYN-ACK were seen. */
export const SYN_ANSWERED: u8 = 2;
/** Only the server's SYN-ACK was seen. */
export const SYN_ANSWER_ALONE: u8 = 3;
/** A flow began with this handshake, or in mid-stream at these numbers. */
export const SYN_BEGUN: u8 = 4;
/** That flow is over. */
export const SYN_OVER: u8 = 5;

/**
 * A SYN belongs to a flow only if its client has sent at most this many bytes since. Far below half the
 * sequence space, so that wrapping is no matter.
 */
const NEAR: u32 = 1 << 30;

/** The set for two ports in network order, in either order. */
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

/**
 * Whether `syn` is replaced before `than`: free entries first, then those of flows begun, then older ones.
 */
// @ts-ignore: decorator
@inline
function givesWayBefore(syn: Syn, than: Syn): bool {
  const rank = rankOf(syn);
  const other = rankOf(than);
  return rank != other ? rank < other : <i64>(syn.time - than.time) < 0;
}

// @ts-ignore: decorator
@inline
function rankOf(syn: Syn): u32 {
  return syn.state == 0 ? 0 : syn.state >= SYN_BEGUN ? 1 : 2;
}

/** The entry of a set that the next new entry replaces. */
export function giveWay(set: usize): Syn {
  let chosen = entryOf(set, 0);
  for (let way: u32 = 1; way < WAYS; way++) {
    const syn = entryOf(set, way);
    if (givesWayBefore(syn, chosen)) chosen = syn;
  }
  return chosen;
}

/** Makes a new entry for the flow of the current packet; its other fields are 0. */
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

/** Remembers the current SYN. A flow may have several: the server's answer tells which of them opens it. */
export function rememberSyn(): void {
  const from = packet;
  const place = setOf(from.ports);
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = entryOf(place, way);
    if (!isOf(syn, sourcePortField(), destinationPortField()) || syn.client != from.sequence) continue;
    if (syn.state == SYN_ANSWER_ALONE) continue;
    // A retransmitted SYN keeps the time of the first. The retransmission timer is at least a second (RFC
    // 6298, section 2), so a SYN seen again within half a second was captured twice.
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

/** Whether an entry is a handshake of the current packet's flow, not used yet, with these ports. */
// @ts-ignore: decorator
@inline
function isOf(syn: Syn, clientPort: u16, serverPort: u16): bool {
  if (syn.state == 0 || syn.state >= SYN_BEGUN || syn.hash != packet.hash) return false;
  return syn.clientPort == clientPort && syn.serverPort == serverPort;
}

/** AGREED_* bits for the options just read. */
function offered(): u8 {
  return AGREED | (maySack ? AGREED_SACK : 0) | (stamp ? AGREED_STAMPS : 0);
}

/**
 * The handshake that the flow of the current segment began with, or 0: of those remembered, the one with the
 * client's sequence number closest before that of this segment.
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
    // A keep-alive before the first byte repeats the number of the SYN.
    const distance = (fromClient ? from.sequence : from.ack - 1) - syn.client;
    if (distance > least || (distance == least && syn.state == SYN_SENT)) continue;
    // A SYN-ACK seen alone proves only the server's sequence number.
    if (syn.state == SYN_ANSWER_ALONE && fromClient) continue;
    least = distance;
    found = syn;
  }
  return found;
}

/** Adds the current SYN-ACK to the SYN it answers; returns whether that SYN was there. */
export function rememberSynAck(): bool {
  const from = packet;
  const place = setOf(from.ports);
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = entryOf(place, way);
    if (!isOf(syn, destinationPortField(), sourcePortField()) || syn.client + 1 != from.ack) continue;
    if (syn.state == SYN_ANSWER_ALONE) continue;
    // A retransmitted SYN-ACK says the same.
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
 * Remembers the current SYN-ACK without its SYN. Where the capture shows only the server's direction, that
 * direction is complete from here on. Which options were agreed on is unknown.
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

/** Forgets the unused handshakes between the same ports as `begun`, once the flow has begun with that one. */
function forgetSyns(begun: Syn): void {
  const set = setOf(packet.ports);
  const clientPort = begun.clientPort;
  const serverPort = begun.serverPort;
  for (let way: u32 = 0; way < WAYS; way++) {
    const syn = entryOf(set, way);
    if (isOf(syn, clientPort, serverPort)) syn.state = 0;
  }
}

/** Starts a flow with its handshake: both directions continue after their SYNs. */
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
    // The window of a SYN is not scaled (RFC 7323, section 2.2); the window of a later segment is.
    const scale = scaleOf(flow, SERVER);
    server.window = bswap<u16>(<u16>((<u32>syn.window + (1 << scale) - 1) >> scale));
  }
  flow.agreed |= syn.agreed & SEEN_TWICE;
  flow.copyLag = syn.copyLag;
  flow.fromSyn = 1;
  forgetSyns(syn);
}
