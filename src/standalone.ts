/** A parser with memory of its own: the bytes of one capture go in, events or blocks come out. */
import { type Core, createCore } from './decode/core.js';
import { STANDALONE_WASM } from './decode/embedded.js';
import { usesSimd } from './decode/simd.js';
import { MembenchError } from './errors.js';
import { COUNTER_NAMES, type Counter, INDEX_STATE, PCAP_HEADER } from './layout/generated.js';
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
import { type MapOptions, type MemoryMap, mapMemory, regionAddress, slotAddress } from './memory/map.js';

export interface StandaloneOptions {
  module: WebAssembly.Module;
  ports: PortRanges;
  /** Secret for the hashes of keys, 16 bytes. */
  key: Uint8Array;
  /** Bytes of all its memory; undefined: STATE_SIZE and what else it needs. */
  memory: number | undefined;
  /** Events handed on as records, or blocks of so many events. */
  output: 'events' | { blockEvents: number };
}

/** Calls from the parser; addresses are of `view`. */
export interface StandaloneCallbacks {
  /** So many event records are at `events`. */
  onEvents?(count: number): void;
  /** A block was sealed, which `blockInfo` describes. */
  onBlock?(): void;
}

/** Bytes for flows, pending requests and early segments, where no memory is given. */
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
export function loadModule(): Promise<WebAssembly.Module> {
  compiled ??= compile();
  return compiled;
}

/** One capture being decoded, a slot at a time. */
export class Standalone {
  readonly view: DataView<ArrayBuffer>;
  readonly #map: MemoryMap;
  readonly #memory: WebAssembly.Memory;
  readonly #core: Core;
  #header: CaptureHeader | undefined;
  /** First bytes of the capture, until they are enough to read its header. */
  #head = new Uint8Array(0);
  #ordinal = 0n;

  /** @throws ERR_MEMBENCH_USAGE where the memory is too small */
  constructor(options: StandaloneOptions, { onEvents = () => {}, onBlock = () => {} }: StandaloneCallbacks) {
    const eventsOut = options.output === 'events';
    const rooms: Omit<MapOptions, 'state'> = {
      workers: 1,
      slots: 1,
      slotSize: SLOT_SIZE,
      blockEvents: options.output === 'events' ? 1024 : options.output.blockEvents,
    };
    const map =
      options.memory === undefined
        ? mapMemory({ ...rooms, state: STATE_SIZE })
        : mapWithin(options.memory, rooms);
    const memory = new WebAssembly.Memory({ initial: map.pages });
    this.#map = map;
    this.#memory = memory;
    this.view = new DataView(memory.buffer);
    this.#core = createCore(options.module, memory, { onBlock, onEvents });
    setPorts(memory.buffer, map, options.ports);
    const config = configureWorker(memory.buffer, map, 0, {
      key: options.key,
      addressKey: crypto.getRandomValues(new Uint8Array(16)),
      hashSeed: crypto.getRandomValues(new BigUint64Array(1))[0]!,
      eventsOut,
    });
    this.#core.init(config);
  }

  /** Bytes that `walk` takes at most. */
  get slotSize(): number {
    return this.#map.slotSize;
  }

  /** Nanoseconds in one unit of time; undefined before the capture's header is whole. */
  get unit(): 1 | 1000 | undefined {
    return this.#header?.unit;
  }

  /** Address of the event records that were handed on last. */
  get events(): number {
    return regionAddress(this.#map, 0) + this.#map.region.events.at;
  }

  /** Address of what describes the block that was sealed last. */
  get blockInfo(): number {
    return regionAddress(this.#map, 0) + this.#map.region.blockInfo.at;
  }

  get counters(): Record<Counter, number> {
    const base = regionAddress(this.#map, 0) + this.#map.region.counters.at;
    const read = (i: number) => Number(this.view.getBigUint64(base + i * 8, true));
    return Object.fromEntries(COUNTER_NAMES.map((name, i) => [name, read(i)])) as Record<Counter, number>;
  }

  /**
   * The bytes of a chunk, and of those before it, that are records; none until the header is complete.
   *
   * @throws ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE
   */
  behindHead(chunk: Uint8Array): Uint8Array[] {
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

  /** Checks that there was a header. @throws ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE */
  checkHead(): void {
    if (this.#header === undefined) parseCaptureHeader(this.#head);
  }

  /** Decodes records, at most a slot of them. Returns why nothing behind them can be decoded. */
  walk(part: Uint8Array): MembenchError | undefined {
    const map = this.#map;
    const slot = slotAddress(map, 0);
    const chunk = slot + map.chunkOffset;
    const lists = slot + map.listOffset;
    const room = slot + map.roomOffset;
    new Uint8Array(this.#memory.buffer, chunk, map.slotSize).set(part);
    const packets = this.#core.indexSlot(chunk, part.length, lists, map.listStride, 1, room);
    this.#core.decodeSlot(lists, this.#ordinal);
    this.#ordinal += BigInt(packets);
    if (!this.view.getUint32(map.indexState + INDEX_STATE.error, true)) return undefined;
    return broken(`the record after packet ${this.#ordinal} is invalid`);
  }

  /** Hands on the events that wait. */
  seal(): void {
    this.#core.sealNow();
  }

  /** Ends the capture, and hands on the rest. Returns what is wrong where it ends within a record. */
  finish(): MembenchError | undefined {
    this.#core.finish();
    return isBroken(this.#memory.buffer, this.#map) ? broken('the capture ends within a record') : undefined;
  }
}

function broken(why: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_BROKEN_CAPTURE', why);
}
