/** What the kind of a feed decides: the layout of the memory, and how packets reach the workers. */
import { UNCUT_BITMAP } from '../layout/generated.js';
import { bufferWithin, mapWithin } from '../memory/budget.js';
import { type MapOptions, type MemoryMap, mapMemory } from '../memory/map.js';
import { perfWindow } from '../memory/perf-window.js';
import type { WorkerTask } from '../pool/messages.js';
import { DescriptorReader } from '../source/bytes.js';
import type { CaptureInput } from '../source/captures.js';
import type { Feed } from '../source/source.js';
import type { RecorderSettings } from './recorder.js';

/**
 * Bytes of the chunk of a slot: few enough to stay in a core's cache, and so many that what JavaScript does
 * for each slot takes little.
 */
export const SLOT_SIZE = 1024 * 1024;
/** Bytes of the batch ring where no buffer is given. */
const DEFAULT_BUFFER = 8 * SLOT_SIZE;
/** Least number of slots. */
const SLOTS_MIN = 3;
/** Bytes of all workers together for flows, pending requests and early segments, where no memory is given. */
const STATE_SIZE = 512 * 1024 * 1024;
/**
 * Most events of a block: enough for the key dictionary to pay. A block that reaches BLOCK_MAX is sealed
 * earlier.
 */
export const BLOCK_EVENTS = 49152;

/** Number of slots and size of their chunks for a buffer of this many bytes. */
function slotsOf(buffer: number): { slots: number; slotSize: number } {
  const slotSize = Math.max(65536, Math.min(SLOT_SIZE, Math.floor(buffer / SLOTS_MIN / 65536) * 65536));
  return { slotSize, slots: Math.max(SLOTS_MIN, Math.floor(buffer / slotSize)) };
}

/** Lays out the memory of a recording, within the given size if there is one. */
export function mapOf({ feed, workers, buffer, memory }: RecorderSettings, pageSize: number): MemoryMap {
  const rooms: Omit<MapOptions, 'state'> = {
    workers,
    ...slotsOf(isRing(feed) ? 0 : bufferWithin(memory, buffer, DEFAULT_BUFFER)),
    blockEvents: BLOCK_EVENTS,
    window: windowOf(feed, workers, pageSize),
    kernelCounters: feed.kind === 'bpf rings' ? feed.countersSize : 0,
    uncut: feed.kind === 'bpf rings' && feed.uncut !== null ? UNCUT_BITMAP : 0,
  };
  return memory === undefined ? mapMemory({ ...rooms, state: STATE_SIZE }) : mapWithin(memory, rooms);
}

/** Whether packets come through rings that the kernel fills. */
function isRing(feed: Feed): boolean {
  return feed.kind === 'bpf rings' || feed.kind === 'packet rings';
}

/** The captures of a feed; undefined where packets come through kernel rings. */
export function capturesOf(feed: Feed): readonly CaptureInput[] | undefined {
  if (feed.kind === 'captures') return feed.captures;
  if (feed.kind !== 'stream') return undefined;
  const reader = new DescriptorReader(feed.fd, false, true);
  return [{ name: 'pcap', header: feed.header, reader, bytesTotal: null }];
}

/** Bytes of the window for a worker's kernel ring, or rings. */
function windowOf(feed: Feed, workers: number, pageSize: number): number {
  switch (feed.kind) {
    case 'captures':
    case 'stream':
      return 0;
    case 'bpf rings':
      if (feed.buffer === 'perf')
        return perfWindow(feed.rings.length / workers, feed.ringSize, pageSize).size;
      // The page of the consumer, that of the producer, and the data twice in a row.
      return 2 * pageSize + 2 * feed.ringSize;
    case 'packet rings':
      return feed.blockSize * feed.blockCount;
  }
}

/** The kernel ring, or rings, of one worker; null where packets come through the batch ring. */
export function ringOf(
  feed: Feed,
  worker: number,
  { workers, zeroCopy }: Pick<RecorderSettings, 'workers' | 'zeroCopy'>,
): WorkerTask['ring'] {
  switch (feed.kind) {
    case 'captures':
    case 'stream':
      return null;
    case 'bpf rings': {
      const { rings, ringSize: size, counters, countersSize, cpus, uncut } = feed;
      const program = { size, counters, countersSize, cpus, uncut, zeroCopy };
      const each = rings.length / workers;
      if (feed.buffer === 'perf')
        return { kind: 'perf rings', fds: rings.slice(worker * each, (worker + 1) * each), ...program };
      return { kind: 'bpf ring', fd: rings[worker]!, ...program };
    }
    case 'packet rings': {
      const { blockSize, blockCount, blockTimeout } = feed;
      return {
        kind: 'packet ring',
        fd: feed.sockets[worker]!,
        blockSize,
        blockCount,
        blockTimeout,
        zeroCopy,
      };
    }
  }
}
