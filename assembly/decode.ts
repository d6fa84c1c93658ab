/**
 * The decode loops, one for each framing: each makes the next packet the current one and hands it to TCP or
 * UDP.
 */
import { createBlock, seal } from './columns/block';
import { flushEvents } from './emit';
import { createTable, oldestFlow } from './flow/table';
import { giveUpDatagrams } from './framing/fragments';
import { countCut, FRAGMENT, locate, LOCATED } from './framing/record';
import {
  isSample, SAMPLE_HEAD, sampleIp, sampleSize, sampleTime, seekSample, wholeSample,
} from './framing/perf';
import {
  isDiscarded, isUnfinished, RING_HEAD, ringContent, ringIp, ringRecordSize, ringTime,
} from './framing/ring';
import {
  blockPackets, firstFrame, frameCaptured, frameData, frameInterface, frameLength, frameTime, nextFrame,
} from './framing/tpacket';
import { config, count, indexState } from './instance';
import { countLag } from './lag';
import {
  CONN_KIND_CLOSE_END, COUNTER_LEFT_OUT_BYTES, COUNTER_PACKETS_SEEN, COUNTER_RING_BYTES,
  COUNTER_SKIPPED_CUT_HEADER, COUNTER_SKIPPED_FRAGMENT, COUNTER_SKIPPED_MALFORMED, LIST_HEAD,
  MESSAGE_PROTOCOL, MessageRecord, PacketHead, PerfBuffer, PerfCursor, RingHole, RingRecord, Segment,
  SEGMENT_UDP, SIZEOF_MESSAGE_RECORD, SIZEOF_PACKET_HEAD, SIZEOF_PERF_BUFFER, SIZEOF_PERF_CURSOR,
  SIZEOF_RING_HOLE, SIZEOF_RING_RECORD, SIZEOF_SEGMENT,
} from './layout';
import { createKeys } from './memcache/keys';
import { createMeta } from './memcache/meta';
import { createSpelling } from './memcache/spelling';
import { createClient } from './match/client';
import { createMessages } from './match/messages';
import { createResume } from './match/resume';
import { createLines } from './match/lines';
import { createPending } from './match/pending';
import { createPacket, packet } from './packet';
import { createLinger } from './tcp/linger';
import { createReassembly } from './tcp/reassembly';
import { createWaiting } from './tcp/waiting';
import { decodeMessages, decodeSegment, endFlow } from './tcp/connection';
import { createDuplicates } from './udp/duplicates';
import { decodeDatagram } from './udp/exchange';
import { PROTOCOL_TCP } from './wire/ip';
import { TCP_HEADER_MIN } from './wire/tcp';
import { UDP_HEADER } from './wire/udp';

/** Number of packets this instance has taken from its ring. */
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
  createDuplicates();
  createLinger();
  createClient();
  createMessages();
  createSpelling();
  createResume();
  createBlock();
}

/** Decodes the packets of one index list of a slot; `ordinal` is that of the slot's first packet. */
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
 * Decodes the ring records in the `size` bytes at `at`, which were there at `now`. Stops at a record that the
 * kernel is still writing, or that begins `limit` bytes or more after `at`. Returns the bytes decoded.
 */
export function decodeRing(at: usize, size: u32, limit: u32, now: u64): u32 {
  const start = at;
  const end = at + min(size, limit);
  while (at < end) {
    if (isUnfinished(at)) break;
    if (!isDiscarded(at)) {
      const record = at + RING_HEAD;
      if (isParsed(record)) decodeParsed(record, record + ringContent(at), now);
      else decodeRecord(record, ringIp(record), now);
    }
    at += ringRecordSize(at);
  }
  const done = <u32>(at - start);
  count(COUNTER_RING_BYTES, done);
  return done;
}

/**
 * Decodes the samples of the rings that a `perf_buffer` describes, in the order of their times: those up to
 * `now`, until `limit` bytes are decoded. Returns the bytes decoded.
 *
 * A packet that another one caused has a later time, and was sampled later. So where the rings' ends were
 * read after `now`, whatever caused a packet from before `now` is there, too, in whichever ring.
 */
export function decodePerf(at: usize, limit: u32, now: u64): u32 {
  const buffer = changetype<PerfBuffer>(at);
  const size = buffer.size;
  const end = cursorsEnd(at);
  for (let i = at + SIZEOF_PERF_BUFFER; i < end; i += SIZEOF_PERF_CURSOR) {
    const cursor = changetype<PerfCursor>(i);
    cursor.time = seekSample(cursor, size);
  }
  let done: u32 = 0;
  while (done < limit) {
    let first: usize = 0;
    // The earliest time, and the next one: until that, samples come from the same ring.
    let least = now + 1;
    let next = now + 1;
    for (let i = at + SIZEOF_PERF_BUFFER; i < end; i += SIZEOF_PERF_CURSOR) {
      const time = changetype<PerfCursor>(i).time;
      if (time < least) {
        next = least;
        least = time;
        first = i;
      } else if (time < next) {
        next = time;
      }
    }
    if (!first) break;
    const cursor = changetype<PerfCursor>(first);
    do {
      const bytes = sampleSize(cursor, cursor.next, size);
      const record = wholeSample(cursor, size, buffer.spare) + SAMPLE_HEAD;
      const ip = sampleIp(record);
      done += bytes;
      // Right before the packet counts as seen, so that a successor skips exactly the packets that do.
      cursor.next += bytes;
      decodeRecord(record, ip, now);
      cursor.time = seekSample(cursor, size);
    } while (cursor.time < next && done < limit);
  }
  count(COUNTER_RING_BYTES, done);
  return done;
}

/** Address after the cursors of a `perf_buffer`. */
// @ts-ignore: decorator
@inline
function cursorsEnd(at: usize): usize {
  return at + SIZEOF_PERF_BUFFER + <usize>changetype<PerfBuffer>(at).rings * SIZEOF_PERF_CURSOR;
}

/** Decodes the packet of a ring record, with its IP header at `ip`. */
// @ts-ignore: decorator
@inline
function decodeRecord(at: usize, ip: u32, now: u64): void {
  const record = changetype<RingRecord>(at);
  const l4 = <u32>record.l4Offset;
  const isTcp = record.protocol == PROTOCOL_TCP;
  const to = packet;
  to.ordinal = taken++;
  count(COUNTER_PACKETS_SEEN);
  const shown = record.captured + record.linkSize;
  const holes = <u32>record.holes;
  if (holes) countLeftOut(at, holes);
  else if (shown < record.length) countCut(shown);
  if (record.captured < l4 + (isTcp ? TCP_HEADER_MIN : UDP_HEADER)) {
    count(COUNTER_SKIPPED_CUT_HEADER);
    return;
  }
  to.time = ringTime(record.time, now);
  to.ip = ip;
  to.l4 = ip + l4;
  to.end = ip + record.captured;
  to.rest = record.length - record.linkSize - l4;
  to.length = record.length;
  to.family = record.family;
  to.seenOn = record.ifindex;
  to.hash = record.hash;
  to.holes = holes;
  if (isTcp) decodeSegment();
  else decodeDatagram();
}

/** Whether a ring record is a message record. */
// @ts-ignore: decorator
@inline
function isParsed(at: usize): bool {
  return changetype<MessageRecord>(at).protocol == MESSAGE_PROTOCOL;
}

// Offsets of the source address in an IP header (RFC 791, RFC 8200), and bytes of both addresses.
const SOURCE_4: u32 = 12;
const ADDRESSES_4: u32 = 8;
const SOURCE_6: u32 = 8;
const ADDRESSES_6: u32 = 32;

/** Decodes the segment of a message record, which is in [at, end). */
// @ts-ignore: decorator
@inline
function decodeParsed(at: usize, end: usize, now: u64): void {
  const record = changetype<MessageRecord>(at);
  const to = packet;
  to.ordinal = taken++;
  count(COUNTER_PACKETS_SEEN);
  const isIpv4 = record.family == 4;
  const addresses = <u32>at + SIZEOF_MESSAGE_RECORD;
  const messages = addresses + (isIpv4 ? ADDRESSES_4 : ADDRESSES_6);
  if (messages > <u32>end || record.size == 0) {
    count(COUNTER_SKIPPED_MALFORMED);
    return;
  }
  to.time = ringTime(record.time, now);
  to.ip = addresses - (isIpv4 ? SOURCE_4 : SOURCE_6);
  to.l4 = <u32>at + offsetof<MessageRecord>('ports');
  to.end = <u32>end;
  to.sequence = record.sequence;
  to.ack = record.ack;
  to.window = record.window;
  to.size = record.size;
  to.captured = 0;
  to.length = <u32>record.headers + record.size;
  to.family = record.family;
  to.seenOn = record.ifindex;
  to.hash = record.hash;
  to.holes = 0;
  to.messages = messages;
  decodeMessages();
  to.messages = 0;
}

/** Counts the bytes that the BPF program left out of the packet of the record at `at`. */
function countLeftOut(at: usize, holes: u32): void {
  for (let i: u32 = 0; i < holes; i++) {
    count(COUNTER_LEFT_OUT_BYTES, changetype<RingHole>(at + SIZEOF_RING_RECORD + i * SIZEOF_RING_HOLE).size);
  }
}

/** Counts the lag of the ring records in the `size` bytes at `at`, which were just decoded at time `now`. */
export function lagOfRing(at: usize, size: u32, now: u64): void {
  const end = at + size;
  for (; at < end; at += ringRecordSize(at)) {
    if (!isDiscarded(at)) countLag(max<i64>(<i64>(now - changetype<RingRecord>(at + RING_HEAD).time), 0));
  }
}

/** Counts the lag of the samples of the current batch that were decoded, at time `now`. */
export function lagOfPerf(at: usize, now: u64): void {
  const size = changetype<PerfBuffer>(at).size;
  const end = cursorsEnd(at);
  for (let i = at + SIZEOF_PERF_BUFFER; i < end; i += SIZEOF_PERF_CURSOR) {
    const cursor = changetype<PerfCursor>(i);
    for (let at = cursor.start; at < cursor.next; at += sampleSize(cursor, at, size)) {
      if (isSample(cursor, at, size)) countLag(max<i64>(<i64>(now - sampleTime(cursor, at, size)), 0));
    }
  }
}

/** Counts the lag of the packets of a TPACKET_V3 block, which were just decoded at time `now`. */
export function lagOfBlock(block: usize, now: u64): void {
  const packets = blockPackets(block);
  let frame = firstFrame(block);
  for (let i: u32 = 0; i < packets; i++) {
    countLag(now - frameTime(frame));
    frame = nextFrame(frame);
  }
}

/**
 * Decodes the packets of one TPACKET_V3 block; the kernel's fanout has chosen this worker for their flows.
 */
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

/** Ends every flow at the end of the capture, and seals the open block. */
export function finishAll(): void {
  for (let flow = oldestFlow(); changetype<usize>(flow); flow = oldestFlow()) {
    packet.time = flow.lastTime;
    endFlow(flow, CONN_KIND_CLOSE_END);
  }
  // Fragments of incomplete datagrams belong to no worker, so the first worker counts them.
  if (config.worker == 0) giveUpDatagrams();
  flushEvents();
  seal();
}
