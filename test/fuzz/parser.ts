/** One parser with an instance and a memory of its own, everything it lets out kept to be compared. */
import { type Core, createCore } from '#src/decode/core.js';
import {
  BLOCK_INFO,
  COUNTER_NAMES,
  DATAGRAM,
  DATAGRAMS_MAX,
  EVENT_RECORD,
  INDEX_STATE,
  SHAPE,
} from '#src/layout/generated.js';
import type { CaptureHeader } from '#src/memory/capture-header.js';
import {
  beginCapture,
  captureStart,
  configureWorker,
  isBroken,
  setPorts,
  setWalk,
} from '#src/memory/configure.js';
import { clearRegion, type MemoryMap, mapMemory, regionAddress, slotAddress } from '#src/memory/map.js';
import { Find } from './find.js';
import { brokenPool, findPools, type PoolPlace } from './pools.js';
/**
 * How much a parser may keep: as it likes, or so little that every bound is hit all the time; and whether it
 * seals blocks or hands its events over one by one.
 */
export const ROOMS = {
  roomy: { state: 4 << 20, blockEvents: 512, eventsOut: false },
  cramped: { state: 32 << 10, blockEvents: 64, eventsOut: false },
  handed: { state: 1 << 20, blockEvents: 64, eventsOut: true },
} as const;
export type Room = keyof typeof ROOMS;

/** Bytes the parsers take at once. */
export const CHUNK_MAX = 256 << 10;
const PAGE = 65536;

/** The parser as it is compiled for an engine. */
export interface Build {
  name: string;
  module: WebAssembly.Module;
}

/** One parser with its memory. */
export class Parser {
  readonly name: string;
  readonly map: MemoryMap;
  readonly #eventsOut: boolean;
  readonly #module: WebAssembly.Module;
  readonly #memory: WebAssembly.Memory;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #chunk: Uint8Array;
  readonly #statics: Buffer;
  readonly #slack: Buffer;
  #log = Buffer.alloc(4 << 20);
  readonly counters: Uint32Array;
  #logged = 0;
  /** Events that came out, in blocks or by themselves. */
  events = 0;
  #core!: Core;
  #pools: PoolPlace[] | undefined;

  constructor({ name, module }: Build, room: Room) {
    this.name = name;
    this.#module = module;
    const { eventsOut, ...bounds } = ROOMS[room];
    this.#eventsOut = eventsOut;
    this.map = mapMemory({ workers: 1, slots: 1, slotSize: CHUNK_MAX, ...bounds });
    const { pages } = this.map;
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const { buffer } = this.#memory;
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.#chunk = this.#bytes.subarray(slotAddress(this.map, 0) + this.map.chunkOffset);
    this.#statics = Buffer.from(buffer as unknown as ArrayBuffer, 0, PAGE);
    this.#slack = Buffer.from(buffer as unknown as ArrayBuffer, (pages - 1) * PAGE, PAGE);
    this.counters = new Uint32Array(
      buffer,
      regionAddress(this.map, 0) + this.map.region.counters.at,
      COUNTER_NAMES.length * 2,
    );
    setPorts(buffer, this.map, [[11211, 11212]]);
  }

  /** A new instance that knows nothing: what it expects to be zero is. */
  begin(header: CaptureHeader): void {
    const { map } = this;
    const { buffer } = this.#memory;
    this.#bytes.fill(0, map.indexState, map.indexState + INDEX_STATE.SIZE);
    const base = regionAddress(map, 0);
    this.#bytes.fill(0, base + map.region.config.at, base + map.region.scratch.at);
    clearRegion(buffer, map, 0);
    this.#logged = 0;
    this.events = 0;
    this.#core = createCore(this.#module, this.#memory, {
      onBlock: () => this.#keepBlock(),
      onEvents: (count) => this.#keepEvents(count),
    });
    setWalk(buffer, map, { unit: header.unit });
    beginCapture(buffer, map, captureStart(header, 1, header.unit));
    const secrets = {
      key: new Uint8Array(16),
      addressKey: new Uint8Array(16),
      hashSeed: 77n,
      eventsOut: this.#eventsOut,
    };
    this.#core.init(configureWorker(buffer, map, 0, secrets));
  }

  /** Walks and decodes a chunk, in pieces of at most `step` bytes. */
  feed(bytes: Uint8Array, step: number): void {
    const { map } = this;
    const slot = slotAddress(map, 0);
    for (let at = 0; at < bytes.length; at += step) {
      const part = bytes.subarray(at, at + step);
      this.#chunk.set(part);
      const ordinal = this.#view.getBigUint64(map.indexState + INDEX_STATE.ordinal, true);
      const lists = slot + map.listOffset;
      this.#core.indexSlot(
        slot + map.chunkOffset,
        part.length,
        lists,
        map.listStride,
        1,
        slot + map.roomOffset,
      );
      this.#core.decodeSlot(lists, ordinal);
    }
  }

  finish(): void {
    this.#core.finish();
  }

  get isBroken(): boolean {
    return isBroken(this.#memory.buffer, this.map);
  }

  /** A counter by its index. */
  count(index: number): number {
    return this.counters[2 * index]! + this.counters[2 * index + 1]! * 2 ** 32;
  }

  /** Fragments of datagrams that are not whole yet: their heads lie side by side (assembly/framing/fragments.ts). */
  get waiting(): number {
    let packets = 0;
    const { datagrams } = this.map;
    for (let at = datagrams; at < datagrams + DATAGRAMS_MAX * DATAGRAM.SIZE; at += DATAGRAM.SIZE) {
      if (this.#view.getUint32(at + DATAGRAM.family, true) !== 0)
        packets += this.#view.getUint32(at + DATAGRAM.packets, true);
    }
    return packets;
  }

  /** What came out since the last call: block info, shapes and payload of each block, or events. */
  takeLog(): Buffer {
    const log = this.#log.subarray(0, this.#logged);
    this.#logged = 0;
    return log;
  }

  #keepBlock(): void {
    const base = regionAddress(this.map, 0);
    const { blockInfo, blockOut } = this.map.region;
    const info = base + blockInfo.at;
    const read = (offset: number) => this.#view.getUint32(info + offset, true);
    const payload = read(BLOCK_INFO.payload);
    const size = read(BLOCK_INFO.payload_size);
    if (payload !== base + blockOut.at || size > blockOut.size) {
      throw new Find('block', `${this.name} sealed a block of ${size} bytes`);
    }
    this.#append(info, BLOCK_INFO.SIZE);
    this.#append(read(BLOCK_INFO.shape_table), read(BLOCK_INFO.shapes) * SHAPE.SIZE);
    this.#append(payload, size);
    this.events += read(BLOCK_INFO.events);
  }

  #keepEvents(count: number): void {
    this.#append(regionAddress(this.map, 0) + this.map.region.events.at, count * EVENT_RECORD.SIZE);
    this.events += count;
  }

  #append(at: number, size: number): void {
    if (this.#logged + size > this.#log.length) {
      this.#log = Buffer.concat([this.#log, Buffer.alloc(this.#log.length)]);
    }
    this.#log.set(this.#bytes.subarray(at, at + size), this.#logged);
    this.#logged += size;
  }

  /** What must hold when all flows have ended: every piece of every pool is back, nothing else was touched. */
  checkEnd(statics: Buffer): void {
    const base = regionAddress(this.map, 0);
    const { region } = this.map;
    this.#pools ??= findPools(this.#view, base, region);
    for (const pool of this.#pools) {
      const why = brokenPool(this.#view, pool);
      if (why !== null) throw new Find('leak', `${this.name}, pool of ${pool.name}: ${why}`);
    }
    const buckets = this.#bytes.subarray(base + region.flowBuckets.at).subarray(0, region.flowBuckets.size);
    if (!isZero(buckets)) throw new Find('leak', `${this.name} ends with flows in its table`);
    if (!isZero(this.#slack)) throw new Find('memory', `${this.name} wrote behind its memory map`);
    if (!this.#statics.equals(statics)) throw new Find('memory', `${this.name} wrote to its constants`);
    if (this.#memory.buffer.byteLength !== this.map.pages * PAGE)
      throw new Find('memory', `${this.name} grew`);
  }

  /** The constants of the module, as they are before the first packet. */
  get statics(): Buffer {
    return Buffer.from(this.#statics);
  }
}

function isZero(bytes: Uint8Array): boolean {
  // An array of zeros is equal to itself moved by one, if its first is zero.
  return bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0;
}
