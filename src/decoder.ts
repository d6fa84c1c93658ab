/**
 * The parser by itself: bytes of a capture in, events out. Uses no file, thread, shared memory or native
 * module, and runs wherever WebAssembly does.
 *
 * @module membench/decoder
 */
import { createCore } from './decode/core.js';
import { STANDALONE_WASM } from './decode/embedded.js';
import { usesSimd } from './decode/simd.js';
import { MembenchError, refuseUnknown } from './errors.js';
import { EventCursor } from './event/cursor.js';
import type { CacheEvent } from './event/event.js';
import { COUNTER_NAMES, type Counter, EVENT_RECORD, INDEX_STATE, PCAP_HEADER } from './layout/generated.js';
import { mapWithin } from './memory/budget.js';
import { type CaptureHeader, parseCaptureHeader } from './memory/capture-header.js';
import {
  beginCapture,
  captureStart,
  configureWorker,
  isBroken,
  type PortRanges,
  setPorts,
  setWalk,
} from './memory/configure.js';
import { type MapOptions, mapMemory, regionAddress, slotAddress } from './memory/map.js';

export { MembenchError } from './errors.js';
export type { CacheEvent } from './event/event.js';

export interface DecoderOptions {
  /** Server port. Default 11211. */
  port?: number;
  /** Server ports as inclusive ranges, instead of `port`. */
  ports?: PortRanges;
  /** 16 bytes keys are hashed with (SipHash-2-4). Default: random. */
  key?: Uint8Array;
  /** Bytes of everything the decoder keeps, from 10 MiB to 4 GiB. Default: 76 MiB. */
  memory?: number;
  /** The compiled parser, where the embedded one shall not be used. */
  wasm?: WebAssembly.Module;
}

type KnownOptions = Record<keyof DecoderOptions, true>;

/**
 * Decodes one capture. What `decode` and `end` return are hands that take from one line of events: each event
 * is given once, in the order of completion, to whoever asks next. What a loop that is left early has not
 * taken comes first out of the next call's, so nothing is lost, and nothing comes twice.
 *
 * A failure in the capture is thrown behind the events before it, and again behind those of every later call.
 */
export interface Decoder {
  /**
   * Takes the next bytes of a capture, of any length, and gives the events they complete.
   *
   * The first 256 KiB are decoded at once; the rest as the events before it are taken, so that a chunk of
   * any size costs little memory. The chunk must not be changed while a loop over its events goes on. Once
   * the loop is over, or left by `break`, `return` or an exception, the chunk is the caller's again: what was
   * not decoded of it has been copied. Where no loop takes the events, it is not decoded or copied any further
   * before the next call of the decoder, and must stay as it is until then.
   *
   * @throws ERR_MEMBENCH_USAGE after `end`; ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE: both at once.
   *   The iteration throws ERR_MEMBENCH_BROKEN_CAPTURE
   */
  decode(chunk: Uint8Array): Iterable<CacheEvent>;
  /**
   * The capture is over: gives what was not taken before, and what is left, requests without an answer among
   * it. Called again, it gives what the first call's loop did not take.
   *
   * @throws ERR_MEMBENCH_NOT_A_CAPTURE at once, where there were too few bytes to tell. The iteration throws
   *   ERR_MEMBENCH_BROKEN_CAPTURE where the capture ends in a record
   */
  end(): Iterable<CacheEvent>;
  /**
   * Everything counted in what was given to `decode` so far, by name. What was put off is decoded for it, and its
   * events wait in memory.
   */
  readonly counters: Readonly<Record<Counter, number>>;
}

/** Bytes it may hold in flows, pending requests and early segments, where no cap is set. */
const STATE_SIZE = 64 * 1024 * 1024;
/** Chunk the input is cut into; small enough to stay in a core's cache. */
const SLOT_SIZE = 256 * 1024;

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

let compiled: Promise<WebAssembly.Module> | undefined;

async function compile(): Promise<WebAssembly.Module> {
  if (usesSimd()) return WebAssembly.compile(fromBase64(STANDALONE_WASM));
  const { STANDALONE_SCALAR_WASM } = await import('./decode/embedded-scalar.js');
  return WebAssembly.compile(fromBase64(STANDALONE_SCALAR_WASM));
}

/** Compiles the embedded parser once. */
function loadModule(): Promise<WebAssembly.Module> {
  compiled ??= compile();
  return compiled;
}

/** Makes a decoder for one capture. */
export async function createDecoder(options: DecoderOptions = {}): Promise<Decoder> {
  refuseUnknown(options, {
    port: true,
    ports: true,
    key: true,
    memory: true,
    wasm: true,
  } satisfies KnownOptions);
  const key = options.key ?? crypto.getRandomValues(new Uint8Array(16));
  if (key.length !== 16)
    throw new MembenchError('ERR_MEMBENCH_USAGE', `the key has ${key.length} bytes, not 16`);
  const rooms: Omit<MapOptions, 'state'> = { workers: 1, slots: 1, slotSize: SLOT_SIZE, blockEvents: 1024 };
  const map =
    options.memory === undefined
      ? mapMemory({ ...rooms, state: STATE_SIZE })
      : mapWithin(options.memory, rooms);
  const memory = new WebAssembly.Memory({ initial: map.pages });
  return new StandaloneDecoder(options.wasm ?? (await loadModule()), memory, map, options, key);
}

/** Bytes to be decoded, and whether they lie in memory nobody else has. */
interface Piece {
  bytes: Uint8Array;
  own: boolean;
}

class StandaloneDecoder implements Decoder {
  readonly #map;
  readonly #memory;
  readonly #core;
  readonly #cursor = new EventCursor();
  readonly #view: DataView;
  /** Decoded events, of which those from `#given` on nobody has taken. */
  #events: CacheEvent[] = [];
  #given = 0;
  /** Bytes to be decoded, in their order. */
  #pieces: Piece[] = [];
  /** What follows the events there will ever be. */
  #failure: MembenchError | undefined;
  #header: CaptureHeader | undefined;
  /** What the capture begins with, until it is enough to know it by. */
  #head = new Uint8Array(0);
  #ordinal = 0n;
  #ended = false;
  #finished = false;

  constructor(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    map: ReturnType<typeof mapMemory>,
    options: DecoderOptions,
    key: Uint8Array,
  ) {
    this.#map = map;
    this.#memory = memory;
    this.#view = new DataView(memory.buffer);
    this.#core = createCore(module, memory, { onBlock() {}, onEvents: (count) => this.#take(count) });
    setPorts(memory.buffer, map, options.ports ?? [[options.port ?? 11211, options.port ?? 11211]]);
    const config = configureWorker(memory.buffer, map, 0, {
      key,
      addressKey: crypto.getRandomValues(new Uint8Array(16)),
      hashSeed: crypto.getRandomValues(new BigUint64Array(1))[0]!,
      eventsOut: true,
    });
    this.#core.init(config);
  }

  #take(count: number): void {
    const base = regionAddress(this.#map, 0) + this.#map.region.events.at;
    for (let i = 0; i < count; i++) {
      this.#events.push(this.#cursor.read(this.#view, base + i * EVENT_RECORD.SIZE, this.#header!.unit));
    }
  }

  decode(chunk: Uint8Array): Iterable<CacheEvent> {
    if (this.#ended) throw new MembenchError('ERR_MEMBENCH_USAGE', 'the decoder has ended');
    this.#keep();
    const waits = this.#pieces.length > 0;
    const pieces = this.#failure === undefined ? this.#behindHead(chunk) : [];
    for (const bytes of pieces) if (bytes.length > 0) this.#pieces.push({ bytes, own: false });
    if (!waits) this.#step();
    return this.#give();
  }

  /** Hands out the events, one by one: handing a generator's on through another costs more than decoding them. */
  *#give(): Generator<CacheEvent> {
    try {
      do {
        // Another hand may have taken, or called for more, since the last one was given.
        while (this.#given < this.#events.length) yield this.#events[this.#given++]!;
      } while (this.#step());
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      this.#keep();
    }
  }

  /** What is not decoded yet lies in memory of the caller's, who may want that back. */
  #keep(): void {
    for (const piece of this.#pieces) {
      if (piece.own) continue;
      // Not by slice(): a Buffer's does not copy.
      piece.bytes = new Uint8Array(piece.bytes);
      piece.own = true;
    }
  }

  /** Decodes a slot more; false where nothing was left to do. */
  #step(): boolean {
    if (this.#given === this.#events.length) {
      this.#events = [];
      this.#given = 0;
    }
    const piece = this.#pieces[0];
    if (piece !== undefined) {
      const { slotSize } = this.#map;
      const part = piece.bytes.subarray(0, slotSize);
      piece.bytes = piece.bytes.subarray(slotSize);
      if (piece.bytes.length === 0) this.#pieces.shift();
      this.#walk(part);
      return true;
    }
    if (!this.#ended || this.#finished) return false;
    this.#finished = true;
    this.#core.finish();
    if (isBroken(this.#memory.buffer, this.#map)) {
      this.#failure ??= new MembenchError('ERR_MEMBENCH_BROKEN_CAPTURE', 'the capture ends in a record');
    }
    return true;
  }

  /** What the record walk shall see of a chunk, once the head is whole. */
  #behindHead(chunk: Uint8Array): Uint8Array[] {
    if (this.#header !== undefined) return [chunk];
    const missing = PCAP_HEADER - this.#head.length;
    const head = new Uint8Array(this.#head.length + Math.min(missing, chunk.length));
    head.set(this.#head);
    head.set(chunk.subarray(0, missing), this.#head.length);
    this.#head = head;
    if (head.length < PCAP_HEADER) return [];
    this.#header = parseCaptureHeader(head);
    const { buffer } = this.#memory;
    const { unit, size } = this.#header;
    setWalk(buffer, this.#map, { unit });
    beginCapture(buffer, this.#map, captureStart(this.#header, 1, unit));
    return [head.subarray(size), chunk.subarray(missing)];
  }

  #walk(part: Uint8Array): void {
    const map = this.#map;
    const slot = slotAddress(map, 0);
    const chunk = slot + map.chunkOffset;
    const lists = slot + map.listOffset;
    const room = slot + map.roomOffset;
    new Uint8Array(this.#memory.buffer, chunk, map.slotSize).set(part);
    const packets = this.#core.indexSlot(chunk, part.length, lists, map.listStride, 1, room);
    this.#core.decodeSlot(lists, this.#ordinal);
    this.#ordinal += BigInt(packets);
    this.#core.sealNow();
    if (!this.#view.getUint32(map.indexState + INDEX_STATE.error, true)) return;
    this.#failure = new MembenchError(
      'ERR_MEMBENCH_BROKEN_CAPTURE',
      `what follows packet ${this.#ordinal} cannot be a record`,
    );
    this.#pieces = [];
  }

  end(): Iterable<CacheEvent> {
    if (!this.#ended) {
      if (this.#header === undefined) parseCaptureHeader(this.#head);
      this.#keep();
      this.#ended = true;
      if (this.#pieces.length === 0) this.#step();
    }
    return this.#give();
  }

  get counters(): Record<Counter, number> {
    while (this.#step());
    const base = regionAddress(this.#map, 0) + this.#map.region.counters.at;
    const read = (_: Counter, i: number) => Number(this.#view.getBigUint64(base + i * 8, true));
    return Object.fromEntries(COUNTER_NAMES.map((name, i) => [name, read(name, i)])) as Record<
      Counter,
      number
    >;
  }
}
