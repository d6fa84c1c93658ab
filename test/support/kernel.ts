/** The kernel's side of the rings live packets come in, and as much of the C library as their readers need. */
import {
  HOLES_MAX,
  KERNEL_COUNTER_NAMES,
  KERNEL_COUNTERS,
  RING_HOLE,
  RING_RECORD,
} from '#src/layout/generated.js';
import { type MemoryMap, regionAddress } from '#src/memory/map.js';
import type { Libc } from '#src/native/libc.js';
import type { BpfRing, PacketRing, PerfRings } from '#src/pool/messages.js';

export const PAGE_SIZE = 4096;
export const ETHERNET = 14;
const IPV4 = 20;
const IPV6 = 40;
/** A packet for every few nanoseconds. */
export const NS = 1_000_000_000n;

export interface Shared {
  memory: WebAssembly.Memory;
  map: MemoryMap;
}

/** What a reader asks of the C library, all of it made up. */
export function libcOf(
  beside: (offset: number) => ArrayBuffer,
  zeroCopy: boolean,
  more: Partial<Libc> = {},
): Libc {
  const none = () => {
    throw new Error('not for a test');
  };
  return {
    pageSize: PAGE_SIZE,
    addressOf: () => 0n,
    mapOver: () => (zeroCopy ? 0 : 1),
    unmapOver() {},
    map: (_, __, ___, offset) => beside(offset),
    socketOption: none,
    watch: () => 0,
    waitFor() {},
    monotonic: () => 2n * NS,
    realtime: () => 0n,
    giveUpGaining: none,
    dieWithParent: none,
    hideMemory: none,
    isHidden: none,
    ...more,
  };
}

/** A kernel that fills a ring. */
export interface FakeKernel {
  readonly ring: BpfRing | PacketRing | PerfRings;
  readonly libc: Libc;
  /** Lets one packet in, or drops it where there is no room. Every packet counts in one of these. */
  deliver(frame: Uint8Array): void;
  delivered: number;
  dropped: number;
}

/** A packet socket's ring (linux/if_packet.h): of blocks, each of some packets. */
export class FakePacketRing implements FakeKernel {
  readonly ring: PacketRing;
  readonly libc: Libc;
  delivered = 0;
  dropped = 0;
  /** Not told yet. */
  #drops = 0;
  #block = 0;
  #sequence = 1n;
  readonly #view: DataView;
  readonly #packets: Uint8Array[] = [];
  readonly #perBlock: number;

  constructor({ memory, map }: Shared, zeroCopy: boolean, perBlock = 3, blockCount = 4) {
    const blockSize = 4096;
    const size = blockSize * blockCount;
    const window = regionAddress(map, 0) + map.region.window.at;
    const beside = new ArrayBuffer(size);
    this.#view = zeroCopy ? new DataView(memory.buffer, window, size) : new DataView(beside);
    this.#perBlock = perBlock;
    this.ring = { kind: 'packet ring', fd: 0, blockSize, blockCount, blockTimeout: 0, zeroCopy };
    this.libc = libcOf(() => beside, zeroCopy, {
      socketOption: (_, __, ___, value) => {
        const view = new DataView(value.buffer, value.byteOffset);
        view.setUint32(0, this.delivered, true);
        view.setUint32(4, this.#drops, true);
        this.#drops = 0;
      },
    });
  }

  deliver(frame: Uint8Array): void {
    if (this.#status() !== 0) {
      this.dropped++;
      this.#drops++;
      return;
    }
    this.delivered++;
    this.#packets.push(frame);
    if (this.#packets.length === this.#perBlock) this.flush();
  }

  /** Hands over a block that is not full. */
  flush(): void {
    if (this.#packets.length === 0) return;
    const { blockSize, blockCount } = this.ring;
    const base = this.#block * blockSize;
    const u32 = (at: number, value: number) => this.#view.setUint32(base + at, value, true);
    let at = 48;
    this.#packets.forEach((frame, i) => {
      const next = (at + 96 + frame.length + 7) & ~7;
      u32(at, i + 1 < this.#packets.length ? next - at : 0);
      u32(at + 4, 1_700_000_000);
      u32(at + 8, this.delivered);
      u32(at + 12, frame.length);
      u32(at + 16, frame.length);
      this.#view.setUint16(base + at + 24, 96, true);
      new Uint8Array(this.#view.buffer, this.#view.byteOffset + base + at + 96).set(frame);
      at = next;
    });
    u32(12, this.#packets.length);
    u32(16, 48);
    u32(20, at);
    this.#view.setBigUint64(base + 24, this.#sequence++, true);
    u32(8, 1);
    this.#packets.length = 0;
    this.#block = (this.#block + 1) % blockCount;
  }

  #status(): number {
    return this.#view.getUint32(this.#block * this.ring.blockSize + 8, true);
  }
}

/** Bytes of a record, its head and padding included (kernel/bpf/ringbuf.c). */
const bytesOf = (frame: Uint8Array) => (8 + RING_RECORD.SIZE + frame.length - ETHERNET + 7) & ~7;

/** Bytes left out of a packet's payload. */
export interface Hole {
  offset: number;
  size: number;
}

/** The bytes of a packet from its IP header on, without the holes in its payload. */
function withoutHoles(ip: Uint8Array, holes: readonly Hole[]): Uint8Array {
  const headers = IPV4 + (ip[IPV4 + 12]! >> 4) * 4;
  const kept = [...ip];
  for (const { offset, size } of holes.toReversed()) kept.splice(headers + offset, size);
  return Uint8Array.from(kept);
}

/** The hash of a frame's flow: any one will do that both directions share. */
export function flowHash(frame: Uint8Array): number {
  const tcp = ETHERNET + (frame[ETHERNET]! >> 4 === 4 ? IPV4 : IPV6);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  return Math.imul(view.getUint16(tcp) + view.getUint16(tcp + 2), 0x9e3779b1) >>> 0;
}

/**
 * The record of a packet as the kernel writes it: length, page offset, the record, the holes if there are any,
 * padding to 8.
 */
export function ringRecord(frame: Uint8Array, time: bigint, holes: readonly Hole[] = []): Uint8Array {
  const ip = holes.length ? withoutHoles(frame.subarray(ETHERNET), holes) : frame.subarray(ETHERNET);
  const table = holes.length ? HOLES_MAX * RING_HOLE.SIZE : 0;
  const bytes = new Uint8Array((8 + RING_RECORD.SIZE + table + ip.length + 7) & ~7);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, RING_RECORD.SIZE + table + ip.length, true);
  view.setUint8(8 + RING_RECORD.holes, holes.length);
  holes.forEach(({ offset, size }, i) => {
    const at = 8 + RING_RECORD.SIZE + i * RING_HOLE.SIZE;
    view.setUint32(at + RING_HOLE.offset, offset, true);
    view.setUint32(at + RING_HOLE.size, size, true);
  });
  view.setBigUint64(8 + RING_RECORD.time, time, true);
  view.setUint32(8 + RING_RECORD.length, frame.length, true);
  view.setUint32(8 + RING_RECORD.captured, ip.length, true);
  view.setUint32(8 + RING_RECORD.hash, flowHash(frame), true);
  const isIpv4 = ip[0]! >> 4 === 4;
  view.setUint16(8 + RING_RECORD.l4_offset, isIpv4 ? IPV4 : IPV6, true);
  view.setUint8(8 + RING_RECORD.family, isIpv4 ? 4 : 6);
  view.setUint8(8 + RING_RECORD.protocol, 6);
  view.setUint8(8 + RING_RECORD.link_size, ETHERNET);
  bytes.set(ip, 8 + RING_RECORD.SIZE + table);
  return bytes;
}

/** A BPF ring (kernel/bpf/ringbuf.c) and the counters beside it. */
export class FakeBpfRing implements FakeKernel {
  readonly ring: BpfRing;
  readonly libc: Libc;
  delivered = 0;
  dropped = 0;
  readonly #consumer: DataView;
  readonly #rest: DataView;
  readonly #counters: DataView;
  readonly #size: number;

  constructor({ memory, map }: Shared, zeroCopy: boolean, size = 2048) {
    const window = regionAddress(map, 0) + map.region.window.at;
    const consumer = new ArrayBuffer(PAGE_SIZE);
    const rest = new ArrayBuffer(PAGE_SIZE + 2 * size);
    const counters = new ArrayBuffer(2 * KERNEL_COUNTERS * 8);
    const { buffer } = memory;
    this.#size = size;
    this.#consumer = zeroCopy ? new DataView(buffer, window) : new DataView(consumer);
    this.#rest = zeroCopy ? new DataView(buffer, window + PAGE_SIZE) : new DataView(rest);
    this.#counters = zeroCopy ? new DataView(buffer, map.kernelCounters) : new DataView(counters);
    this.ring = {
      kind: 'bpf ring',
      fd: 1,
      size,
      counters: 2,
      countersSize: counters.byteLength,
      cpus: 1,
      uncut: null,
      zeroCopy,
    };
    const libc = libcOf((offset) => (offset === 0 ? consumer : rest), zeroCopy);
    this.libc = { ...libc, map: (n, p, fd, offset) => (fd === 2 ? counters : libc.map(n, p, fd, offset)) };
  }

  /** Bytes in the ring. */
  get backlog(): number {
    return Number(this.#rest.getBigUint64(0, true) - this.#consumer.getBigUint64(0, true));
  }

  deliver(frame: Uint8Array): void {
    const bytes = bytesOf(frame);
    const producer = this.#rest.getBigUint64(0, true);
    const counter = (name: (typeof KERNEL_COUNTER_NAMES)[number]) => {
      const at = KERNEL_COUNTER_NAMES.indexOf(name) * 8;
      this.#counters.setBigUint64(at, this.#counters.getBigUint64(at, true) + 1n, true);
    };
    if (this.backlog + bytes > this.#size) {
      this.dropped++;
      counter('lost_ring_full');
      return;
    }
    this.delivered++;
    counter('submitted');
    const record = ringRecord(frame, NS + BigInt(this.delivered));
    const base = this.#rest.byteOffset + PAGE_SIZE;
    const data = new Uint8Array(this.#rest.buffer, base, 2 * this.#size);
    const at = Number(producer) % this.#size;
    // The data is there twice in a row.
    record.forEach((byte, i) => {
      const place = (at + i) % this.#size;
      data[place] = byte;
      data[place + this.#size] = byte;
    });
    this.#rest.setBigUint64(0, producer + BigInt(bytes), true);
  }
}
