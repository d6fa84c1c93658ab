/**
 * The whole pipeline on one thread: several parser instances over one memory, batch ring, blocks, profile
 * file, reader. Everything `record` does but for the threads, in the code that ships, and quick enough for
 * property tests.
 */
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CacheEvent } from 'membench/decoder';
import { openProfile, readEvents } from 'membench/profile';
import { usesSimd } from '#src/decode/simd.js';
import { type Counter, INDEX_STATE } from '#src/layout/generated.js';
import { RingWriter } from '#src/memory/batch-ring.js';
import { parseCaptureHeader } from '#src/memory/capture-header.js';
import {
  captureStart,
  configureWorker,
  isBroken,
  type Limits,
  type PortRanges,
  setPorts,
  setWalk,
} from '#src/memory/configure.js';
import { type MapOptions, type MemoryMap, mapMemory } from '#src/memory/map.js';
import { addCounts } from '#src/profile/counts.js';
import type { ProfileHeader } from '#src/profile/header.js';
import { ProfileSeries } from '#src/profile/series.js';
import type { FooterInfo } from '#src/profile/writer.js';
import { BLOCK_EVENTS, SLOT_SIZE } from '#src/recorder/feeds.js';
import { checkPayload } from './payload.js';
import { between, seeded } from './random.js';
import { inScratch } from './scratch.js';
import { Workers } from './workers.js';

/** The sizes a recording has; the usual ones here are smaller, so that short captures have many of everything. */
export const REAL_SIZES = { slotSize: SLOT_SIZE, blockEvents: BLOCK_EVENTS } as const;

const module = new WebAssembly.Module(
  readFileSync(`dist/wasm/${usesSimd() ? 'pipeline' : 'pipeline-scalar'}.wasm`),
);

interface Shared {
  memory: WebAssembly.Memory;
  map: MemoryMap;
  /** Where the capture lies, where it is in a file. */
  path: string | undefined;
}

export interface InProcessOptions {
  workers?: number;
  key?: Uint8Array;
  ports?: PortRanges;
  /** One of so many connections. */
  sample?: number;
  map?: Partial<MapOptions>;
  /** What the profile's header says besides what follows from the rest. */
  header?: Partial<ProfileHeader>;
  /** Loss records and notes, written after the blocks; the footer counts the losses, too. */
  losses?: { worker: number; reason: string; packets: number }[];
  notes?: { what: string; atNs: bigint }[];
  /** What the footer says besides the counters. */
  footer?: Partial<FooterInfo>;
  /** Added to all times, as with a source whose packets have no Unix times. */
  clock?: bigint;
  /** Where the walk stops. Default: nowhere. */
  limits?: Partial<Limits>;
  /** Bytes of a packet that are looked at. Default: all. */
  snaplen?: number;
  /** Bytes of a profile after which the next is begun. Default: one profile. */
  rotateSize?: number;
  /** The writer writes only when somebody waits for it. Default: it is never late. */
  lateWriter?: boolean;
  /** What chunks have for sizes, and in which order the workers take their steps. Default: full, one after the other. */
  schedule?: number;
  /** The capture lies in a file, which the workers read. Default: it comes a chunk at a time. */
  inFile?: boolean;
  /** How they have it open. Default: to read. */
  openFlags?: string;
  /** Called before each step of a worker. */
  beforeStep?: (step: number, workers: Workers, shared: Shared) => void;
}

export interface InProcessResult {
  events: CacheEvent[];
  counters: Record<Counter, number>;
  /** The last profile, and all of them. */
  profile: Uint8Array;
  profiles: Uint8Array[];
  /** What the blocks told, and what the last footer. */
  told: Record<string, number>;
  /** Why workers were replaced. */
  rebuilt: readonly string[];
  /** 0: the capture was walked to its end; 1: the count was reached, 2: the duration. */
  ended: number;
  /** Whether the capture ended in a record, or in what cannot be one. */
  broken: boolean;
  /** Where it all happened. */
  memory: WebAssembly.Memory;
  map: MemoryMap;
}

/** Records a capture given as bytes. */
export function recordInProcess(capture: Uint8Array, options: InProcessOptions = {}): InProcessResult {
  return inScratch((folder) => recordIn(folder, capture, options));
}

function recordIn(folder: string, capture: Uint8Array, options: InProcessOptions): InProcessResult {
  const { workers: count = 1, ports = [[11211, 11211]] } = options;
  const map = mapMemory({
    workers: count,
    slots: 3,
    slotSize: 65536,
    // As much for each worker, however many there are.
    state: count * (64 << 20),
    blockEvents: 512,
    ...options.map,
  });
  const memory = new WebAssembly.Memory({ initial: map.pages, maximum: map.pages, shared: true });
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  const { unit } = parseCaptureHeader(capture.subarray(0, 24));
  setPorts(buffer, map, ports);
  setWalk(buffer, map, {
    unit,
    sample: options.sample ?? 1,
    snaplen: options.snaplen,
    limits: { packets: 0, duration: 0n, ...options.limits },
  });
  const run = options.header?.run ?? new Uint8Array(16);
  const writer = ProfileSeries.create(join(folder, 'profile.mbp'), {
    force: false,
    rotateSize: options.rotateSize,
    header: {
      run,
      created_ns: 0n,
      tool: 'test',
      source: 'file',
      unit,
      workers: count,
      ports,
      key_id: new Uint8Array(8),
      ...options.header,
    },
  });
  const tasks = Array.from({ length: count }, (_, worker) => ({
    module,
    memory,
    map,
    worker,
    config: configureWorker(buffer, map, worker, {
      key: options.key ?? new Uint8Array(16),
      addressKey: new Uint8Array(16),
      hashSeed: 77n,
      eventsOut: false,
    }),
    run,
    unit,
    clock: options.clock ?? 0n,
    ring: null,
  }));
  const ring = new RingWriter(buffer, map);
  const told: Record<string, number> = {};
  const workers = new Workers(tasks, ring, (block) => {
    writer.writeBlock(block.frame, block);
    addCounts(told, block.counts);
  });
  const path = options.inFile ? join(folder, 'capture') : undefined;
  if (path !== undefined) writeFileSync(path, capture);
  const fd = path === undefined ? undefined : openSync(path, options.openFlags ?? 'r');
  try {
    runWorkers({ capture, fd }, workers, ring, options, { memory, map, path });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  const broken = isBroken(buffer, map);
  const ended = new DataView(buffer, map.indexState).getUint32(INDEX_STATE.ended, true);
  const { counters } = workers;
  checkPayload(counters);
  const counts = Object.fromEntries(Object.entries(counters).filter(([, count]) => count > 0));
  for (const { worker, reason, packets } of options.losses ?? []) {
    writer.writeLoss(worker, reason, packets);
    counts[`lost_${reason}`] = (counts[`lost_${reason}`] ?? 0) + packets;
  }
  for (const { what, atNs } of options.notes ?? []) writer.writeNote(what, atNs);
  const times = { elapsed_ns: 0n, first_ns: 0n, last_ns: 0n };
  writer.finish({ ended: 'end of source', counts, ...times, ...options.footer });
  const events = writer.paths.flatMap((path) => {
    using profile = openProfile(path);
    return [...readEvents(profile)];
  });
  const profiles = writer.paths.map((path) => readFileSync(path));
  const { rebuilt } = workers;
  return {
    events,
    counters,
    profile: profiles.at(-1)!,
    profiles,
    told,
    rebuilt,
    broken,
    ended,
    memory,
    map,
  };
}

/** Feeds the capture to the workers, and has them take their steps until all have ended. */
function runWorkers(
  { capture, fd }: { capture: Uint8Array; fd: number | undefined },
  workers: Workers,
  ring: RingWriter,
  options: InProcessOptions,
  shared: Shared,
): void {
  const random = options.schedule === undefined ? undefined : seeded(options.schedule);
  const header = parseCaptureHeader(capture.subarray(0, 24));
  let start: ReturnType<typeof captureStart> | undefined = captureStart(header, 1, header.unit);
  let at = header.size;
  let ended = false;
  let lent = false;
  const read = (into: Uint8Array, from: number): number => {
    if (shared.path !== undefined) return readFrom(shared.path, into, from);
    const part = capture.subarray(from, from + into.length);
    into.set(part);
    return part.length;
  };
  /** What CaptureFeeder does, without waiting. */
  const feed = (): boolean => {
    if (ended || (lent && ring.lent)) return false;
    if (lent) {
      lent = false;
      at = ring.walked;
    }
    const chunk = ring.acquire();
    if (chunk === null) return false;
    const size = random === undefined ? chunk.length : between(random, 1, chunk.length);
    const got = ring.stopped || ring.broken === 1 ? 0 : read(chunk.subarray(0, size), at);
    if (got === 0) {
      ended = true;
      ring.end();
      return true;
    }
    ring.publish(got, start);
    start = undefined;
    at += got;
    if (fd !== undefined && got === chunk.length) {
      ring.lend(fd, at);
      lent = true;
    }
    return true;
  };
  const running = new Set(Array.from({ length: shared.map.workers }, (_, worker) => worker));
  for (let step = 0; running.size > 0; ) {
    let idle = !feed();
    const turns = [...running];
    if (random !== undefined) turns.sort(() => random() - 0.5);
    for (const worker of turns) {
      options.beforeStep?.(step++, workers, shared);
      const came = workers.step(worker);
      if (came === 'ended') running.delete(worker);
      if (came !== 'idle') idle = false;
    }
    if (!options.lateWriter && workers.write()) idle = false;
    if (idle) throw new Error('nobody gets on');
  }
  workers.write();
}

function readFrom(path: string, into: Uint8Array, from: number): number {
  const fd = openSync(path, 'r');
  try {
    return readSync(fd, into, 0, into.length, from);
  } finally {
    closeSync(fd);
  }
}
