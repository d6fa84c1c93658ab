/**
 * The same connection seen twice: captured at two points and merged, or on both sides of an address
 * translation. What no translation changes is the client's port, or with it its address, and the numbers both
 * sides began with. So the entry of a handshake stays in its set once the flow has begun, and says how; a
 * flow without one has an entry like it, of where both sides stood. A flow that begins like another is a copy
 * of it.
 *
 * What is remembered is bounded by the table of SYNs. A copy whose twin is forgotten is a connection of its
 * own.
 */
import { CLIENT, Flow, SERVER, sideOf } from '../flow/flow';
import { fingerprint } from '../hash';
import { packet } from '../packet';
import { entryOf, giveWay, setOf, Syn, SYN_BEGUN, SYN_OVER, WAYS } from './handshake';

/** Bytes of the first payload that are compared, at most: they fit below `SENT_BY_SERVER`. */
const FIRST_MAX: u32 = 64;
const SENT_BY_SERVER: u32 = 0x80;

// @ts-ignore: decorator
@inline
function addressOf(flow: Flow): u32 {
  const word = flow.clientHigh ^ rotl(flow.clientLow, 17);
  return <u32>(word ^ (word >> 32));
}

/**
 * Sets where both sides of a flow begin that the segment at hand is the first of; `syn` is its handshake, or
 * 0.
 */
export function standOf(flow: Flow, syn: Syn): void {
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

/** How a flow began that begins as the one at hand does, or 0. */
export function findTwin(flow: Flow, syn: Syn): Syn {
  const set = setOf(flow.ports);
  const client = sideOf(flow, CLIENT).initial;
  const server = sideOf(flow, SERVER).initial;
  for (let way: u32 = 0; way < WAYS; way++) {
    const entry = entryOf(set, way);
    if (entry.state < SYN_BEGUN || entry.client != client || entry.server != server) continue;
    if (entry.clientPort != <u16>flow.ports) continue;
    if (changetype<usize>(syn) ? isTwin(entry, syn, flow) : isTwinMidstream(entry, flow)) return entry;
  }
  return changetype<Syn>(0);
}

/** Both began with a handshake of the same numbers: between the same ports, or from one client. */
function isTwin(entry: Syn, syn: Syn, flow: Flow): bool {
  if (entry.midstream) return false;
  if (entry.clientStamp != syn.clientStamp || entry.serverStamp != syn.serverStamp) return false;
  if (entry.serverPort != syn.serverPort && entry.address != addressOf(flow)) return false;
  // Packets may be joined at one point and not at the other: what is shorter says nothing.
  return !isComparable(entry) || isFirst(entry);
}

/**
 * Both were joined at one place of the stream, where nothing but the bytes proves anything: so from one
 * client only.
 */
function isTwinMidstream(entry: Syn, flow: Flow): bool {
  return entry.midstream != 0 && entry.address == addressOf(flow) && isComparable(entry) && isFirst(entry);
}

/** Whether the segment at hand has all bytes that an entry has the fingerprint of. */
function isComparable(entry: Syn): bool {
  const size = <u32>entry.firstSize;
  return (size & SENT_BY_SERVER) == sender() && (size & ~SENT_BY_SERVER) <= packet.captured;
}

function isFirst(entry: Syn): bool {
  return fingerprintOf(entry.firstSize & ~SENT_BY_SERVER) == entry.first;
}

// @ts-ignore: decorator
@inline
function sender(): u32 {
  return packet.side == CLIENT ? 0 : SENT_BY_SERVER;
}

// @ts-ignore: decorator
@inline
function fingerprintOf(size: u32): u32 {
  return <u32>(fingerprint(<usize>packet.payload, <usize>size) >> 32);
}

/** Remembers how a flow began with the segment at hand, in the place of its handshake where there is one. */
export function rememberBegun(flow: Flow, syn: Syn): void {
  const isKnown = changetype<usize>(syn) != 0;
  const entry = isKnown ? syn : giveWay(setOf(flow.ports));
  if (!isKnown) {
    // One that still waits for its flow is worth more.
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
  entry.firstSize = <u8>(size | sender());
  entry.first = fingerprintOf(size);
}

/** Remembers where both sides of a flow ended. */
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

/** Whether the segment at hand lies within what was seen of a flow that is over. */
export function isOfPast(): bool {
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

/**
 * Whether it lies between these numbers of its sender, and acknowledges one between those of the other side.
 */
function isWithin(from: u32, to: u32, ackFrom: u32, ackTo: u32): bool {
  const at = packet;
  return (
    at.sequence - from <= to - from && at.sequence + at.size - from <= to - from &&
    at.ack - ackFrom <= ackTo - ackFrom
  );
}
