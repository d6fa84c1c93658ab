import { CONFIG, INDEX_STATE, PORT_BITMAP, RECORD_MAX } from '../layout/generated.js';
import { type CaptureHeader, containerOf } from './capture-header.js';
import { type MemoryMap, regionAddress } from './map.js';

/** Settings of the parser's instances besides addresses. */
export interface Settings {
  /** 16 bytes: the SipHash secret for keys. */
  key: Uint8Array;
  /** 16 bytes: the secret for addresses and opaques. */
  addressKey: Uint8Array;
  /** Seed of flow hashes, the same for all workers. */
  hashSeed: bigint;
  /** Hand event records to the host instead of building blocks. */
  eventsOut: boolean;
  /** Message records may come: the BPF program parses. Default false. */
  parsed?: boolean;
}

/** Writes the configuration of one worker. Returns the address of the configuration, for `init`. */
export function configureWorker(
  buffer: ArrayBufferLike,
  map: MemoryMap,
  worker: number,
  settings: Settings,
): number {
  const base = regionAddress(map, worker);
  const { region } = map;
  const address = base + region.config.at;
  const view = new DataView(buffer, address, CONFIG.SIZE);
  const u32 = (offset: number, value: number) => view.setUint32(offset, value, true);
  const key = new DataView(settings.key.buffer, settings.key.byteOffset, 16);
  const addressKey = new DataView(settings.addressKey.buffer, settings.addressKey.byteOffset, 16);
  view.setBigUint64(CONFIG.key0, key.getBigUint64(0, true), true);
  view.setBigUint64(CONFIG.key1, key.getBigUint64(8, true), true);
  view.setBigUint64(CONFIG.address_key0, addressKey.getBigUint64(0, true), true);
  view.setBigUint64(CONFIG.address_key1, addressKey.getBigUint64(8, true), true);
  view.setBigUint64(CONFIG.hash_seed, settings.hashSeed, true);
  u32(CONFIG.workers, map.workers);
  u32(CONFIG.worker, worker);
  u32(CONFIG.events_out, settings.eventsOut ? 1 : 0);
  u32(CONFIG.ports, map.ports);
  u32(CONFIG.index_state, map.indexState);
  u32(CONFIG.counters, base + region.counters.at);
  u32(CONFIG.packet, base + region.packet.at);
  u32(CONFIG.lag, base + region.lag.at);
  u32(CONFIG.block_info, base + region.blockInfo.at);
  u32(CONFIG.flow_buckets, base + region.flowBuckets.at);
  u32(CONFIG.flow_bucket_count, region.flowBucketCount);
  u32(CONFIG.flows, base + region.flows.at);
  u32(CONFIG.flow_count, region.flowCount);
  u32(CONFIG.syns, base + region.syns.at);
  u32(CONFIG.syn_count, region.synCount);
  u32(CONFIG.requests, base + region.requests.at);
  u32(CONFIG.requests_end, base + region.requests.at + region.requests.size);
  u32(CONFIG.keys, base + region.keys.at);
  u32(CONFIG.keys_end, base + region.keys.at + region.keys.size);
  u32(CONFIG.reorder, base + region.reorder.at);
  u32(CONFIG.reorder_end, base + region.reorder.at + region.reorder.size);
  u32(CONFIG.lines, base + region.lines.at);
  u32(CONFIG.lines_end, base + region.lines.at + region.lines.size);
  u32(CONFIG.columns, base + region.columns.at);
  u32(CONFIG.column_size, region.columnSize);
  u32(CONFIG.block_events, region.blockEvents);
  u32(CONFIG.key_cache, base + region.keyCache.at);
  u32(CONFIG.key_cache_sets, region.keyCacheSets);
  u32(CONFIG.block_out, base + region.blockOut.at);
  u32(CONFIG.block_out_size, region.blockOut.size);
  u32(CONFIG.events, base + region.events.at);
  u32(CONFIG.event_count, region.eventCount);
  u32(CONFIG.scratch, base + region.scratch.at);
  u32(CONFIG.scratch_size, region.scratch.size);
  u32(CONFIG.uncut, map.uncut);
  u32(CONFIG.parsed, settings.parsed ? 1 : 0);
  return address;
}

/** Inclusive ranges of server ports. */
export type PortRanges = readonly (readonly [first: number, last: number])[];

/** A bitmap of all 65,536 ports, lowest bit of a byte first, as the parser and the BPF program read it. */
export function portBitmap(ranges: PortRanges): Uint8Array {
  const bitmap = new Uint8Array(PORT_BITMAP);
  for (const [first, last] of ranges) {
    for (let port = first; port <= last; port++) bitmap[port >> 3]! |= 1 << (port & 7);
  }
  return bitmap;
}

/** Sets the bitmap of server ports. */
export function setPorts(buffer: ArrayBufferLike, map: MemoryMap, ranges: PortRanges): void {
  new Uint8Array(buffer).set(portBitmap(ranges), map.ports);
}

/** Limits at which the record walk stops. */
export interface Limits {
  /** Number of matching packets; 0: no limit. */
  packets: number;
  /** Packet time in units; 0: no limit. */
  duration: bigint;
}

export interface WalkSettings {
  /** Nanoseconds in a unit of time. */
  unit: 1 | 1000;
  /** Default: none. */
  limits?: Limits;
  /** One in this many connections is decoded. Default 1. */
  sample?: number;
  /** Bytes of a packet that are decoded. Default: all. */
  snaplen?: number | undefined;
}

/** Prepares the record walk. */
export function setWalk(
  buffer: ArrayBufferLike,
  map: MemoryMap,
  { unit, limits = { packets: 0, duration: 0n }, sample = 1, snaplen = RECORD_MAX }: WalkSettings,
): void {
  const view = new DataView(buffer, map.indexState, INDEX_STATE.SIZE);
  view.setUint32(INDEX_STATE.carry, map.carry, true);
  view.setUint32(INDEX_STATE.interfaces, map.interfaces, true);
  view.setUint32(INDEX_STATE.datagrams, map.datagrams, true);
  view.setBigUint64(INDEX_STATE.second, BigInt(1e9 / unit), true);
  view.setBigUint64(INDEX_STATE.limit, BigInt(limits.packets), true);
  view.setBigUint64(INDEX_STATE.duration, limits.duration, true);
  view.setUint32(INDEX_STATE.sample, sample, true);
  view.setUint32(INDEX_STATE.snaplen, Math.min(snaplen, RECORD_MAX), true);
}

/** The start of a capture in a slot, as in the head of the slot. */
export interface CaptureStart {
  /** Number of the capture, from 1. */
  readonly number: number;
  readonly container: number;
  readonly linktype: number;
  readonly swapped: boolean;
  /** Units in one fraction of a second of its record headers. */
  readonly fraction: number;
}

/** The start of a capture for a recording with units of `unit` nanoseconds. */
export function captureStart(header: CaptureHeader, number: number, unit: 1 | 1000): CaptureStart {
  return {
    number,
    container: containerOf(header),
    linktype: header.linktype,
    swapped: header.swapped,
    fraction: header.unit / unit,
  };
}

/** Begins another capture in the record walk. The capture before is broken if it ended within a record. */
export function beginCapture(buffer: ArrayBufferLike, map: MemoryMap, start: CaptureStart): void {
  const view = new DataView(buffer, map.indexState, INDEX_STATE.SIZE);
  const u32 = (offset: number, value: number) => view.setUint32(offset, value, true);
  endCapture(buffer, map);
  u32(INDEX_STATE.capture, start.number);
  u32(INDEX_STATE.container, start.container);
  u32(INDEX_STATE.linktype, start.linktype);
  u32(INDEX_STATE.swapped, start.swapped ? 1 : 0);
  view.setBigUint64(INDEX_STATE.fraction, BigInt(start.fraction), true);
  for (const offset of [INDEX_STATE.error, INDEX_STATE.carry_size, INDEX_STATE.begun]) u32(offset, 0);
  for (const offset of [INDEX_STATE.skip, INDEX_STATE.trailer, INDEX_STATE.interface_count]) u32(offset, 0);
  if (view.getUint32(INDEX_STATE.clocked, true) !== 0) u32(INDEX_STATE.clocked, CLOCKED_BEFORE);
}

/** Value of `clocked` where another capture was walked before, see assembly/framing/walk.ts. */
const CLOCKED_BEFORE = 2;

/** Whether the walk is in the middle of a record, or has met an invalid record header. */
export function isBroken(buffer: ArrayBufferLike, map: MemoryMap): boolean {
  const view = new DataView(buffer, map.indexState, INDEX_STATE.SIZE);
  const signs = [INDEX_STATE.error, INDEX_STATE.carry_size, INDEX_STATE.trailer];
  return signs.some((offset) => view.getUint32(offset, true) !== 0);
}

/** Ends the current capture. Returns the number of the first capture that was broken, 0 where none was. */
export function endCapture(buffer: ArrayBufferLike, map: MemoryMap): number {
  const view = new DataView(buffer, map.indexState, INDEX_STATE.SIZE);
  const first = view.getUint32(INDEX_STATE.broken, true);
  if (first !== 0 || view.getUint32(INDEX_STATE.ended, true) !== 0 || !isBroken(buffer, map)) return first;
  const number = view.getUint32(INDEX_STATE.capture, true);
  view.setUint32(INDEX_STATE.broken, number, true);
  return number;
}
