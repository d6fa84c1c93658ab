/**
 * The parser by itself: takes the bytes of a capture and returns events. It uses no file, thread, shared
 * memory or native module, and runs wherever WebAssembly does.
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
  /** Secret for the hashes of keys (SipHash-2-4), 16 bytes. Default: random. */
  key?: Uint8Array;
  /** Size of the decoder's memory in bytes, from 10 MiB to 4 GiB. Default: 76 MiB. */
  memory?: number;
  /** A compiled parser to use instead of the embedded one. */
  wasm?: WebAssembly.Module;
}

type KnownOptions = Record<keyof DecoderOptions, true>;

/**
 * Decodes one capture. The iterables that `decode` and `end` return share one queue of events: each event is
 * yielded once, in the order of completion, by the iterable that is asked next. Events that a loop left early
 * did not take are the first of the next call's iterable.
 *
 * A failure in the capture is thrown after the events before it, and again by the iterables of all later
 * calls.
 */
export interface Decoder {
  /**
   * Decodes the next bytes of a capture, of any length, and returns the events they complete.
   *
   * The first 256 KiB are decoded at once, the rest as its events are taken, so that a chunk of any size
   * costs little memory. The chunk must not be changed during a loop over its events. When the loop is over,
   * or is left by `break`, `return` or an exception, the undecoded rest is copied, and the chunk may be
   * changed again. Without a loop the chunk must stay unchanged until the next call of the decoder.
   *
   * @throws ERR_MEMBENCH_USAGE after `end`; ERR_MEMBENCH_NOT_A_CAPTURE and ERR_MEMBENCH_LINKTYPE at the call;
   *   ERR_MEMBENCH_BROKEN_CAPTURE from the iteration
   */
  decode(chunk: Uint8Array): Iterable<CacheEvent>;
  /**
   * Ends the capture and returns the remaining events, those of requests without an answer included. A second
   * call returns the events that the loop of the first did not take.
   *
   * @throws ERR_MEMBENCH_NOT_A_CAPTURE at the call, where the capture ended before its format could be told;
   *   ERR_MEMBENCH_BROKEN_CAPTURE from the iteration, where the capture ends within a record
   */
  end(): Iterable<CacheEvent>;
  /**
   * The counters of all chunks given to `decode` so far, by name. Reading them decodes the rest of these
   * chunks, and its events wait in memory.
   */
  readonly counters: Readonly<Record<Counter, number>>;
}

/** Bytes for flows, pending requests and early segments, where `memory` is not given. */
const STATE_SIZE = 64 * 1024 * 1024;
/** Bytes that are decoded at a time, few enough to stay in a core's cache. */
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

/** Bytes to be decoded, and whether they are in memory of the decoder's own. */
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
  /** Decoded events; those from index `#given` on have not been taken yet. */
  #events: CacheEvent[] = [];
  #given = 0;
  /** Bytes to be decoded, in order. */
  #pieces: Piece[] = [];
  /** Thrown after the last event. */
  #failure: MembenchError | undefined;
  #header: CaptureHeader | undefined;
  /** First bytes of the capture, until they are enough to read its header. */
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

  /** Yields the events one by one: delegating to another generator costs more than decoding does. */
  *#give(): Generator<CacheEvent> {
    try {
      do {
        // Another iterable may have taken events, or had more decoded, since the last yield.
        while (this.#given < this.#events.length) yield this.#events[this.#given++]!;
      } while (this.#step());
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      this.#keep();
    }
  }

  /** Copies the undecoded bytes that are in the caller's memory, which the caller may reuse. */
  #keep(): void {
    for (const piece of this.#pieces) {
      if (piece.own) continue;
      // slice() would not copy a Buffer.
      piece.bytes = new Uint8Array(piece.bytes);
      piece.own = true;
    }
  }

  /** Decodes the next slot, or ends the capture. Returns false where there was nothing to do. */
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

  /** The bytes of a chunk, and of those before it, that are records; none until the header is complete. */
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
