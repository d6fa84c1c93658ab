/**
 * The ABI: everything the host calls. Addresses and sizes are bytes in the linear memory, laid out by the
 * host (src/memory/map.ts) and told once through `config`.
 *
 * Order of calls: `init`; then for every slot in order `indexSlot` (by one instance) and `decodeSlot` (by
 * every instance), or `decodeRing` as often as the kernel's ring holds something; `finish` once. `sealNow`
 * may come in between.
 */
import { seal } from './columns/block';
import { crc32c as crc } from './columns/crc32c';
import {
  createDecoder, decodeFrames, decodeList, decodeRing as decodeRecords, finishAll, lagOfBlock as blockLag,
  lagOfRing as ringLag,
} from './decode';
import { flushEvents } from './emit';
import { beginRoom } from './framing/fragments';
import { indexPcap } from './framing/pcap';
import { indexPcapng } from './framing/pcapng';
import { beginWalk } from './framing/walk';
import { indexState, setConfig } from './instance';
import { assertLayout, CONTAINER_PCAPNG, LAYOUT_HASH } from './layout';

/** What both sides must agree on; the host refuses another value. */
export function layoutHash(): u32 {
  assertLayout();
  return LAYOUT_HASH;
}

/** Takes the instance's configuration; its region must be zero. */
export function init(config: usize): void {
  setConfig(config);
  createDecoder();
}

/**
 * Walks a chunk of the capture at hand into the lists of `workers` workers; datagrams that become whole in it
 * go to `room`, DATAGRAM_ROOM bytes. Returns the packets walked.
 */
export function indexSlot(
  chunk: usize, size: u32, lists: usize, stride: usize, workers: u32, room: usize,
): u32 {
  beginRoom(room);
  const at = beginWalk(chunk, lists, stride, workers);
  if (indexState.error) return 0;
  const end = chunk + size;
  return indexState.container == CONTAINER_PCAPNG ? indexPcapng(at, end) : indexPcap(at, end);
}

/** Decodes one list; `ordinal` is that of the slot's first packet. */
export function decodeSlot(list: usize, ordinal: u64): void {
  decodeList(list, ordinal);
}

/**
 * Decodes records of a kernel ring, or a copy of it: `size` bytes of whole records at `at`, of which at most
 * those that begin in the first `limit` bytes are taken. Returns the bytes done with: fewer where the kernel
 * is still writing a record.
 */
export function decodeRing(at: usize, size: u32, limit: u32): u32 {
  return decodeRecords(at, size, limit);
}

/** Decodes a TPACKET_V3 block in the memory. */
export function decodeBlock(block: usize): void {
  decodeFrames(block);
}

/**
 * Counts how late packets are that were decoded just now: `size` bytes of whole ring records at `at`. `now`
 * is of the clock of their times, in nanoseconds.
 */
export function lagOfRing(at: usize, size: u32, now: u64): void {
  ringLag(at, size, now);
}

/** The same for a TPACKET_V3 block. */
export function lagOfBlock(block: usize, now: u64): void {
  blockLag(block, now);
}

/** Seals the open block, or hands over waiting events. */
export function sealNow(): void {
  flushEvents();
  seal();
}

/** Ends every flow and seals what is left. */
export function finish(): void {
  finishAll();
}

/** CRC-32C of bytes in the memory. */
export function crc32c(at: usize, size: usize): u32 {
  return crc(at, size);
}
