/**
 * The ABI: everything the host calls. Addresses and sizes are in bytes of the linear memory, which the host
 * lays out (src/memory/map.ts) and describes once in `config`.
 *
 * Order of calls: `init`; then for every slot in order `indexSlot` (by one instance) and `decodeSlot` (by
 * every instance), or `decodeRing`, `decodePerf` or `decodeBlock` whenever a kernel ring has packets;
 * `finish` once. `sealNow` may come in between.
 */
import { seal } from './columns/block';
import { crc32c as crc } from './columns/crc32c';
import {
  createDecoder, decodeFrames, decodeList, decodePerf as decodeSamples, decodeRing as decodeRecords,
  finishAll, lagOfBlock as blockLag, lagOfPerf as perfLag, lagOfRing as ringLag,
} from './decode';
import { flushEvents } from './emit';
import { beginRoom } from './framing/fragments';
import { indexPcap } from './framing/pcap';
import { indexPcapng } from './framing/pcapng';
import { beginWalk } from './framing/walk';
import { indexState, setConfig } from './instance';
import { assertLayout, CONTAINER_PCAPNG, LAYOUT_HASH } from './layout';

/** Hash of the binary layout (LAYOUT.md); the host refuses a module with another one. */
export function layoutHash(): u32 {
  assertLayout();
  return LAYOUT_HASH;
}

/** Sets up the instance from the struct `config` at this address; the instance's region must be zero. */
export function init(config: usize): void {
  setConfig(config);
  createDecoder();
}

/**
 * Walks a chunk of the current capture and writes index lists for `workers` workers, `stride` bytes apart
 * from `lists` on. Datagrams whose last fragment is in the chunk are put together in `room`, DATAGRAM_ROOM
 * bytes. Returns the number of packets walked.
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

/** Decodes the packets of one index list; `ordinal` is that of the slot's first packet. */
export function decodeSlot(list: usize, ordinal: u64): void {
  decodeList(list, ordinal);
}

/**
 * Decodes the records of a BPF ring, or of a copy of it, in the `size` bytes at `at`: complete records, and
 * only those that begin in the first `limit` bytes. Returns the bytes decoded: fewer where the kernel is
 * still writing a record. `now` is a time at which all of them were there, nanoseconds of the clock of the
 * records: none is from later.
 */
export function decodeRing(at: usize, size: u32, limit: u32, now: u64): u32 {
  return decodeRecords(at, size, limit, now);
}

/**
 * Decodes the samples of a worker's perf buffer in the order of their times, up to the time `now`, until
 * `limit` bytes are decoded. `buffer` is the address of its `perf_buffer`, whose cursors say which samples
 * are there; `now` was before their ends were read. Moves the cursors, and returns the bytes decoded.
 */
export function decodePerf(buffer: usize, limit: u32, now: u64): u32 {
  return decodeSamples(buffer, limit, now);
}

/** Decodes the packets of the TPACKET_V3 block at this address. */
export function decodeBlock(block: usize): void {
  decodeFrames(block);
}

/**
 * Counts the lag of the ring records in the `size` bytes at `at`, which were just decoded: the time from
 * capture to `now`, nanoseconds of the clock of the records.
 */
export function lagOfRing(at: usize, size: u32, now: u64): void {
  ringLag(at, size, now);
}

/** Counts the lag of the samples that the last `decodePerf` decoded as `lagOfRing` does. */
export function lagOfPerf(buffer: usize, now: u64): void {
  perfLag(buffer, now);
}

/** Counts the lag of the packets of a TPACKET_V3 block as `lagOfRing` does. */
export function lagOfBlock(block: usize, now: u64): void {
  blockLag(block, now);
}

/** Hands waiting events to the host, or seals the open block. */
export function sealNow(): void {
  flushEvents();
  seal();
}

/** Ends every flow, hands over the last events and seals the last block. */
export function finish(): void {
  finishAll();
}

/** CRC-32C of bytes in the memory. */
export function crc32c(at: usize, size: usize): u32 {
  return crc(at, size);
}
