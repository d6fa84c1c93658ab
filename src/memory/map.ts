import { MembenchError } from '../errors.js';
import {
  BLOCK_INFO,
  BLOCK_MAX,
  CAPTURE_INTERFACE,
  COLUMN_NAMES,
  CONFIG,
  CONTROL,
  COUNTER_NAMES,
  DATAGRAM,
  DATAGRAM_MAX,
  DATAGRAM_ROOM,
  DATAGRAMS_MAX,
  ENVELOPE_MAX,
  EVENT_RECORD,
  FLOW,
  INDEX_STATE,
  INTERFACES_MAX,
  LAG_BUCKETS,
  LIST_HEAD,
  PACKET,
  PORT_BITMAP,
  SEGMENT,
  SEGMENT_MIN,
  SIDE,
  SLOT,
  SLOT_HEADROOM,
  SYN,
  WORKER_STATE,
} from '../layout/generated.js';

/**
 * The map of the shared linear memory; all addresses and sizes are in bytes.
 *
 * ```
 *  0        constants of the WASM module (data segments, read-only)
 *  64 KiB   control | index state | server ports | carry | interfaces | incomplete datagrams
 *           slot 0 … slots-1     each: slot head | headroom | chunk | index list of worker 0 … workers-1
 *                                | reassembled datagrams
 *           worker 0 … workers-1 each: config | counters | lag | state | block info | packet | scratch | event records
 *                                | key cache | columns | block out
 *                                | SYNs | flow buckets | flows | requests | keys | reorder | lines
 *                                | kernel ring window
 *           kernel counters | bitmap of uncut flows
 * ```
 *
 * Everything is sized once, and nothing grows. Untouched memory is not resident, so a large pool costs
 * nothing until it is used. Windows are whole 64 KiB pages over which kernel rings are mapped; only plain and
 * atomic loads may touch the read-only pages there.
 */
export interface MemoryMap {
  readonly workers: number;
  readonly slots: number;
  /** Bytes of the chunk of a slot. */
  readonly slotSize: number;
  readonly control: number;
  readonly indexState: number;
  readonly ports: number;
  readonly carry: number;
  readonly interfaces: number;
  readonly datagrams: number;
  /** Address of the first slot, and bytes from one to the next. */
  readonly slotBase: number;
  readonly slotStride: number;
  /** Offsets in a slot of its chunk and its first index list; bytes from one list to the next. */
  readonly chunkOffset: number;
  readonly listOffset: number;
  readonly listStride: number;
  /** Offset in a slot of the room for reassembled datagrams. */
  readonly roomOffset: number;
  /** Address of the first worker's region, and bytes from one to the next. */
  readonly regionBase: number;
  readonly regionStride: number;
  readonly region: Region;
  /** Address of the window for the kernel's counters. */
  readonly kernelCounters: number;
  /** Address of the bitmap of uncut flows; 0 where there is none. */
  readonly uncut: number;
  /** Size of the memory in pages of 64 KiB. */
  readonly pages: number;
}

/** A part of a worker's region. */
export interface Part {
  /** Offset in the region. */
  readonly at: number;
  readonly size: number;
  /** Whether it must be zero when a parser starts. */
  readonly cleared: boolean;
}

/** The parts of a worker's region, in order. */
const PARTS = [
  'config',
  'counters',
  'lag',
  'state',
  'sealedCounters',
  'blockInfo',
  'packet',
  'scratch',
  'events',
  'keyCache',
  'columns',
  'envelope',
  'blockOut',
  'syns',
  'flowBuckets',
  'flows',
  'requests',
  'keys',
  'reorder',
  'lines',
  'window',
] as const;
export type PartName = (typeof PARTS)[number];

/** The parts of a worker's region, and the numbers of entries of its tables. */
export interface Region extends Readonly<Record<PartName, Part>> {
  readonly eventCount: number;
  /** Sets of the key cache, a power of two. */
  readonly keyCacheSets: number;
  /** Bytes of one column. */
  readonly columnSize: number;
  readonly blockEvents: number;
  readonly synCount: number;
  readonly flowBucketCount: number;
  readonly flowCount: number;
}

export interface MapOptions {
  workers: number;
  slots: number;
  slotSize: number;
  /** Bytes of all workers together for flows, requests and early segments. */
  state: number;
  /** Most events of a block. */
  blockEvents: number;
  /** Bytes of each worker's window for a kernel ring. Default 0. */
  window?: number;
  /** Bytes of the window for the kernel's counters. Default 0. */
  kernelCounters?: number;
  /** Bytes of the bitmap of uncut flows. Default 0: none. */
  uncut?: number;
  /** Allow a map larger than 4 GiB, to calculate its size. Default false. */
  unlimited?: boolean;
}

/** Bytes of a page of linear memory. */
export const PAGE = 65536;
const PAGES_MAX = 65536;
/** A 32-bit linear memory ends at 4 GiB. */
export const MEMORY_MAX = PAGES_MAX * PAGE;
/** Bytes of one flow with both its sides. */
const FLOW_SIZE = FLOW.SIZE + 2 * SIDE.SIZE;
/** Bytes of an entry of the flow table: hash and address, u32 each. */
const FLOW_BUCKET = 8;
/** Bytes of a set of the key cache: two ways, u32 each. */
const KEY_CACHE_SET = 8;
/** Most sets of the key cache, 128 KiB: a larger one would evict too much from the processor's cache. */
const KEY_CACHE_SETS = 16384;
/** Most bytes of a varint of 64 bits. */
const VARINT_MAX = 10;
/** Events handed to the host at a time. */
const EVENTS_OUT = 1024;
/** Bytes of the scratch area. */
const SCRATCH = 131072;

/** Bytes of an incomplete datagram with its bitmap and its payload (assembly/framing/fragments.ts). */
const DATAGRAM_STRIDE = DATAGRAM.SIZE + (DATAGRAM_MAX + 1) / 64 + DATAGRAM_MAX + 1;

/** Largest power of two not above n. */
function powerOfTwo(n: number): number {
  return 2 ** Math.floor(Math.log2(n));
}

/** Allocates addresses in order. */
class Cursor {
  at: number;
  constructor(at: number) {
    this.at = at;
  }
  take(bytes: number, align = 64): number {
    const address = Math.ceil(this.at / align) * align;
    this.at = address + bytes;
    return address;
  }
}

/** Parts that must be zero when a parser starts; pools need not be. */
const CLEARED: ReadonlySet<PartName> = new Set(['scratch', 'keyCache', 'syns', 'flowBuckets']);

function mapRegion(options: MapOptions): { region: Region; size: number } {
  const share = Math.floor(options.state / options.workers);
  const tenths = (count: number) => Math.floor((share * count) / 10);
  const { blockEvents } = options;
  const flowCount = Math.floor(tenths(4) / FLOW_SIZE);
  const counts = {
    blockEvents,
    flowCount,
    eventCount: EVENTS_OUT,
    keyCacheSets: Math.min(KEY_CACHE_SETS, powerOfTwo(blockEvents)),
    // Values are written as whole words, so up to 8 bytes after the last value are overwritten.
    columnSize: blockEvents * VARINT_MAX + 64,
    synCount: Math.min(65536, powerOfTwo(flowCount)),
    flowBucketCount: powerOfTwo(flowCount * 4),
  };
  const sizes: Record<PartName, number> = {
    config: CONFIG.SIZE,
    counters: COUNTER_NAMES.length * 8,
    lag: LAG_BUCKETS * 8,
    state: WORKER_STATE.SIZE,
    sealedCounters: COUNTER_NAMES.length * 8,
    blockInfo: BLOCK_INFO.SIZE,
    packet: PACKET.SIZE,
    scratch: SCRATCH,
    events: counts.eventCount * EVENT_RECORD.SIZE,
    keyCache: counts.keyCacheSets * KEY_CACHE_SET,
    columns: counts.columnSize * COLUMN_NAMES.length,
    // The worker's JavaScript writes the beginning of the frame right before the payload.
    envelope: ENVELOPE_MAX,
    blockOut: BLOCK_MAX - ENVELOPE_MAX,
    syns: counts.synCount * SYN.SIZE,
    flowBuckets: counts.flowBucketCount * FLOW_BUCKET,
    flows: flowCount * FLOW_SIZE,
    requests: tenths(2),
    keys: tenths(1),
    reorder: tenths(2),
    lines: tenths(1),
    window: options.window ?? 0,
  };
  const cursor = new Cursor(0);
  const parts = {} as Record<PartName, Part>;
  for (const name of PARTS) {
    const size = sizes[name];
    // The kernel's memory is mapped over whole pages.
    const at = name === 'window' ? cursor.take(size, PAGE) : cursor.take(size);
    parts[name] = { at, size, cleared: CLEARED.has(name) };
  }
  return { size: cursor.take(0, PAGE), region: { ...parts, ...counts } };
}

/** Clears the parts of a worker's region that must be zero when another parser starts. */
export function clearRegion(buffer: ArrayBufferLike, map: MemoryMap, worker: number): void {
  const base = regionAddress(map, worker);
  for (const name of PARTS) {
    const { at, size, cleared } = map.region[name];
    if (cleared) new Uint8Array(buffer, base + at, size).fill(0);
  }
}

/**
 * Lays out the memory for a number of workers and slots.
 *
 * @throws ERR_MEMBENCH_MEMORY where it does not fit into 4 GiB
 */
export function mapMemory(options: MapOptions): MemoryMap {
  const { workers, slots, slotSize } = options;
  const cursor = new Cursor(PAGE);
  const control = cursor.take(CONTROL.SIZE);
  const indexState = cursor.take(INDEX_STATE.SIZE);
  const ports = cursor.take(PORT_BITMAP);
  const carry = cursor.take(SLOT_HEADROOM);
  const interfaces = cursor.take(INTERFACES_MAX * CAPTURE_INTERFACE.SIZE);
  const datagrams = cursor.take(DATAGRAMS_MAX * DATAGRAM_STRIDE);
  const slotBase = cursor.take(0, PAGE);
  const chunkOffset = Math.ceil((SLOT.SIZE + SLOT_HEADROOM) / 64) * 64;
  const listOffset = chunkOffset + Math.ceil(slotSize / 64) * 64;
  // Besides the records that begin in the chunk: one carried over, and datagrams begun in earlier slots.
  const entries = Math.ceil(slotSize / SEGMENT_MIN) + 1 + DATAGRAMS_MAX;
  const listStride = Math.ceil((LIST_HEAD + entries * SEGMENT.SIZE) / 64) * 64;
  const roomOffset = listOffset + workers * listStride;
  const slotStride = Math.ceil((roomOffset + DATAGRAM_ROOM) / PAGE) * PAGE;
  cursor.take(slots * slotStride, PAGE);
  const regionBase = cursor.take(0, PAGE);
  const { region, size } = mapRegion(options);
  cursor.take(workers * size, PAGE);
  const kernelCounters = cursor.take(options.kernelCounters ?? 0, PAGE);
  const uncut = options.uncut ? cursor.take(options.uncut, PAGE) : 0;
  // One page more: searches read up to 15 bytes past the end.
  const pages = Math.ceil(cursor.at / PAGE) + 1;
  if (pages > PAGES_MAX && !options.unlimited) {
    throw new MembenchError(
      'ERR_MEMBENCH_MEMORY',
      `${workers} workers with this buffer need ${(pages / 16384).toFixed(1)} GiB, and 4 GiB is the limit`,
      'use fewer workers or a smaller buffer',
    );
  }
  return {
    workers,
    slots,
    slotSize,
    control,
    indexState,
    ports,
    carry,
    interfaces,
    datagrams,
    slotBase,
    slotStride,
    chunkOffset,
    listOffset,
    listStride,
    roomOffset,
    regionBase,
    regionStride: size,
    region,
    kernelCounters,
    uncut,
    pages,
  };
}

/** Address of a slot. */
export function slotAddress(map: MemoryMap, index: number): number {
  return map.slotBase + index * map.slotStride;
}

/** Address of a worker's region. */
export function regionAddress(map: MemoryMap, worker: number): number {
  return map.regionBase + worker * map.regionStride;
}
