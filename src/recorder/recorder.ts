import { readFileSync } from 'node:fs';
import {
  COUNTER_NAMES,
  type Counter,
  ELSEWHERE_PORTS,
  INDEX_STATE,
  LAG_BUCKETS,
} from '../layout/generated.js';
import { RingWriter } from '../memory/batch-ring.js';
import { bufferWithin, mapWithin } from '../memory/budget.js';
import { NO_CAPTURE } from '../memory/capture-header.js';
import {
  beginCapture,
  captureStart,
  configureWorker,
  endCapture,
  type PortRanges,
  setPorts,
  setWalk,
} from '../memory/configure.js';
import { type MapOptions, type MemoryMap, mapMemory, regionAddress } from '../memory/map.js';
import { WorkerState } from '../memory/worker-state.js';
import type { WorkerTask } from '../pool/messages.js';
import { type Pool, type PoolEvents, startPool } from '../pool/pool.js';
import { startThreads, type Threads } from '../pool/threads.js';
import { DescriptorReader } from '../source/bytes.js';
import { CaptureFeeder, type CaptureInput, unitOf } from '../source/captures.js';
import { captureReason } from '../source/file.js';
import type { Feed } from '../source/source.js';
import { type Lag, lagOf } from './lag.js';
import type { Sandbox } from './sandbox.js';

/** Bytes of one slot: small enough that the chunk and what is read from it stay in a core's cache. */
export const SLOT_SIZE = 512 * 1024;
const DEFAULT_BUFFER = 8 * SLOT_SIZE;
const SLOTS_MIN = 3;
/** Bytes all workers together may hold in flows, pending requests and early segments, where no cap is set. */
const STATE_SIZE = 512 * 1024 * 1024;
/** How long whoever writes a live stream may take to end it once told to, ms. */
const END_PATIENCE = 3000;
/** An open block of a live stream is sealed when it is this old, ms. */
const SEAL_INTERVAL = 1000;
/** Events of a block: enough for its key dictionary to pay, few enough to stay below 1 MiB. */
export const BLOCK_EVENTS = 49152;

/** What the decoding half of a recording is told: plain data, because it may run in a process of its own. */
export interface RecorderSettings {
  feed: Feed;
  workers: number;
  /** Bytes of the batch ring. */
  buffer: number | undefined;
  /** Bytes of everything that is kept: the whole shared memory. Default: the buffers and STATE_SIZE. */
  memory?: number | undefined;
  ports: PortRanges;
  /** Matching packets after which it ends, exact where packets have one order; 0: no limit. */
  count: number;
  /** Units of packet time after which it ends; 0n: no limit. */
  duration: bigint;
  /** Random id of the recording. */
  run: Uint8Array;
  /** Secrets for keys, and for addresses and opaques. */
  key: Uint8Array;
  addressKey: Uint8Array;
  /** Seed of the flow hash. */
  hashSeed: bigint;
  /** One of so many connections is decoded; 1: all. */
  sample: number;
  /** Bytes of a packet that are looked at. Default: all. */
  snaplen?: number | undefined;
  /** Use the parser with vector instructions, not its scalar twin. */
  simd: boolean;
  /** Nanoseconds to add to CLOCK_MONOTONIC for Unix time, the same for the whole recording. Default 0. */
  clock?: bigint;
  /** Map kernel rings into the parser's memory. Where false, or where it fails, they are copied. */
  zeroCopy: boolean;
}

/** A moment's view of a running recording. */
export interface RecorderProgress {
  bytesRead: number;
  packets: number;
  requests: number;
  hits: number;
  misses: number;
  lost: number;
  /** How late packets were since the last look, null where the source does not tell. */
  lag: Lag | null;
}

/** How the decoding half ended. */
export type RecorderEnd = 'end of source' | 'count' | 'duration' | 'stopped' | 'broken source';

export interface RecorderResult {
  counters: Record<Counter, number>;
  ended: RecorderEnd;
  /** Times of the first and last packet in units; null where the source's packets have no common order. */
  span: { first: bigint; last: bigint } | null;
  /** How late packets were decoded, null where the source does not tell. */
  lag: Lag | null;
  /** The first capture that broke off, and why. */
  broken: { name: string; why: string } | null;
  /** Ports of which packets look like memcached but were not asked for, and about how many; files and pipes only. */
  elsewhere: readonly (readonly [port: number, packets: number])[];
}

/** The decoding half of a recording, here or in a process of its own. */
export interface RecorderHandle {
  /**
   * Resolves when the workers are ready for packets, with what confines the process they are in where it is one
   * of its own.
   */
  ready(): Promise<Sandbox | null>;
  /** Decodes until the source ends or `stop()`; then all is decoded and every block was handed over. */
  run(): Promise<RecorderResult>;
  /** Decodes what has come, and ends. */
  stop(): void;
  /** Makes every worker seal its open block. */
  flush(): void;
  /** A block handed over is safe: workers wait while too many are not. */
  blockWritten(): void;
  progress(): RecorderProgress;
  close(): Promise<void>;
}

/** Slots and their size for a buffer of so many bytes. */
function slotsOf(buffer: number): { slots: number; slotSize: number } {
  const slotSize = Math.max(65536, Math.min(SLOT_SIZE, Math.floor(buffer / SLOTS_MIN / 65536) * 65536));
  return { slotSize, slots: Math.max(SLOTS_MIN, Math.floor(buffer / slotSize)) };
}

/** Shared memory, workers, and what feeds them. It touches packets and nothing that needs rights. */
export class Recorder implements RecorderHandle {
  readonly #settings: RecorderSettings;
  readonly #map: MemoryMap;
  readonly #memory: WebAssembly.Memory;
  readonly #ring: RingWriter;
  readonly #events: PoolEvents;
  readonly #captures: readonly CaptureInput[] | undefined;
  readonly #feeder: CaptureFeeder | undefined;
  readonly #unit: 1 | 1000;
  readonly #threads: Threads | undefined;
  #pool: Pool | undefined;
  #stopped = false;
  #lagBefore: Float64Array | undefined;

  /**
   * @param host `pageSize`: bytes of a page of this kernel, needed for kernel rings only; `threads`: those of the
   *   workers, where they are started already
   */
  constructor(
    settings: RecorderSettings,
    events: PoolEvents,
    { pageSize = 4096, threads }: { pageSize?: number | undefined; threads?: Threads | undefined } = {},
  ) {
    this.#settings = settings;
    this.#events = events;
    this.#threads = threads;
    const { feed } = settings;
    this.#map = mapOf(settings, pageSize);
    this.#memory = new WebAssembly.Memory({
      initial: this.#map.pages,
      maximum: this.#map.pages,
      shared: true,
    });
    const buffer = this.#memory.buffer as unknown as SharedArrayBuffer;
    this.#ring = new RingWriter(buffer, this.#map);
    setPorts(buffer, this.#map, settings.ports);
    this.#captures = capturesOf(feed);
    this.#feeder = this.#captures && new CaptureFeeder(this.#captures);
    this.#unit = this.#captures === undefined ? 1 : unitOf(this.#captures);
    setWalk(buffer, this.#map, {
      unit: this.#unit,
      limits: { packets: settings.count, duration: settings.duration },
      sample: settings.sample,
      snaplen: settings.snaplen,
    });
    const linktype = feed.kind === 'packet rings' ? feed.linktype : 0;
    beginCapture(buffer, this.#map, captureStart({ ...NO_CAPTURE, linktype }, 0, 1));
  }

  /** The memory, its map and the threads, for tests that do damage to them. */
  get shared(): { memory: WebAssembly.Memory; map: MemoryMap; pool: Pool | undefined } {
    return { memory: this.#memory, map: this.#map, pool: this.#pool };
  }

  async ready(): Promise<null> {
    const buffer = this.#memory.buffer;
    const { feed, run, key, addressKey, hashSeed, zeroCopy, clock = 0n } = this.#settings;
    const name = this.#settings.simd ? 'pipeline' : 'pipeline-scalar';
    const module = await WebAssembly.compile(readFileSync(new URL(`../wasm/${name}.wasm`, import.meta.url)));
    const tasks = Array.from({ length: this.#settings.workers }, (_, worker) => ({
      module,
      memory: this.#memory,
      map: this.#map,
      worker,
      config: configureWorker(buffer, this.#map, worker, { key, addressKey, hashSeed, eventsOut: false }),
      run,
      unit: this.#unit,
      // The times of all other packets are Unix times already.
      clock: feed.kind === 'bpf rings' ? clock : 0n,
      ring: ringOf(feed, worker, zeroCopy),
    }));
    this.#pool = startPool(this.#threads ?? startThreads(tasks.length), tasks, this.#events);
    // A failed worker would leave the source waiting for a slot that is never freed.
    this.#pool.done.catch(() => this.#feeder?.stop());
    // What is in a file waits for its readers; live packets do not.
    if (feed.kind !== 'captures') await this.#pool.ready;
    return null;
  }

  async run(): Promise<RecorderResult> {
    const { done } = this.#pool!;
    // What grows while it is read may never end: what came shall be safe soon.
    const grows = this.#captures?.some(({ bytesTotal }) => bytesTotal === null) ?? false;
    const timer = grows ? setInterval(() => this.#ring.flush(), SEAL_INTERVAL) : undefined;
    try {
      if (this.#feeder !== undefined) {
        const feeding = this.#feeder.run(this.#ring);
        await Promise.race([feeding, done.then(() => feeding)]);
        this.#ring.end();
      }
      await done;
    } finally {
      clearInterval(timer);
      this.#ring.end();
    }
    const broken = this.#broken();
    return {
      counters: this.#counters(),
      ended: broken === null ? this.#ended() : 'broken source',
      broken,
      span: this.#span(),
      lag: lagOf(this.#lagHistograms()).lag,
      elsewhere: this.#elsewhere(),
    };
  }

  stop(): void {
    this.#stopped = true;
    const { feed } = this.#settings;
    if (this.#feeder === undefined) this.#ring.end();
    else if (feed.kind === 'stream') setTimeout(() => this.#feeder!.stop(), END_PATIENCE).unref();
    else this.#feeder.stop();
  }

  flush(): void {
    this.#ring.flush();
  }

  blockWritten(): void {
    this.#ring.blockWritten();
  }

  progress(): RecorderProgress {
    const counters = this.#counters();
    const lost = COUNTER_NAMES.filter((name) => name.startsWith('lost_'));
    return {
      bytesRead: this.#feeder?.bytesRead ?? 0,
      packets: counters.packets_seen,
      requests: counters.requests,
      hits: counters.hits,
      misses: counters.misses,
      lost: lost.reduce((sum, name) => sum + counters[name], 0),
      lag: this.#lagSinceLast(),
    };
  }

  #lagHistograms(): BigUint64Array[] {
    return Array.from({ length: this.#settings.workers }, (_, worker) => {
      const at = regionAddress(this.#map, worker) + this.#map.region.lag.at;
      return new BigUint64Array(this.#memory.buffer, at, LAG_BUCKETS);
    });
  }

  #lagSinceLast(): Lag | null {
    const { lag, sum } = lagOf(this.#lagHistograms(), this.#lagBefore);
    this.#lagBefore = sum;
    return lag;
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }

  /** Summed over the workers; while they run, a moment's view. */
  #counters(): Record<Counter, number> {
    const sum = new BigUint64Array(COUNTER_NAMES.length);
    for (let worker = 0; worker < this.#settings.workers; worker++) {
      new WorkerState(this.#memory.buffer, this.#map, worker).totals().forEach((total, i) => {
        sum[i]! += total;
      });
    }
    return Object.fromEntries(COUNTER_NAMES.map((name, i) => [name, Number(sum[i]!)])) as Record<
      Counter,
      number
    >;
  }

  #indexState(): DataView {
    return new DataView(this.#memory.buffer, this.#map.indexState, INDEX_STATE.SIZE);
  }

  #ended(): RecorderEnd {
    const view = this.#indexState();
    const ended = view.getUint32(INDEX_STATE.ended, true);
    if (ended === 1) return 'count';
    if (ended === 2) return 'duration';
    return this.#stopped ? 'stopped' : 'end of source';
  }

  /** A capture that could not be read, or whose records could not be followed, to its end. */
  #broken(): RecorderResult['broken'] {
    if (this.#feeder === undefined) return null;
    const { failure } = this.#feeder;
    if (failure !== undefined) return { name: failure.input.name, why: captureReason(failure.error)[0] };
    // Where it was told to stop, it stopped wherever it was.
    const number = endCapture(this.#memory.buffer, this.#map);
    if (number === 0 || this.#stopped) return null;
    return { name: this.#feeder.numbered(number).name, why: 'a record of it is cut or cannot be one' };
  }

  #elsewhere(): [port: number, packets: number][] {
    const view = this.#indexState();
    const found: [number, number][] = [];
    for (let i = 0; i < ELSEWHERE_PORTS; i++) {
      const at = INDEX_STATE.elsewhere + 8 * i;
      const port = view.getUint32(at, true);
      if (port !== 0) found.push([port, view.getUint32(at + 4, true)]);
    }
    return found;
  }

  #span(): RecorderResult['span'] {
    if (this.#feeder === undefined) return null;
    const view = this.#indexState();
    return {
      first: view.getBigUint64(INDEX_STATE.first_time, true),
      last: view.getBigUint64(INDEX_STATE.last_time, true),
    };
  }
}

/** The memory of a recording: within its cap, or else as large as it comes. */
function mapOf({ feed, workers, buffer, memory }: RecorderSettings, pageSize: number): MemoryMap {
  const rooms: Omit<MapOptions, 'state'> = {
    workers,
    ...slotsOf(isRing(feed) ? 0 : bufferWithin(memory, buffer, DEFAULT_BUFFER)),
    blockEvents: BLOCK_EVENTS,
    window: windowOf(feed, pageSize),
    kernelCounters: feed.kind === 'bpf rings' ? feed.countersSize : 0,
  };
  return memory === undefined ? mapMemory({ ...rooms, state: STATE_SIZE }) : mapWithin(memory, rooms);
}

/** Whether the kernel fills rings of its own. */
function isRing(feed: Feed): boolean {
  return feed.kind === 'bpf rings' || feed.kind === 'packet rings';
}

/** What comes as records of captures; undefined where the kernel fills rings. */
function capturesOf(feed: Feed): readonly CaptureInput[] | undefined {
  if (feed.kind === 'captures') return feed.captures;
  if (feed.kind !== 'stream') return undefined;
  const reader = new DescriptorReader(feed.fd, false, true);
  return [{ name: 'pcap', header: feed.header, reader, bytesTotal: null }];
}

/** Bytes of a worker's window. */
function windowOf(feed: Feed, pageSize: number): number {
  switch (feed.kind) {
    case 'captures':
    case 'stream':
      return 0;
    case 'bpf rings':
      // The consumer's page, the producer's, and the data twice in a row.
      return 2 * pageSize + 2 * feed.ringSize;
    case 'packet rings':
      return feed.blockSize * feed.blockCount;
  }
}

/** What one worker needs to know of a feed. */
function ringOf(feed: Feed, worker: number, zeroCopy: boolean): WorkerTask['ring'] {
  switch (feed.kind) {
    case 'captures':
    case 'stream':
      return null;
    case 'bpf rings': {
      const { ringSize: size, counters, countersSize, cpus } = feed;
      return { kind: 'bpf ring', fd: feed.rings[worker]!, size, counters, countersSize, cpus, zeroCopy };
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
