/**
 * The parser and its scalar twin, each with an instance and a memory of its own, fed alike. Whatever they
 * are given, both must come to its end, count the same, seal the same blocks, and keep to their memory.
 */
import { readFileSync } from 'node:fs';
import { type Core, createCore } from '#src/decode/core.js';
import {
  BLOCK_INFO,
  COUNTER_NAMES,
  type Counter,
  DATAGRAM,
  DATAGRAM_MAX,
  DATAGRAMS_MAX,
  INDEX_STATE,
  SHAPE,
} from '#src/layout/generated.js';
import { type CaptureHeader, parseCaptureHeader } from '#src/memory/capture-header.js';
import {
  beginCapture,
  captureStart,
  configureWorker,
  isBroken,
  setPorts,
  setWalk,
} from '#src/memory/configure.js';
import { type MemoryMap, mapMemory, regionAddress, slotAddress } from '#src/memory/map.js';
import { brokenPool, findPools, type PoolPlace } from './pools.js';

/** How much a parser may keep: as it likes, or so little that every bound is hit all the time. */
export const ROOMS = {
  roomy: { state: 4 << 20, blockEvents: 512 },
  cramped: { state: 32 << 10, blockEvents: 64 },
} as const;
export type Room = keyof typeof ROOMS;

/** Bytes the parsers take at once. */
export const CHUNK_MAX = 256 << 10;
/** A sealed block is below this, its frame included (src/profile/FORMAT.md). */
const BLOCK_MAX = 1 << 20;
const PAGE = 65536;
/** From one datagram that is not whole yet to the next: DATAGRAM_STRIDE in assembly/framing/fragments.ts. */
const DATAGRAM_STRIDE = DATAGRAM.SIZE + (DATAGRAM_MAX + 1) / 64 + DATAGRAM_MAX + 1;

export type FindKind =
  | 'trap'
  | 'hang'
  | 'imbalance'
  | 'twins differ'
  | 'leak'
  | 'memory'
  | 'block'
  | 'slots differ';

/** Something that must not be. */
export class Find extends Error {
  readonly kind: FindKind;
  constructor(kind: FindKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

const twins = ['pipeline', 'pipeline-scalar'].map((name) => ({
  name,
  module: new WebAssembly.Module(readFileSync(`dist/wasm/${name}.wasm`)),
}));

const indexOf = (name: Counter) => COUNTER_NAMES.indexOf(name);
const SEEN = indexOf('packets_seen');
const REQUESTS = indexOf('requests');
const ANSWERED = indexOf('answered');
const UNANSWERED = indexOf('unanswered');
/** Every packet ends in exactly one of these. */
const OUTCOMES = COUNTER_NAMES.map((name, i) =>
  /^(packets_decoded|skipped_|lost_)/.test(name) ? i : -1,
).filter((i) => i >= 0);

/** One parser with its memory. */
class Parser {
  readonly name: string;
  readonly map: MemoryMap;
  readonly #module: WebAssembly.Module;
  readonly #memory: WebAssembly.Memory;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #chunk: Uint8Array;
  readonly #statics: Buffer;
  readonly #slack: Buffer;
  readonly #log = Buffer.alloc(4 << 20);
  readonly counters: Uint32Array;
  #logged = 0;
  #core!: Core;
  #pools: PoolPlace[] | undefined;

  constructor({ name, module }: (typeof twins)[number], room: Room) {
    this.name = name;
    this.#module = module;
    this.map = mapMemory({ workers: 1, slots: 1, slotSize: CHUNK_MAX, ...ROOMS[room] });
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
      regionAddress(this.map, 0) + this.map.region.counters,
      COUNTER_NAMES.length * 2,
    );
    setPorts(buffer, this.map, [[11211, 11212]]);
  }

  /** A new instance that knows nothing: what it expects to be zero is. */
  begin(header: CaptureHeader): void {
    const { map } = this;
    const { buffer } = this.#memory;
    const { region } = map;
    const base = regionAddress(map, 0);
    const clear = (at: number, size: number) => this.#bytes.fill(0, at, at + size);
    clear(map.indexState, INDEX_STATE.SIZE);
    clear(base + region.config, region.scratch + region.scratchSize - region.config);
    clear(base + region.dictionary, region.dictionarySize * 2);
    clear(base + region.syns, region.synCount * 32);
    clear(base + region.flowBuckets, region.flowBucketCount * 8);
    this.#logged = 0;
    this.#core = createCore(this.#module, this.#memory, { onBlock: () => this.#keepBlock(), onEvents() {} });
    setWalk(buffer, map, { unit: header.unit });
    beginCapture(buffer, map, captureStart(header, 1, header.unit));
    const secrets = {
      key: new Uint8Array(16),
      addressKey: new Uint8Array(16),
      hashSeed: 77n,
      eventsOut: false,
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

  /** Fragments of datagrams that are not whole yet. */
  get waiting(): number {
    let packets = 0;
    const { datagrams } = this.map;
    for (let at = datagrams; at < datagrams + DATAGRAMS_MAX * DATAGRAM_STRIDE; at += DATAGRAM_STRIDE) {
      if (this.#view.getUint32(at + DATAGRAM.family, true) !== 0)
        packets += this.#view.getUint32(at + DATAGRAM.packets, true);
    }
    return packets;
  }

  /** What was sealed since the last call: block info, shapes and payload of each block. */
  takeLog(): Buffer {
    const log = this.#log.subarray(0, this.#logged);
    this.#logged = 0;
    return log;
  }

  #keepBlock(): void {
    const base = regionAddress(this.map, 0);
    const { blockInfo, blockOut, blockOutSize } = this.map.region;
    const info = base + blockInfo;
    const read = (offset: number) => this.#view.getUint32(info + offset, true);
    const payload = read(BLOCK_INFO.payload);
    const size = read(BLOCK_INFO.payload_size);
    if (payload !== base + blockOut || size > blockOutSize || size > BLOCK_MAX) {
      throw new Find('block', `${this.name} sealed a block of ${size} bytes`);
    }
    this.#append(info, BLOCK_INFO.SIZE);
    this.#append(read(BLOCK_INFO.shape_table), read(BLOCK_INFO.shapes) * SHAPE.SIZE);
    this.#append(payload, size);
  }

  #append(at: number, size: number): void {
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
    const buckets = this.#bytes.subarray(
      base + region.flowBuckets,
      base + region.flowBuckets + region.flowBucketCount * 8,
    );
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

const pairs = new Map<Room, Twins>();

/** The pair of parsers of a room; made anew where the last one is forgotten. */
export function twinsOf(room: Room): Twins {
  let twins = pairs.get(room);
  if (twins === undefined) {
    twins = new Twins(room);
    pairs.set(room, twins);
  }
  return twins;
}

/** Forgets parsers that are in a state nobody knows. */
export function forgetTwins(): void {
  pairs.clear();
}

/** Both parsers, and what is checked of them. */
export class Twins {
  readonly #parsers: Parser[];
  #statics: Buffer[] = [];

  constructor(room: Room) {
    this.#parsers = twins.map((twin) => new Parser(twin, room));
  }

  /** @param head the first bytes of a capture. @throws MembenchError where they are none of a capture */
  begin(head: Uint8Array): CaptureHeader {
    const header = parseCaptureHeader(head.subarray(0, 24));
    for (const parser of this.#parsers) parser.begin(header);
    this.#statics = this.#parsers.map(({ statics }) => statics);
    return header;
  }

  /**
   * Gives both the next bytes of the capture, at most CHUNK_MAX; the second in pieces of `step` bytes.
   *
   * @throws Find
   */
  feed(bytes: Uint8Array, step = CHUNK_MAX): void {
    this.#guard(0, (parser) => parser.feed(bytes, CHUNK_MAX));
    this.#guard(1, (parser) => parser.feed(bytes, step));
  }

  /**
   * What holds at any moment, between chunks that both were given alike.
   *
   * @throws Find
   */
  check(): void {
    const [a, b] = this.#parsers as [Parser, Parser];
    for (let i = 0; i < a.counters.length; i++) {
      if (a.counters[i] !== b.counters[i]) {
        throw new Find('twins differ', `${COUNTER_NAMES[i >> 1]}: ${a.counters[i]} and ${b.counters[i]}`);
      }
    }
    if (!a.takeLog().equals(b.takeLog())) throw new Find('twins differ', 'their blocks are not the same');
  }

  /** Every packet seen has an outcome, but for fragments that wait for others. @throws Find */
  checkBalance(): void {
    const parser = this.#parsers[0]!;
    let sum = parser.waiting;
    for (const i of OUTCOMES) {
      const packets = parser.count(i);
      // A capture may tell of 2^48 lost packets, no more.
      if (packets >= 2 ** 63) throw new Find('imbalance', `${COUNTER_NAMES[i]} went below zero`);
      sum += packets;
    }
    const seen = parser.count(SEEN);
    if (seen !== sum) {
      throw new Find('imbalance', `${seen} packets were seen, ${sum} have an outcome or wait`);
    }
  }

  /** Ends the capture, and checks what must hold then. @throws Find */
  finish(): void {
    for (const i of [0, 1]) this.#guard(i, (parser) => parser.finish());
    this.check();
    this.checkBalance();
    const parser = this.#parsers[0]!;
    const requests = parser.count(REQUESTS);
    const done = parser.count(ANSWERED) + parser.count(UNANSWERED);
    if (requests !== done) {
      throw new Find('imbalance', `${requests} requests, ${done} of them answered or not`);
    }
    this.#parsers.forEach((parser, i) => {
      parser.checkEnd(this.#statics[i]!);
    });
    const [a, b] = this.#parsers as [Parser, Parser];
    if (a.isBroken !== b.isBroken) throw new Find('twins differ', 'one takes the capture for broken');
  }

  /** What both counted: two words each, the low one first, in the order of COUNTER_NAMES. */
  get counters(): Uint32Array {
    return this.#parsers[0]!.counters;
  }

  #guard(index: number, work: (parser: Parser) => void): void {
    const parser = this.#parsers[index]!;
    try {
      work(parser);
    } catch (error) {
      if (error instanceof Find) throw error;
      throw new Find('trap', `${parser.name}: ${(error as Error).stack ?? error}`);
    }
  }
}
