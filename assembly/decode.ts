/** The loop: packets, however they are framed, become the packet at hand, which TCP or UDP takes. */
import { createBlock, seal } from './columns/block';
import { flushEvents } from './emit';
import { createTable, oldestFlow } from './flow/table';
import { giveUpDatagrams } from './framing/fragments';
import { countCut, FRAGMENT, locate, LOCATED } from './framing/record';
import { isDiscarded, isUnfinished, RING_HEAD, ringRecordSize } from './framing/ring';
import {
  blockPackets, firstFrame, frameCaptured, frameData, frameInterface, frameLength, frameTime, nextFrame,
} from './framing/tpacket';
import { config, count, indexState } from './instance';
import { countLag } from './lag';
import {
  CONN_KIND_CLOSE_END, COUNTER_PACKETS_SEEN, COUNTER_SKIPPED_CUT_HEADER, COUNTER_SKIPPED_FRAGMENT, LIST_HEAD,
  PacketHead, RingRecord, Segment, SEGMENT_UDP, SIZEOF_PACKET_HEAD, SIZEOF_RING_RECORD, SIZEOF_SEGMENT,
} from './layout';
import { createKeys } from './memcache/keys';
import { createMeta } from './memcache/meta';
import { createClient } from './match/client';
import { createResume } from './match/resume';
import { createLines } from './match/lines';
import { createPending } from './match/pending';
import { createPacket, packet } from './packet';
import { createLinger } from './tcp/linger';
import { createReassembly } from './tcp/reassembly';
import { createWaiting } from './tcp/waiting';
import { decodeSegment, endFlow } from './tcp/connection';
import { createCopies } from './udp/copies';
import { decodeDatagram } from './udp/exchange';
import { PROTOCOL_TCP } from './wire/ip';
import { TCP_HEADER_MIN } from './wire/tcp';
import { UDP_HEADER } from './wire/udp';

/** Packets this instance has taken from its ring. */
let taken: u64 = 0;

/** Sets up everything that lives as long as the instance. */
export function createDecoder(): void {
  createPacket();
  createTable();
  createKeys();
  createMeta();
  createPending();
  createLines();
  createWaiting();
  createReassembly();
  createCopies();
  createLinger();
  createClient();
  createResume();
  createBlock();
}

/** Decodes the packets of one list of a slot; `ordinal` is that of the slot's first packet. */
export function decodeList(list: usize, ordinal: u64): void {
  const entries = load<u32>(list);
  let at = list + LIST_HEAD;
  const end = at + <usize>entries * SIZEOF_SEGMENT;
  const to = packet;
  for (; at < end; at += SIZEOF_SEGMENT) {
    const entry = changetype<Segment>(at);
    const start = entry.head;
    const head = changetype<PacketHead>(<usize>start);
    const ip = start + entry.l3Offset;
    const number = entry.ordinal;
    to.time = head.time;
    to.ordinal = ordinal + (number & ~SEGMENT_UDP);
    to.ip = ip;
    to.l4 = start + entry.l4Offset;
    to.end = start + SIZEOF_PACKET_HEAD + head.captured;
    to.rest = head.length + SIZEOF_PACKET_HEAD - entry.l4Offset;
    to.length = head.length;
    to.family = <u32>load<u8>(<usize>ip) >> 4;
    to.seenOn = entry.seenOn;
    to.hash = entry.hash;
    if (number < SEGMENT_UDP) decodeSegment();
    else decodeDatagram();
  }
}

/**
 * Decodes ring records from `at` on, which end after `size` bytes, up to one the kernel is still writing
 * or the first that begins `limit` bytes in. Returns the bytes done with.
 */
export function decodeRing(at: usize, size: u32, limit: u32): u32 {
  const start = at;
  const end = at + min(size, limit);
  while (at < end) {
    if (isUnfinished(at)) break;
    if (!isDiscarded(at)) decodeRecord(at + RING_HEAD);
    at += ringRecordSize(at);
  }
  return <u32>(at - start);
}

/** Decodes the packet of a ring record. */
// @ts-ignore: decorator
@inline
function decodeRecord(at: usize): void {
  const record = changetype<RingRecord>(at);
  const ip = <u32>at + SIZEOF_RING_RECORD;
  const l4 = <u32>record.l4Offset;
  const isTcp = record.protocol == PROTOCOL_TCP;
  const to = packet;
  to.ordinal = taken++;
  count(COUNTER_PACKETS_SEEN);
  const shown = record.captured + record.linkSize;
  if (shown < record.length) countCut(shown);
  if (record.captured < l4 + (isTcp ? TCP_HEADER_MIN : UDP_HEADER)) {
    count(COUNTER_SKIPPED_CUT_HEADER);
    return;
  }
  to.time = record.time;
  to.ip = ip;
  to.l4 = ip + l4;
  to.end = ip + record.captured;
  to.rest = record.length - record.linkSize - l4;
  to.length = record.length;
  to.family = record.family;
  to.seenOn = record.ifindex;
  to.hash = record.hash;
  if (isTcp) decodeSegment();
  else decodeDatagram();
}

/** Counts how late the ring records of `size` bytes at `at` are, now that they are decoded. */
export function lagOfRing(at: usize, size: u32, now: u64): void {
  const end = at + size;
  for (; at < end; at += ringRecordSize(at)) {
    if (!isDiscarded(at)) countLag(now - changetype<RingRecord>(at + RING_HEAD).time);
  }
}

/** The same for the packets of a TPACKET_V3 block. */
export function lagOfBlock(block: usize, now: u64): void {
  const packets = blockPackets(block);
  let frame = firstFrame(block);
  for (let i: u32 = 0; i < packets; i++) {
    countLag(now - frameTime(frame));
    frame = nextFrame(frame);
  }
}

/** Decodes the packets of one TPACKET_V3 block; the kernel has seen to it that their flows are ours. */
export function decodeFrames(block: usize): void {
  const packets = blockPackets(block);
  let frame = firstFrame(block);
  count(COUNTER_PACKETS_SEEN, packets);
  for (let i: u32 = 0; i < packets; i++) {
    decodeFrame(frame);
    frame = nextFrame(frame);
  }
}

// @ts-ignore: decorator
@inline
function decodeFrame(frame: usize): void {
  const data = frameData(frame);
  const captured = frameCaptured(frame);
  const length = max(frameLength(frame), captured);
  const to = packet;
  to.ordinal = taken++;
  if (captured < length) countCut(captured);
  const outcome = locate(data, captured, indexState.linktype);
  if (outcome == FRAGMENT) count(COUNTER_SKIPPED_FRAGMENT);
  if (outcome != LOCATED) return;
  to.time = frameTime(frame);
  to.end = <u32>data + captured;
  to.rest = length - (to.l4 - <u32>data);
  to.length = length;
  to.family = <u32>load<u8>(<usize>to.ip) >> 4;
  to.seenOn = frameInterface(frame);
  if (to.protocol == PROTOCOL_TCP) decodeSegment();
  else decodeDatagram();
}

/** The capture is over: every flow ends, and the open block is sealed. */
export function finishAll(): void {
  for (let flow = oldestFlow(); changetype<usize>(flow); flow = oldestFlow()) {
    packet.time = flow.lastTime;
    endFlow(flow, CONN_KIND_CLOSE_END);
  }
  // Waiting fragments belong to no worker, so one worker counts them; no packet can add to them any more.
  if (config.worker == 0) giveUpDatagrams();
  flushEvents();
  seal();
}
