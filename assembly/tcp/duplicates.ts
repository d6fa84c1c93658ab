/**
 * Connections that the capture shows twice, because it was merged from two points, or lies on both sides of
 * an address translation. A translation leaves the client's port or both its port and address as they were,
 * and never changes the initial sequence numbers. So the entry of a handshake stays in the table of SYNs
 * after the flow has begun, and a flow without handshake gets an entry, too. A flow that begins like an
 * earlier one is its duplicate.
 *
 * The table is bounded. Where the entry of the original is gone, the duplicate counts as a connection.
 */
import { CLIENT, Flow, SERVER, sideOf } from '../flow/flow';
import { fingerprint } from '../hash';
import { packet } from '../packet';
import { entryOf, giveWay, setOf, Syn, SYN_BEGUN, SYN_OVER, WAYS } from './handshake';

/** Most bytes of the first payload that are compared; the number fits below SENT_BY_SERVER. */
const FIRST_MAX: u32 = 64;
const SENT_BY_SERVER: u32 = 0x80;

/** 32 bits of the client's address, to tell clients apart. */
// @ts-ignore: decorator
@inline
function addressOf(flow: Flow): u32 {
  const word = flow.clientHigh ^ rotl(flow.clientLow, 17);
  return <u32>(word ^ (word >> 32));
}

/** Sets the initial sequence numbers of a flow that begins with the current segment; `syn` may be 0. */
export function setInitial(flow: Flow, syn: Syn): void {
  const at = packet;
  const isKnown = changetype<usize>(syn) != 0;
  const client = sideOf(flow, CLIENT);
  const server = sideOf(flow, SERVER);
  client.initial = isKnown ? syn.client : at.side == CLIENT ? at.sequence : at.ack;
  server.initial = isKnown ? syn.server : at.side == CLIENT ? at.ack : at.sequence;
  if (isKnown) return;
  client.next = client.initial;
  server.next = server.initial;
}

/** The entry of an earlier flow that began like this one, or 0. */
export function findOriginal(flow: Flow, syn: Syn): Syn {
  const set = setOf(flow.ports);
  const client = sideOf(flow, CLIENT).initial;
  const server = sideOf(flow, SERVER).initial;
  for (let way: u32 = 0; way < WAYS; way++) {
    const entry = entryOf(set, way);
    if (entry.state < SYN_BEGUN || entry.client != client || entry.server != server) continue;
    if (entry.clientPort != <u16>flow.ports) continue;
    if (changetype<usize>(syn) ? isDuplicate(entry, syn, flow) : isMidstreamDuplicate(entry, flow)) {
      return entry;
    }
  }
  return changetype<Syn>(0);
}

/** Whether both began with the same handshake: between the same ports, or from the same client address. */
function isDuplicate(entry: Syn, syn: Syn, flow: Flow): bool {
  if (entry.midstream) return false;
  if (entry.clientStamp != syn.clientStamp || entry.serverStamp != syn.serverStamp) return false;
  if (entry.serverPort != syn.serverPort && entry.address != addressOf(flow)) return false;
  // Segments may be coalesced at one point and not at the other, so a shorter payload proves nothing.
  return !isComparable(entry) || hasSamePayload(entry);
}

/**
 * Whether both begin at the same place in mid-stream. Without a handshake only the bytes prove it, so the
 * client's address must be the same, too.
 */
function isMidstreamDuplicate(entry: Syn, flow: Flow): bool {
  return (
    entry.midstream != 0 && entry.address == addressOf(flow) && isComparable(entry) && hasSamePayload(entry)
  );
}

/** Whether the current segment comes from the same side and has all the bytes of the entry's fingerprint. */
function isComparable(entry: Syn): bool {
  const size = <u32>entry.firstSize;
  return (size & SENT_BY_SERVER) == senderBit() && (size & ~SENT_BY_SERVER) <= packet.captured;
}

function hasSamePayload(entry: Syn): bool {
  return fingerprintOf(entry.firstSize & ~SENT_BY_SERVER) == entry.first;
}

// @ts-ignore: decorator
@inline
function senderBit(): u32 {
  return packet.side == CLIENT ? 0 : SENT_BY_SERVER;
}

// @ts-ignore: decorator
@inline
function fingerprintOf(size: u32): u32 {
  return <u32>(fingerprint(<usize>packet.payload, <usize>size) >> 32);
}

/** Remembers how a flow began with the current segment, in the entry of its handshake where there is one. */
export function rememberBegun(flow: Flow, syn: Syn): void {
  const isKnown = changetype<usize>(syn) != 0;
  const entry = isKnown ? syn : giveWay(setOf(flow.ports));
  if (!isKnown) {
    // A handshake still waiting for its flow is worth more.
    if (entry.state && entry.state < SYN_BEGUN) return;
    entry.time = packet.time;
    entry.hash = flow.hash;
    entry.client = sideOf(flow, CLIENT).initial;
    entry.server = sideOf(flow, SERVER).initial;
    entry.clientPort = <u16>flow.ports;
    entry.serverPort = <u16>(flow.ports >> 16);
    entry.midstream = 1;
  }
  const size = min(packet.captured, FIRST_MAX);
  entry.state = SYN_BEGUN;
  entry.address = addressOf(flow);
  entry.firstSize = <u8>(size | senderBit());
  entry.first = fingerprintOf(size);
}

/** Remembers the sequence numbers at which both sides of a flow ended. */
export function rememberOver(flow: Flow): void {
  const set = setOf(flow.ports);
  const client = sideOf(flow, CLIENT);
  const server = sideOf(flow, SERVER);
  for (let way: u32 = 0; way < WAYS; way++) {
    const entry = entryOf(set, way);
    if (entry.state != SYN_BEGUN || entry.hash != flow.hash || entry.client != client.initial) continue;
    entry.state = SYN_OVER;
    entry.clientEnd = client.next;
    entry.serverEnd = server.next;
    return;
  }
}

/** Whether the current segment lies within the sequence numbers of a flow that is over. */
export function isOfEndedFlow(): bool {
  const at = packet;
  const set = setOf(at.ports);
  for (let way: u32 = 0; way < WAYS; way++) {
    const entry = entryOf(set, way);
    if (entry.state != SYN_OVER || entry.hash != at.hash) continue;
    const ports = <u32>entry.clientPort | (<u32>entry.serverPort << 16);
    if (ports == at.ports) {
      if (isWithin(entry.client, entry.clientEnd, entry.server, entry.serverEnd)) return true;
    } else if (ports == rotl(at.ports, 16)) {
      if (isWithin(entry.server, entry.serverEnd, entry.client, entry.clientEnd)) return true;
    }
  }
  return false;
}

/** Whether the current segment lies in [from, to] and acknowledges a number in [ackFrom, ackTo]. */
function isWithin(from: u32, to: u32, ackFrom: u32, ackTo: u32): bool {
  const at = packet;
  return (
    at.sequence - from <= to - from && at.sequence + at.size - from <= to - from &&
    at.ack - ackFrom <= ackTo - ackFrom
  );
}
