/** The loop: from packets, however they are framed, to segments of connections. */
import { createBlock, seal } from './columns/block';
import { decodeSegment, endFlow } from './connection';
import { flushEvents } from './emit';
import { decodeDatagram } from './exchange';
import { createTable, oldestFlow } from './flow/table';
import { giveUpDatagrams } from './framing/fragments';
import { countCut, FRAGMENT, hashFound, l3Found, l4Found, locate, LOCATED } from './framing/record';
import { isDiscarded, isUnfinished, RING_HEAD, ringRecordSize } from './framing/ring';
import {
  blockPackets, firstFrame, frameCaptured, frameData, frameInterface, frameLength, frameTime, nextFrame,
} from './framing/tpacket';
import { config, count, indexState, setSeenOn } from './instance';
import { countLag } from './lag';
import {
  CONN_KIND_CLOSE_END, COUNTER_PACKETS_SEEN, COUNTER_SKIPPED_CUT_HEADER, COUNTER_SKIPPED_FRAGMENT,
  LIST_HEAD, PacketHead, RingRecord, Segment, SEGMENT_UDP, SIZEOF_PACKET_HEAD, SIZEOF_RING_RECORD, SIZEOF_SEGMENT,
} from './layout';
import { createKeys } from './memcache/keys';
import { createMeta } from './memcache/meta';
import { createPending } from './match/pending';
import { createLines } from './stream/lines';
import { createWaiting } from './stream/waiting';
import { family, PROTOCOL_TCP, protocol } from './wire/ip';
import { TCP_HEADER_MIN } from './wire/tcp';
import { UDP_HEADER } from './wire/udp';

/** Packets this instance has taken from its ring. */
let taken: u64 = 0;

/** Sets up everything that lives as long as the instance. */
export function createDecoder(): void {
  createTable();
  createKeys();
  createMeta();
  createPending();
  createLines();
  createWaiting();
  createBlock();
}

/** Decodes the packets of one list of a slot; `ordinal` is that of the slot's first packet. */
export function decodeList(list: usize, ordinal: u64): void {
  const entries = load<u32>(list);
  let at = list + LIST_HEAD;
  const end = at + <usize>entries * SIZEOF_SEGMENT;
  for (; at < end; at += SIZEOF_SEGMENT) {
    const entry = changetype<Segment>(at);
    const head = changetype<PacketHead>(<usize>entry.head);
    const start = changetype<usize>(head);
    const ip = start + entry.l3Offset;
    const number = entry.ordinal;
    setSeenOn(entry.seenOn);
    if (number < SEGMENT_UDP) {
      decodeSegment(
        ip, start + entry.l4Offset, <u32>load<u8>(ip) >> 4, entry.hash, start + SIZEOF_PACKET_HEAD + head.captured,
        head.length + SIZEOF_PACKET_HEAD - entry.l4Offset, head.length, head.time, ordinal + number,
      );
    } else {
      decodeDatagram(
        ip, start + entry.l4Offset, <u32>load<u8>(ip) >> 4, entry.hash, start + SIZEOF_PACKET_HEAD + head.captured,
        head.length + SIZEOF_PACKET_HEAD - entry.l4Offset, head.length, head.time, ordinal + (number & ~SEGMENT_UDP),
      );
    }
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
    const next = at + ringRecordSize(at);
    if (!isDiscarded(at)) {
      const record = changetype<RingRecord>(at + RING_HEAD);
      const ip = at + RING_HEAD + SIZEOF_RING_RECORD;
      const bytes = ip + record.captured;
      const l4 = <u32>record.l4Offset;
      const ordinal = taken++;
      count(COUNTER_PACKETS_SEEN);
      const wire = record.length - record.linkSize - l4;
      const shown = record.captured + record.linkSize;
      if (shown < record.length) countCut(shown);
      setSeenOn(record.ifindex);
      if (record.captured < l4 + (record.protocol == PROTOCOL_TCP ? TCP_HEADER_MIN : UDP_HEADER)) {
        count(COUNTER_SKIPPED_CUT_HEADER);
      } else if (record.protocol == PROTOCOL_TCP) {
        decodeSegment(ip, ip + l4, record.family, record.hash, bytes, wire, record.length, record.time, ordinal);
      } else {
        decodeDatagram(ip, ip + l4, record.family, record.hash, bytes, wire, record.length, record.time, ordinal);
      }
    }
    at = next;
  }
  return <u32>(at - start);
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
export function decodeBlock(block: usize): void {
  const packets = blockPackets(block);
  const linktype = indexState.linktype;
  let frame = firstFrame(block);
  count(COUNTER_PACKETS_SEEN, packets);
  for (let i: u32 = 0; i < packets; i++) {
    const data = frameData(frame);
    const captured = frameCaptured(frame);
    const length = max(frameLength(frame), captured);
    const ordinal = taken++;
    if (captured < length) countCut(captured);
    const outcome = locate(data, captured, linktype);
    if (outcome == FRAGMENT) count(COUNTER_SKIPPED_FRAGMENT);
    if (outcome == LOCATED) {
      setSeenOn(frameInterface(frame));
      const end = data + captured;
      const rest = length - l4Found;
      const time = frameTime(frame);
      if (protocol == PROTOCOL_TCP) {
        decodeSegment(data + l3Found, data + l4Found, family, hashFound, end, rest, length, time, ordinal);
      } else {
        decodeDatagram(data + l3Found, data + l4Found, family, hashFound, end, rest, length, time, ordinal);
      }
    }
    frame = nextFrame(frame);
  }
}

/** The capture is over: every flow ends, and the open block is sealed. */
export function finishAll(): void {
  for (let flow = oldestFlow(); changetype<usize>(flow); flow = oldestFlow()) {
    endFlow(flow, CONN_KIND_CLOSE_END, flow.lastTime);
  }
  // Waiting fragments belong to no worker, so one worker counts them; no packet can add to them any more.
  if (config.worker == 0) giveUpDatagrams();
  flushEvents();
  seal();
}
