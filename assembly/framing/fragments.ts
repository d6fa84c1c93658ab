/**
 * Reassembles fragmented datagrams (RFC 791, RFC 8200) as Linux does: a repeated fragment is ignored, an
 * overlapping fragment discards the whole datagram (RFC 5722), and no datagram waits longer than 30 s. A
 * reassembled datagram is written after a packet head in the room of the slot of its last fragment, and
 * decoded as a packet.
 *
 *   table:  | datagram 0 | ... | of DATAGRAMS_MAX-1 | bitmap and bytes of 0 | ... | of DATAGRAMS_MAX-1 |
 *   room:   | head | IP header | bytes | head | ...
 *
 * It works under the index lock, because the fragments of a datagram may be in packets of any worker.
 */
import { count, indexState } from '../instance';
import {
  COUNTER_BOUND_FRAGMENTS, COUNTER_SKIPPED_CUT_HEADER, COUNTER_SKIPPED_FRAGMENT, COUNTER_SKIPPED_MALFORMED,
  Datagram, DATAGRAM_HEADER, DATAGRAM_MAX, DATAGRAM_ROOM, DATAGRAMS_MAX, PacketHead, SIZEOF_DATAGRAM,
  SIZEOF_PACKET_HEAD,
} from '../layout';
import { load16 } from '../wire/bytes';
import {
  family, fragmentId, fragmentOffset, headerSize, moreFragments, PROTOCOL_TCP, PROTOCOL_UDP, protocol,
} from '../wire/ip';
import { TCP_HEADER_MIN } from '../wire/tcp';
import { UDP_HEADER } from '../wire/udp';

/** Bytes of the bitmap, with a bit for every 8 bytes of a datagram. */
const BITMAP: u32 = (DATAGRAM_MAX + 1) / 64;
/**
 * Bytes of the bitmap and payload of one datagram. They follow all heads, which are searched for every
 * fragment.
 */
const DATA_STRIDE: u32 = BITMAP + DATAGRAM_MAX + 1;
/** Seconds after which Linux gives up a datagram (IP_FRAG_TIME, include/net/ip.h). */
const PATIENCE: u64 = 30;
const IPV4_HEADER: u32 = 20;
const IPV6_HEADER: u32 = 40;

/** Address of the next reassembled datagram of the slot, and the end of the room. */
let room: usize = 0;
let roomEnd: usize = 0;

/** Begins a slot, whose reassembled datagrams are written to `address`. */
export function beginRoom(address: usize): void {
  room = address;
  roomEnd = address + DATAGRAM_ROOM;
}

// @ts-ignore: decorator
@inline
function datagramAt(index: u32): Datagram {
  return changetype<Datagram>(<usize>indexState.datagrams + <usize>index * SIZEOF_DATAGRAM);
}

// @ts-ignore: decorator
@inline
function bitmapOf(datagram: Datagram): usize {
  const heads = <usize>indexState.datagrams;
  const index = (changetype<usize>(datagram) - heads) / SIZEOF_DATAGRAM;
  return heads + DATAGRAMS_MAX * SIZEOF_DATAGRAM + index * DATA_STRIDE;
}

// @ts-ignore: decorator
@inline
function bytesOf(datagram: Datagram): usize {
  return bitmapOf(datagram) + BITMAP;
}

/** Gives up an incomplete datagram, and counts its packets. */
function giveUpDatagram(datagram: Datagram): void {
  count(COUNTER_SKIPPED_FRAGMENT, datagram.packets);
  free(datagram);
}

/** Frees the entry of a datagram, and clears the used part of its bitmap. */
function free(datagram: Datagram): void {
  memory.fill(bitmapOf(datagram), 0, min((datagram.highest >> 6) + 1, BITMAP));
  datagram.family = 0;
}

/** Gives up every incomplete datagram at the end of the recording. */
export function giveUpDatagrams(): void {
  for (let i: u32 = 0; i < DATAGRAMS_MAX; i++) {
    if (datagramAt(i).family) giveUpDatagram(datagramAt(i));
  }
}

/** Whether a datagram has waited too long. */
// @ts-ignore: decorator
@inline
function isOver(datagram: Datagram, time: u64): bool {
  return <i64>(time - datagram.begun) > <i64>(PATIENCE * indexState.second);
}

/** A free entry, else that of the oldest datagram, which is given up. */
function placeFor(time: u64): Datagram {
  let oldest = datagramAt(0);
  for (let i: u32 = 0; i < DATAGRAMS_MAX; i++) {
    const datagram = datagramAt(i);
    if (datagram.family == 0) return datagram;
    if (<i64>(datagram.begun - oldest.begun) < 0) oldest = datagram;
  }
  if (!isOver(oldest, time)) count(COUNTER_BOUND_FRAGMENTS);
  giveUpDatagram(oldest);
  return oldest;
}

/** The datagram of the fragment at `ip`: a known one, or a new one in a free or the oldest entry. */
function datagramOf(ip: usize, time: u64): Datagram {
  const v4 = family == 4;
  const source0 = v4 ? <u64>load<u32>(ip + 12) : load<u64>(ip + 8);
  const source1 = v4 ? 0 : load<u64>(ip + 16);
  const destination0 = v4 ? <u64>load<u32>(ip + 16) : load<u64>(ip + 24);
  const destination1 = v4 ? 0 : load<u64>(ip + 32);
  // Fragments of an IPv6 datagram are matched by addresses and identification alone.
  const transport = v4 ? protocol : 0;
  for (let i: u32 = 0; i < DATAGRAMS_MAX; i++) {
    const known = datagramAt(i);
    if (
      known.id == fragmentId && known.family == family && known.source0 == source0 &&
      known.protocol == transport &&
      known.source1 == source1 && known.destination0 == destination0 && known.destination1 == destination1
    ) {
      if (!isOver(known, time)) return known;
      giveUpDatagram(known);
    }
  }
  const place = placeFor(time);
  memory.fill(changetype<usize>(place), 0, SIZEOF_DATAGRAM);
  place.family = family;
  place.id = fragmentId;
  place.protocol = transport;
  place.source0 = source0;
  place.source1 = source1;
  place.destination0 = destination0;
  place.destination1 = destination1;
  place.begun = time;
  return place;
}

/** Whether the 8-byte pieces [from, to) were received: 0 none, 1 some, 2 all. */
function present(bitmap: usize, from: u32, to: u32): u32 {
  let there: u32 = 0;
  for (let piece = from; piece < to; piece++) {
    there += (load<u8>(bitmap + (piece >> 3)) >> <u8>(piece & 7)) & 1;
  }
  return there == 0 ? 0 : there == to - from ? 2 : 1;
}

function mark(bitmap: usize, from: u32, to: u32): void {
  for (let piece = from; piece < to; piece++) {
    const at = bitmap + (piece >> 3);
    store<u8>(at, load<u8>(at) | (<u8>1 << <u8>(piece & 7)));
  }
}

/** Keeps the IP header of the first fragment, without options and extension headers, for the datagram. */
function keepHeader(datagram: Datagram, ip: usize): void {
  const header = changetype<usize>(datagram) + DATAGRAM_HEADER;
  if (family == 4) {
    memory.copy(header, ip, IPV4_HEADER);
    store<u8>(header, 0x45);
    store<u16>(header + 6, 0);
  } else {
    memory.copy(header, ip, IPV6_HEADER);
    store<u8>(header + 6, <u8>protocol);
  }
}

/**
 * Writes a complete datagram as a packet. Returns the address after its packet head, 0 where there is no
 * room.
 */
function layDown(datagram: Datagram, time: u64): usize {
  const header = datagram.family == 4 ? IPV4_HEADER : IPV6_HEADER;
  const size = header + datagram.size;
  if (room + SIZEOF_PACKET_HEAD + size > roomEnd) {
    count(COUNTER_BOUND_FRAGMENTS);
    return 0;
  }
  const head = changetype<PacketHead>(room);
  const data = room + SIZEOF_PACKET_HEAD;
  head.time = time;
  head.captured = size;
  head.length = max(datagram.wire, size);
  memory.copy(data, changetype<usize>(datagram) + DATAGRAM_HEADER, header);
  memory.copy(data + header, bytesOf(datagram), datagram.size);
  if (datagram.family == 4) store<u16>(data + 2, bswap<u16>(<u16>size));
  else store<u16>(data + 4, bswap<u16>(<u16>datagram.size));
  room = (data + size + 15) & ~15;
  return data;
}

/** Packets of the datagram reassembled last, without the current one. */
export let packetsBefore: u32 = 0;

/**
 * Takes the fragment last read by `parseIp`, of which `size` bytes from the IP header on were captured, of a
 * packet with `wire` bytes. Where it completes a datagram, returns the address after the packet head of the
 * datagram; else 0, and the packet is counted now or later.
 */
export function takeFragment(ip: usize, size: u32, wire: u32, time: u64): usize {
  const said = family == 4 ? load16(ip + 2) : load16(ip + 4) + IPV6_HEADER;
  if (said < headerSize) {
    count(COUNTER_SKIPPED_MALFORMED);
    return 0;
  }
  const piece = said - headerSize;
  // Sizes of all fragments but the last are multiples of 8, and no datagram exceeds the maximum.
  if (
    piece == 0 || (moreFragments && (piece & 7) != 0) ||
    fragmentOffset + piece > DATAGRAM_MAX - IPV4_HEADER
  ) {
    count(COUNTER_SKIPPED_MALFORMED);
    return 0;
  }
  // The first fragment of an IPv6 datagram must have all headers (RFC 7112).
  const least = protocol == PROTOCOL_TCP ? TCP_HEADER_MIN : protocol == PROTOCOL_UDP ? UDP_HEADER : 0;
  if (family == 6 && fragmentOffset == 0 && piece < least) {
    count(COUNTER_SKIPPED_MALFORMED);
    return 0;
  }
  if (size < said) {
    count(COUNTER_SKIPPED_CUT_HEADER);
    return 0;
  }
  if (family == 4 && protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP) {
    count(COUNTER_SKIPPED_FRAGMENT);
    return 0;
  }
  const datagram = datagramOf(ip, time);
  const bitmap = bitmapOf(datagram);
  const from = fragmentOffset >> 3;
  const to = (fragmentOffset + piece + 7) >> 3;
  const end = fragmentOffset + piece;
  const there = present(bitmap, from, to);
  datagram.packets++;
  datagram.wire += wire;
  // Two different ends, or bytes after the end, count as an overlap, too.
  const known = datagram.size;
  const contradicts = moreFragments
    ? known != 0 && end > known
    : (known != 0 && end != known) || datagram.highest > end;
  if (there == 1 || contradicts) {
    giveUpDatagram(datagram);
    return 0;
  }
  if (there == 2) return 0;
  datagram.highest = max(datagram.highest, end);
  memory.copy(bytesOf(datagram) + fragmentOffset, ip + headerSize, piece);
  mark(bitmap, from, to);
  datagram.received += piece;
  if (!moreFragments) datagram.size = end;
  if (fragmentOffset == 0) keepHeader(datagram, ip);
  if (datagram.size == 0 || datagram.received < datagram.size) return 0;
  const data = layDown(datagram, time);
  if (!data) {
    giveUpDatagram(datagram);
    return 0;
  }
  packetsBefore = datagram.packets - 1;
  free(datagram);
  return data;
}
