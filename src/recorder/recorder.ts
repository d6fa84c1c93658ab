import { readFileSync } from 'node:fs';
import {
  COUNTER_NAMES,
  type Counter,
  ELSEWHERE_PORTS,
  INDEX_STATE,
  LAG_BUCKETS,
} from '../layout/generated.js';
import { RingWriter } from '../memory/batch-ring.js';
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
import { type MemoryMap, regionAddress } from '../memory/map.js';
import { WorkerState } from '../memory/worker-state.js';
import type { SealedBlock } from '../pool/messages.js';
import { type Pool, type PoolEvents, startPool } from '../pool/pool.js';
import { startThreads, type Threads } from '../pool/threads.js';
import { CaptureFeeder, type CaptureInput, unitOf } from '../source/captures.js';
import { captureReason } from '../source/file.js';
import type { Feed } from '../source/source.js';
import { capturesOf, mapOf, ringOf } from './feeds.js';
import { type Lag, lagOf } from './lag.js';
import type { Sandbox } from './sandbox.js';

/** Longest time for the writer of a live stream to end it once told to stop, ms. */
const END_PATIENCE = 3000;
/** Age at which the open blocks of a live stream are sealed, ms. */
const SEAL_INTERVAL = 1000;
/** Settings of the decoding half of a recording: plain data, because it may run in a process of its own. */
export interface RecorderSettings {
  feed: Feed;
  workers: number;
  /** Bytes of the batch ring. Default 8 MiB. */
  buffer: number | undefined;
  /** Bytes of the whole shared memory. Default: as much as the buffers and STATE_SIZE need. */
  memory?: number | undefined;
  ports: PortRanges;
  /** Matching packets after which it ends, exact where all packets have one order; 0: no limit. */
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
  /** One in this many connections is decoded; 1: all. */
  sample: number;
  /** Bytes of a packet that are decoded. Default: all. */
  snaplen?: number | undefined;
  /** Whether to use the parser with vector instructions instead of its scalar twin. */
  simd: boolean;
  /** Nanoseconds to add to CLOCK_MONOTONIC to get Unix time. Default 0. */
  clock?: bigint;
  /** Whether to map kernel rings into the parser's memory; where that fails they are copied. */
  zeroCopy: boolean;
}

/** Progress of a running recording. */
export interface RecorderProgress {
  bytesRead: number;
  packets: number;
  requests: number;
  hits: number;
  misses: number;
  lost: number;
  /** Lag of the packets decoded since the last call, null where the source does not tell. */
  lag: Lag | null;
}

/** How the decoding half ended. */
export type RecorderEnd = 'end of source' | 'count' | 'duration' | 'stopped' | 'broken source';

export interface RecorderResult {
  counters: Record<Counter, number>;
  ended: RecorderEnd;
  /** Times of the first and last packet, units; null where the source's packets have no common order. */
  span: { first: bigint; last: bigint } | null;
  /** Lag of all packets, null where the source does not tell. */
  lag: Lag | null;
  /** The first capture that broke off, and why. */
  broken: { name: string; why: string } | null;
  /** Other ports with packets that look like memcached, and about how many; files and pipes only. */
  elsewhere: readonly (readonly [port: number, packets: number])[];
}

/** The decoding half of a recording, here or in a process of its own. */
export interface RecorderHandle {
  /**
   * Resolves when the workers are ready for packets; with the restrictions of their process, if it is another
   * one.
   */
  ready(): Promise<Sandbox | null>;
  /**
   * Decodes until the source ends or `stop()` is called. Resolves when all is decoded and every block handed
   * over.
   */
  run(): Promise<RecorderResult>;
  /** Decodes the packets that have arrived, and ends. */
  stop(): void;
  /** Makes every worker seal its open block. */
  flush(): void;
  /**
   * Reports that a block was written: workers wait while too many are not. The memory of its frame, where it is
   * given, goes back to the worker.
   */
  blockWritten(block?: SealedBlock): void;
  progress(): RecorderProgress;
  close(): Promise<void>;
}

/** The shared memory, the workers, and the feeder of captures. It touches packets, and needs no rights. */
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
   * @param host `pageSize`: bytes of a page of this kernel, needed for kernel rings only; `threads`: the
   *   threads of the workers, where they are started already
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

  /** The memory, its map and the pool, for tests that damage them. */
  get shared(): { memory: WebAssembly.Memory; map: MemoryMap; pool: Pool | undefined } {
    return { memory: this.#memory, map: this.#map, pool: this.#pool };
  }

  async ready(): Promise<null> {
    const buffer = this.#memory.buffer;
    const { feed, run, key, addressKey, hashSeed, clock = 0n } = this.#settings;
    const parsed = feed.kind === 'bpf rings' && feed.parsed;
    const secrets = { key, addressKey, hashSeed };
    const name = this.#settings.simd ? 'pipeline' : 'pipeline-scalar';
    const module = await WebAssembly.compile(readFileSync(new URL(`../wasm/${name}.wasm`, import.meta.url)));
    const tasks = Array.from({ length: this.#settings.workers }, (_, worker) => ({
      module,
      memory: this.#memory,
      map: this.#map,
      worker,
      config: configureWorker(buffer, this.#map, worker, { ...secrets, eventsOut: false, parsed }),
      run,
      unit: this.#unit,
      // Packets of all other sources have Unix times already.
      clock: feed.kind === 'bpf rings' ? clock : 0n,
      ring: ringOf(feed, worker, this.#settings),
    }));
    this.#pool = startPool(this.#threads ?? startThreads(tasks.length), tasks, this.#events);
    // A failed worker would leave the source waiting for a slot that is never freed.
    this.#pool.done.catch(() => this.#feeder?.stop());
    // Live packets do not wait until the workers are ready.
    if (feed.kind !== 'captures') await this.#pool.ready;
    return null;
  }

  async run(): Promise<RecorderResult> {
    const { done } = this.#pool!;
    // A capture that grows while it is read may never end, so its events must reach the profile regularly.
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

  blockWritten(block?: SealedBlock): void {
    this.#ring.blockWritten();
    if (block !== undefined) this.#pool?.giveBack(block);
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

  /** Counters summed over the workers; while they run, the sums are not exact. */
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

  /** The first capture that could not be read or walked to its end, and why. */
  #broken(): RecorderResult['broken'] {
    if (this.#feeder === undefined) return null;
    const { failure } = this.#feeder;
    if (failure !== undefined) return { name: failure.input.name, why: captureReason(failure.error)[0] };
    // A recording that is stopped may end within a record.
    const number = endCapture(this.#memory.buffer, this.#map);
    if (number === 0 || this.#stopped) return null;
    return { name: this.#feeder.numbered(number).name, why: 'a record is cut or invalid' };
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
    const first = view.getBigUint64(INDEX_STATE.first_time, true);
    const last = view.getBigUint64(INDEX_STATE.last_time, true);
    // In a capture whose clock was set back, the last packet may be stamped before the first.
    return first <= last ? { first, last } : { first: last, last: first };
  }
}
