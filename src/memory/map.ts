import { MembenchError } from '../errors.js';
import {
  BLOCK_INFO,
  CAPTURE_INTERFACE,
  COLUMN_NAMES,
  CONFIG,
  CONTROL,
  COUNTER_NAMES,
  DATAGRAM,
  DATAGRAM_MAX,
  DATAGRAM_ROOM,
  DATAGRAMS_MAX,
  EVENT_RECORD,
  INDEX_STATE,
  INTERFACES_MAX,
  LAG_BUCKETS,
  SEGMENT,
  SEGMENT_MIN,
  SLOT,
  SLOT_HEADROOM,
  WORKER_STATE,
} from '../layout/generated.js';

/**
 * The one map of the shared linear memory.
 *
 * ```
 *  0        constants of the WASM module (data segments, read-only)
 *  64 KiB   control | index state | server ports | carry | interfaces | datagrams not whole yet
 *           slot 0 … slots-1     each: slot head | headroom | chunk | index list of worker 0 … workers-1
 *                                | datagrams that became whole
 *           worker 0 … workers-1 each: config | counters | lag | state | block info | scratch | event records
 *                                | key dictionary | columns | block out
 *                                | SYNs | flow buckets | flows | requests | keys | reorder | lines
 *                                | kernel ring window
 *           kernel counters
 * ```
 *
 * Everything is sized once; nothing grows. Memory that is never touched is never resident, so the pools
 * are generous: they are bounds, not costs. Windows are whole 64 KiB pages over which the kernel's own
 * memory is mapped; nothing but plain and atomic loads may touch what is read-only there.
 */
export interface MemoryMap {
  readonly workers: number;
  readonly slots: number;
  /** Bytes of a chunk. */
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
  /** From a slot's address to its chunk and to its first index list; bytes between lists. */
  readonly chunkOffset: number;
  readonly listOffset: number;
  readonly listStride: number;
  /** From a slot's address to its room for datagrams. */
  readonly roomOffset: number;
  /** Address of the first worker's region, and bytes from one to the next. */
  readonly regionBase: number;
  readonly regionStride: number;
  readonly region: Region;
  /** Address of the window for the kernel's counters. */
  readonly kernelCounters: number;
  /** 64 KiB pages in all. */
  readonly pages: number;
}

/** Offsets within a worker's region, and the sizes that go with them. */
export interface Region {
  readonly config: number;
  readonly counters: number;
  readonly lag: number;
  readonly state: number;
  readonly sealedCounters: number;
  readonly blockInfo: number;
  readonly scratch: number;
  readonly scratchSize: number;
  readonly events: number;
  readonly eventCount: number;
  readonly dictionary: number;
  readonly dictionarySize: number;
  readonly columns: number;
  readonly columnSize: number;
  readonly blockEvents: number;
  readonly blockOut: number;
  readonly blockOutSize: number;
  readonly syns: number;
  readonly synCount: number;
  readonly flowBuckets: number;
  readonly flowBucketCount: number;
  readonly flows: number;
  readonly flowCount: number;
  readonly requests: number;
  readonly requestsEnd: number;
  readonly keys: number;
  readonly keysEnd: number;
  readonly reorder: number;
  readonly reorderEnd: number;
  readonly lines: number;
  readonly linesEnd: number;
  readonly window: number;
  readonly windowSize: number;
}

export interface MapOptions {
  workers: number;
  slots: number;
  slotSize: number;
  /** Bytes all workers together may use for flows, requests and early segments. */
  state: number;
  /** Events of a block. */
  blockEvents: number;
  /** Bytes of each worker's window for a kernel ring. Default 0. */
  window?: number;
  /** Bytes of the window for the kernel's counters. Default 0. */
  kernelCounters?: number;
  /** Only reckon: the map may be larger than any memory. Default false. */
  unlimited?: boolean;
}

/** Bytes of a page of linear memory. */
export const PAGE = 65536;
const PAGES_MAX = 65536;
/** A 32-bit linear memory ends at 4 GiB. */
export const MEMORY_MAX = PAGES_MAX * PAGE;
/** Room the worker's JavaScript needs before a payload to put the rest of the frame (see FORMAT.md). */
export const ENVELOPE_ROOM = 65536;
/** Bytes of a block's payload at most. */
export const PAYLOAD_MAX = 2 * 1024 * 1024;
/** Bytes of one flow with both its sides: SIZEOF_FLOW_ALL in assembly/flow/flow.ts. */
const FLOW_SIZE = 256;

/** Bytes of a datagram that is not whole yet, with its bitmap and bytes (assembly/framing/fragments.ts). */
const DATAGRAM_STRIDE = DATAGRAM.SIZE + (DATAGRAM_MAX + 1) / 64 + DATAGRAM_MAX + 1;

/** Largest power of two not above n. */
function powerOfTwo(n: number): number {
  return 2 ** Math.floor(Math.log2(n));
}

/** Hands out addresses in order. */
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

function mapRegion(options: MapOptions): { region: Region; size: number } {
  const share = Math.floor(options.state / options.workers);
  const part = (tenths: number) => Math.floor((share * tenths) / 10);
  const flowCount = Math.floor(part(4) / FLOW_SIZE);
  const blockEvents = options.blockEvents;
  const cursor = new Cursor(0);
  const config = cursor.take(CONFIG.SIZE);
  const counters = cursor.take(COUNTER_NAMES.length * 8);
  const lag = cursor.take(LAG_BUCKETS * 4);
  const state = cursor.take(WORKER_STATE.SIZE);
  const sealedCounters = cursor.take(COUNTER_NAMES.length * 8);
  const blockInfo = cursor.take(BLOCK_INFO.SIZE);
  const scratchSize = 131072;
  const scratch = cursor.take(scratchSize);
  const eventCount = 1024;
  const events = cursor.take(eventCount * EVENT_RECORD.SIZE);
  const dictionarySize = powerOfTwo(blockEvents * 2);
  const dictionary = cursor.take(dictionarySize * 2);
  // A varint has at most 10 bytes.
  const columnSize = blockEvents * 10 + 64;
  const columns = cursor.take(columnSize * COLUMN_NAMES.length);
  const blockOutSize = PAYLOAD_MAX;
  const blockOut = cursor.take(ENVELOPE_ROOM + blockOutSize) + ENVELOPE_ROOM;
  const synCount = Math.min(65536, powerOfTwo(flowCount));
  const syns = cursor.take(synCount * 40);
  const flowBucketCount = powerOfTwo(flowCount * 4);
  const flowBuckets = cursor.take(flowBucketCount * 8);
  const flows = cursor.take(flowCount * FLOW_SIZE);
  const requests = cursor.take(part(2));
  const requestsEnd = cursor.at;
  const keys = cursor.take(part(1));
  const keysEnd = cursor.at;
  const reorder = cursor.take(part(2));
  const reorderEnd = cursor.at;
  const lines = cursor.take(part(1));
  const linesEnd = cursor.at;
  const windowSize = options.window ?? 0;
  const window = cursor.take(windowSize, PAGE);
  return {
    size: cursor.take(0, PAGE),
    region: {
      config,
      counters,
      lag,
      state,
      sealedCounters,
      blockInfo,
      scratch,
      scratchSize,
      events,
      eventCount,
      dictionary,
      dictionarySize,
      columns,
      columnSize,
      blockEvents,
      blockOut,
      blockOutSize,
      syns,
      synCount,
      flowBuckets,
      flowBucketCount,
      flows,
      flowCount,
      requests,
      requestsEnd,
      keys,
      keysEnd,
      reorder,
      reorderEnd,
      lines,
      linesEnd,
      window,
      windowSize,
    },
  };
}

/**
 * Lays out the memory for so many workers and slots.
 *
 * @throws ERR_MEMBENCH_MEMORY where it does not fit into 4 GiB
 */
export function mapMemory(options: MapOptions): MemoryMap {
  const { workers, slots, slotSize } = options;
  const cursor = new Cursor(PAGE);
  const control = cursor.take(CONTROL.SIZE);
  const indexState = cursor.take(INDEX_STATE.SIZE);
  const ports = cursor.take(65536 / 8);
  const carry = cursor.take(SLOT_HEADROOM);
  const interfaces = cursor.take(INTERFACES_MAX * CAPTURE_INTERFACE.SIZE);
  const datagrams = cursor.take(DATAGRAMS_MAX * DATAGRAM_STRIDE);
  const slotBase = cursor.take(0, PAGE);
  const chunkOffset = Math.ceil((SLOT.SIZE + SLOT_HEADROOM) / 64) * 64;
  const listOffset = chunkOffset + Math.ceil(slotSize / 64) * 64;
  const entries = Math.ceil((slotSize + SLOT_HEADROOM) / SEGMENT_MIN) + 1;
  const listStride = Math.ceil((16 + entries * SEGMENT.SIZE) / 64) * 64;
  const roomOffset = listOffset + workers * listStride;
  const slotStride = Math.ceil((roomOffset + DATAGRAM_ROOM) / PAGE) * PAGE;
  cursor.take(slots * slotStride, PAGE);
  const regionBase = cursor.take(0, PAGE);
  const { region, size } = mapRegion(options);
  cursor.take(workers * size, PAGE);
  const kernelCounters = cursor.take(options.kernelCounters ?? 0, PAGE);
  // A page of slack: searches read up to 15 bytes past what they look at.
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
