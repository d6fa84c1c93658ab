import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { MembenchError } from './errors.js';
import { COUNTER_NAMES, type Counter, INDEX_STATE } from './layout/generated.js';
import { RingWriter } from './memory/batch-ring.js';
import { configureWorker, setCapture, setPorts } from './memory/configure.js';
import { type MemoryMap, mapMemory, regionAddress } from './memory/map.js';
import type { SealedBlock } from './pool/messages.js';
import { defaultWorkers, startPool } from './pool/pool.js';
import { ProfileWriter } from './profile/writer.js';
import type { RecordEnd, RecordOptions, RecordProgress, RecordSummary } from './record-options.js';
import { randomSecret, readSecret } from './secret/secret.js';
import { openSource } from './source/open.js';
import type { PacketSource } from './source/source.js';
import { version } from './version.js';

/** Bytes of one slot: small enough that the chunk and what is read from it stay in a core's cache. */
const SLOT_SIZE = 512 * 1024;
const DEFAULT_BUFFER = 8 * SLOT_SIZE;
const SLOTS_MIN = 3;
/** Bytes all workers together may hold in flows, pending requests and early segments. */
const STATE_SIZE = 512 * 1024 * 1024;
/** Events of a block: enough for its key dictionary to pay, few enough to stay below 1 MiB. */
const BLOCK_EVENTS = 49152;
/** Between two calls of onProgress, ms. */
const PROGRESS_INTERVAL = 200;

/** `membench-YYYYMMDDTHHMMSS.mbp`, UTC. */
function defaultProfile(now: Date): string {
  return `membench-${now.toISOString().replace(/[-:]|\.\d+Z$/g, '')}.mbp`;
}

/** Slots and their size for a buffer of so many bytes. */
function slotsOf(buffer: number): { slots: number; slotSize: number } {
  const slotSize = Math.max(65536, Math.min(SLOT_SIZE, Math.floor(buffer / SLOTS_MIN / 65536) * 65536));
  return { slotSize, slots: Math.max(SLOTS_MIN, Math.floor(buffer / slotSize)) };
}

function checkOptions(options: RecordOptions): void {
  const positive = (name: string, value: number | undefined, integer: boolean) => {
    if (value === undefined) return;
    if (!(value > 0) || (integer && !Number.isSafeInteger(value))) {
      throw new MembenchError(
        'ERR_MEMBENCH_USAGE',
        `${name} must be a positive ${integer ? 'integer' : 'number'}, not ${value}`,
      );
    }
  };
  positive('workers', options.workers, true);
  positive('buffer', options.buffer, true);
  positive('count', options.count, true);
  positive('duration', options.duration, false);
  for (const [first, last] of options.ports ?? []) {
    if (
      !(Number.isInteger(first) && Number.isInteger(last) && first >= 1 && first <= last && last <= 65535)
    ) {
      throw new MembenchError('ERR_MEMBENCH_USAGE', `${first}-${last} is not a range of ports`);
    }
  }
}

/**
 * Records a capture into a profile.
 *
 * @throws MembenchError; a capture that breaks off is not thrown but told by `ended`, and what stood
 * before the break is in the profile
 */
export async function record(options: RecordOptions): Promise<RecordSummary> {
  checkOptions(options);
  const secret = options.keyFile === undefined ? randomSecret() : readSecret(options.keyFile);
  const source = await openSource(options.source, options.signal);
  try {
    const recording = new Recording(options, source, secret);
    return await recording.run();
  } finally {
    source.close();
  }
}

/** Packet time in units of the capture's clock, at least one; 0 where there is no limit. */
function durationUnits(seconds: number | undefined, unit: number): bigint {
  if (seconds === undefined) return 0n;
  const units = Math.min(Math.max(Math.round((seconds * 1e9) / unit), 1), Number.MAX_SAFE_INTEGER);
  return BigInt(units);
}

class Recording {
  readonly #options: RecordOptions;
  readonly #source: PacketSource;
  readonly #map: MemoryMap;
  readonly #memory: WebAssembly.Memory;
  readonly #ring: RingWriter;
  readonly #writer: ProfileWriter;
  readonly #run = randomBytes(16);
  readonly #module: Promise<WebAssembly.Module>;
  readonly #workers: number;
  readonly #secret;
  #failure: unknown;
  #aborted = false;
  #started = process.hrtime.bigint();

  constructor(options: RecordOptions, source: PacketSource, secret: ReturnType<typeof randomSecret>) {
    this.#options = options;
    this.#source = source;
    this.#secret = secret;
    this.#workers = options.workers ?? defaultWorkers();
    const ports = options.ports ?? [[11211, 11211]];
    this.#map = mapMemory({
      workers: this.#workers,
      ...slotsOf(options.buffer ?? DEFAULT_BUFFER),
      state: STATE_SIZE,
      blockEvents: BLOCK_EVENTS,
    });
    this.#module = WebAssembly.compile(readFileSync(new URL('./wasm/pipeline.wasm', import.meta.url)));
    this.#memory = new WebAssembly.Memory({
      initial: this.#map.pages,
      maximum: this.#map.pages,
      shared: true,
    });
    const buffer = this.#memory.buffer as unknown as SharedArrayBuffer;
    this.#ring = new RingWriter(buffer, this.#map);
    setPorts(buffer, this.#map, ports);
    setCapture(buffer, this.#map, source.header, {
      packets: options.count ?? 0,
      duration: durationUnits(options.duration, source.header.unit),
    });
    const path = options.profile ?? defaultProfile(new Date());
    if (source.is(path)) {
      throw new MembenchError(
        'ERR_MEMBENCH_USAGE',
        `${path}: it is the capture itself`,
        'name another PROFILE',
      );
    }
    this.#writer = ProfileWriter.create(path, {
      force: options.force ?? false,
      header: {
        run: this.#run,
        created_ns: BigInt(Date.now()) * 1000000n,
        tool: `membench ${version}`,
        source: source.kind,
        unit: source.header.unit,
        workers: this.#workers,
        ports,
        key_id: secret.id,
      },
    });
  }

  async run(): Promise<RecordSummary> {
    const { signal, onProgress, onStart } = this.#options;
    const onAbort = () => {
      this.#aborted = true;
      this.#source.stop();
    };
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = onProgress && setInterval(() => onProgress(this.#progress()), PROGRESS_INTERVAL);
    const pool = startPool(await this.#tasks(), (block) => this.#write(block));
    onStart?.({ flush: () => this.#ring.flush() });
    // A failed worker would leave the source waiting for a slot that is never freed.
    pool.done.catch(() => this.#source.stop());
    try {
      const reading = this.#source.run(this.#ring);
      await Promise.race([reading, pool.done.then(() => reading)]);
      this.#ring.end();
      await pool.done;
      if (this.#failure !== undefined) throw this.#failure;
      return this.#finish();
    } catch (error) {
      this.#ring.end();
      this.#writer.abandon();
      throw error;
    } finally {
      clearInterval(timer);
      signal?.removeEventListener('abort', onAbort);
      await pool.close();
    }
  }

  async #tasks() {
    const buffer = this.#memory.buffer;
    const hashSeed = randomBytes(8).readBigUInt64LE();
    const module = await this.#module;
    return Array.from({ length: this.#workers }, (_, worker) => ({
      module,
      memory: this.#memory,
      map: this.#map,
      worker,
      config: configureWorker(buffer, this.#map, worker, {
        key: this.#secret.key,
        addressKey: this.#secret.addressKey,
        hashSeed,
        eventsOut: false,
      }),
      run: this.#run,
      unit: this.#source.header.unit,
    }));
  }

  #write(block: SealedBlock): void {
    if (this.#failure === undefined) {
      try {
        this.#writer.writeBlock(block.frame, block);
      } catch (error) {
        // What is sealed stays; what is still to come has nowhere to go.
        this.#failure = error;
        this.#source.stop();
      }
    }
    this.#ring.blockWritten();
  }

  /** A counter summed over the workers; while they run, a moment's view. */
  #counter(name: Counter): number {
    const view = new DataView(this.#memory.buffer);
    const offset = this.#map.region.counters + COUNTER_NAMES.indexOf(name) * 8;
    let sum = 0n;
    for (let worker = 0; worker < this.#workers; worker++) {
      sum += view.getBigUint64(regionAddress(this.#map, worker) + offset, true);
    }
    return Number(sum);
  }

  #elapsed(): number {
    return Number(process.hrtime.bigint() - this.#started) / 1e9;
  }

  #progress(): RecordProgress {
    return {
      bytesRead: this.#source.bytesRead,
      bytesTotal: this.#source.bytesTotal,
      packets: this.#counter('packets_seen'),
      requests: this.#counter('requests'),
      elapsed: this.#elapsed(),
    };
  }

  #ended(): RecordEnd {
    const view = new DataView(this.#memory.buffer, this.#map.indexState, INDEX_STATE.SIZE);
    const ended = view.getUint32(INDEX_STATE.ended, true);
    if (ended === 1) return 'count';
    if (ended === 2) return 'duration';
    if (view.getUint32(INDEX_STATE.error, true)) return 'broken source';
    if (this.#aborted) return 'signal';
    return view.getUint32(INDEX_STATE.carry_size, true) ? 'broken source' : 'end of source';
  }

  /** Times of the first and last packet, Unix nanoseconds; zeros where there was none. */
  #span(): { first: bigint; last: bigint } {
    const view = new DataView(this.#memory.buffer, this.#map.indexState, INDEX_STATE.SIZE);
    const unit = BigInt(this.#source.header.unit);
    return {
      first: view.getBigUint64(INDEX_STATE.first_time, true) * unit,
      last: view.getBigUint64(INDEX_STATE.last_time, true) * unit,
    };
  }

  #finish(): RecordSummary {
    const counters = Object.fromEntries(COUNTER_NAMES.map((name) => [name, this.#counter(name)])) as Record<
      Counter,
      number
    >;
    const reasons = (prefix: string) =>
      Object.fromEntries(
        COUNTER_NAMES.filter((name) => name.startsWith(prefix) && counters[name] > 0).map((name) => [
          name.slice(prefix.length),
          counters[name],
        ]),
      );
    const ended = this.#ended();
    const { first, last } = this.#span();
    this.#writer.finish({
      ended,
      elapsed_ns: process.hrtime.bigint() - this.#started,
      counts: Object.fromEntries(Object.entries(counters).filter(([, value]) => value > 0)),
      first_ns: first,
      last_ns: last,
    });
    return {
      packets: {
        seen: counters.packets_seen,
        decoded: counters.packets_decoded,
        skipped: reasons('skipped_'),
        lost: reasons('lost_'),
      },
      kernel: { received: null, dropped: null },
      requests: counters.requests,
      events: counters.events,
      answered: counters.answered,
      unanswered: counters.unanswered,
      gaps: counters.gaps,
      bytes: counters.bytes,
      elapsed_s: this.#elapsed(),
      profile: { path: this.#writer.path, bytes: this.#writer.bytes, blocks: this.#writer.blocks },
      ended,
      span_s: Number(last - first) / 1e9,
      counters,
    };
  }
}
