/** The parser alone, fed with records of a BPF ring. */
import { readFileSync } from 'node:fs';
import type { CacheEvent } from 'membench/decoder';
import { createCore } from '#src/decode/core.js';
import { usesSimd } from '#src/decode/simd.js';
import { EventCursor } from '#src/event/cursor.js';
import { COUNTER_NAMES, type Counter, EVENT_RECORD, UNCUT_BITMAP } from '#src/layout/generated.js';
import { NO_CAPTURE } from '#src/memory/capture-header.js';
import { beginCapture, captureStart, configureWorker, setPorts, setWalk } from '#src/memory/configure.js';
import { mapMemory, regionAddress, slotAddress } from '#src/memory/map.js';
import { checkPayload } from './payload.js';

const module = new WebAssembly.Module(
  readFileSync(`dist/wasm/${usesSimd() ? 'pipeline' : 'pipeline-scalar'}.wasm`),
);

/** Later than all packets of a test. */
const NOW = 1n << 62n;

export interface RingResult {
  events: CacheEvent[];
  counters: Record<Counter, number>;
  /** Bits set in the bitmap of flows that are to be copied whole: after each record, and at the end. */
  uncut: number[];
}

function bitsOf(bytes: Uint8Array): number {
  let bits = 0;
  for (const byte of bytes) for (let rest = byte; rest; rest >>= 1) bits += rest & 1;
  return bits;
}

/** A record, or what makes it once it is known of which flows, by their hash, whole packets are asked for. */
export type RingRecord = Uint8Array | ((isUncut: (hash: number) => boolean) => Uint8Array);

export interface RingOptions {
  /** There may be message records among them. */
  parsed?: boolean;
  /** Records by which the program sees the bitmap late. */
  late?: number;
}

/** Decodes records one by one. */
export function decodeRecords(
  records: readonly RingRecord[],
  { parsed = false, late = 0 }: RingOptions = {},
): RingResult {
  const map = mapMemory({
    workers: 1,
    slots: 1,
    slotSize: records.reduce((most, { length }) => Math.max(most, length), 65536),
    state: 32 << 20,
    blockEvents: 8,
    uncut: UNCUT_BITMAP,
  });
  const memory = new WebAssembly.Memory({ initial: map.pages, maximum: map.pages, shared: true });
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  setPorts(buffer, map, [[11211, 11211]]);
  setWalk(buffer, map, { unit: 1 });
  beginCapture(buffer, map, captureStart({ ...NO_CAPTURE, linktype: 1 }, 0, 1));
  const view = new DataView(buffer);
  const cursor = new EventCursor();
  const events: CacheEvent[] = [];
  const base = regionAddress(map, 0);
  const core = createCore(module, memory, {
    onBlock() {},
    onEvents(count) {
      for (let i = 0; i < count; i++) {
        events.push(cursor.read(view, base + map.region.events.at + i * EVENT_RECORD.SIZE, 1));
      }
    },
  });
  const keys = {
    key: new Uint8Array(16),
    addressKey: new Uint8Array(16),
    hashSeed: 1n,
    eventsOut: true,
    parsed,
  };
  core.init(configureWorker(buffer, map, 0, keys));
  const bitmap = new Uint8Array(buffer, map.uncut, UNCUT_BITMAP);
  const at = slotAddress(map, 0) + map.chunkOffset;
  const seen: Uint8Array[] = [];
  const isUncut = (hash: number) => {
    const [oldest = bitmap] = seen;
    const bit = hash >>> 16;
    return ((oldest[bit >>> 3]! >> (bit & 7)) & 1) !== 0;
  };
  const uncut = records.map((next) => {
    if (late > 0) seen.push(bitmap.slice());
    if (seen.length > late) seen.shift();
    const record = typeof next === 'function' ? next(isUncut) : next;
    new Uint8Array(buffer, at).set(record);
    core.decodeRing(at, record.length, record.length, NOW);
    return bitsOf(bitmap);
  });
  core.finish();
  uncut.push(bitsOf(bitmap));
  const counters = Object.fromEntries(
    COUNTER_NAMES.map((name, i) => [
      name,
      Number(view.getBigUint64(base + map.region.counters.at + i * 8, true)),
    ]),
  ) as Record<Counter, number>;
  checkPayload(counters);
  return { events, counters, uncut };
}
