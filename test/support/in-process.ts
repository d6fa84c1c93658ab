/**
 * The whole pipeline on one thread: several parser instances over one memory, blocks, profile file,
 * reader. Everything `record` does but for the threads, and quick enough for property tests.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CacheEvent } from 'membench/decoder';
import { openProfile, readEvents } from 'membench/profile';
import { createCore } from '#src/decode/core.js';
import { usesSimd } from '#src/decode/simd.js';
import { COUNTER_NAMES, type Counter, SLOT } from '#src/layout/generated.js';
import type { RingReader } from '#src/memory/batch-ring.js';
import { parseCaptureHeader } from '#src/memory/capture-header.js';
import {
  beginCapture,
  captureStart,
  configureWorker,
  isBroken,
  type PortRanges,
  setPorts,
  setWalk,
} from '#src/memory/configure.js';
import { type MapOptions, type MemoryMap, mapMemory, regionAddress, slotAddress } from '#src/memory/map.js';
import { BlockSealer } from '#src/pool/block-sealer.js';
import type { SealedBlock, WorkerTask } from '#src/pool/messages.js';
import type { ProfileHeader } from '#src/profile/header.js';
import { type FooterInfo, ProfileWriter } from '#src/profile/writer.js';
import { checkPayload } from './payload.js';

const module = new WebAssembly.Module(
  readFileSync(`dist/wasm/${usesSimd() ? 'pipeline' : 'pipeline-scalar'}.wasm`),
);

export interface InProcessOptions {
  workers?: number;
  key?: Uint8Array;
  ports?: PortRanges;
  /** One of so many connections. */
  sample?: number;
  map?: Partial<MapOptions>;
  /** What the profile's header says besides what follows from the rest. */
  header?: Partial<ProfileHeader>;
  /** Loss records and notes, written after the blocks; the footer counts the losses, too. */
  losses?: { worker: number; reason: string; packets: number }[];
  notes?: { what: string; atNs: bigint }[];
  /** What the footer says besides the counters. */
  footer?: Partial<FooterInfo>;
  /** What a live source's clock says whenever a block is sealed: nanoseconds to add. */
  clock?: () => bigint;
}

export interface InProcessResult {
  events: CacheEvent[];
  counters: Record<Counter, number>;
  profile: Uint8Array;
  /** Whether the capture ended in a record, or in what cannot be one. */
  broken: boolean;
  /** Where it all happened. */
  memory: WebAssembly.Memory;
  map: MemoryMap;
}

/** Records a capture given as bytes. */
export function recordInProcess(capture: Uint8Array, options: InProcessOptions = {}): InProcessResult {
  const { workers = 1, key = new Uint8Array(16), ports = [[11211, 11211]] } = options;
  const map = mapMemory({
    workers,
    slots: 3,
    slotSize: 65536,
    // As much for each worker, however many there are.
    state: workers * (64 << 20),
    blockEvents: 512,
    ...options.map,
  });
  const memory = new WebAssembly.Memory({ initial: map.pages, maximum: map.pages, shared: true });
  const { buffer } = memory;
  const header = parseCaptureHeader(capture.subarray(0, 24));
  setPorts(buffer, map, ports);
  setWalk(buffer, map, { unit: header.unit, sample: options.sample ?? 1 });
  beginCapture(buffer, map, captureStart(header, 1, header.unit));
  const folder = mkdtempSync(join(tmpdir(), 'membench-test-'));
  try {
    const path = join(folder, 'profile.mbp');
    const run = options.header?.run ?? new Uint8Array(16);
    const writer = ProfileWriter.create(path, {
      force: false,
      header: {
        run,
        created_ns: 0n,
        tool: 'test',
        source: 'file',
        unit: header.unit,
        workers,
        ports,
        key_id: new Uint8Array(8),
        ...options.header,
      },
    });
    const cores = Array.from({ length: workers }, (_, worker) => {
      const config = configureWorker(buffer, map, worker, {
        key,
        addressKey: new Uint8Array(16),
        hashSeed: 77n,
        eventsOut: false,
      });
      const port = { postMessage: (block: SealedBlock) => writer.writeBlock(block.frame, block) };
      const task = {
        module,
        memory,
        map,
        worker,
        config,
        run,
        unit: header.unit,
        port,
      } as unknown as WorkerTask;
      const { clock } = options;
      const sealer = new BlockSealer(
        task,
        { blockSealed() {} } as unknown as RingReader,
        clock === undefined ? null : { clock, count() {} },
      );
      const core = createCore(module, memory, { onBlock: () => sealer.seal(core), onEvents() {} });
      core.init(config);
      return core;
    });
    const view = new DataView(buffer);
    for (let at = header.size, k = 0; at < capture.length; at += map.slotSize, k++) {
      const slot = slotAddress(map, k % map.slots);
      const part = capture.subarray(at, at + map.slotSize);
      new Uint8Array(buffer, slot + map.chunkOffset).set(part);
      view.setBigUint64(slot + SLOT.base_ordinal, view.getBigUint64(map.indexState, true), true);
      cores[k % workers]!.indexSlot(
        slot + map.chunkOffset,
        part.length,
        slot + map.listOffset,
        map.listStride,
        workers,
        slot + map.roomOffset,
      );
      cores.forEach((core, worker) => {
        core.decodeSlot(
          slot + map.listOffset + worker * map.listStride,
          view.getBigUint64(slot + SLOT.base_ordinal, true),
        );
      });
    }
    const broken = isBroken(buffer, map);
    for (const core of cores) core.finish();
    const counters = Object.fromEntries(
      COUNTER_NAMES.map((name, i) => [
        name,
        cores.reduce(
          (sum, _, worker) =>
            sum +
            Number(view.getBigUint64(regionAddress(map, worker) + map.region.counters.at + i * 8, true)),
          0,
        ),
      ]),
    ) as Record<Counter, number>;
    checkPayload(counters);
    const counts = Object.fromEntries(Object.entries(counters).filter(([, count]) => count > 0));
    for (const { worker, reason, packets } of options.losses ?? []) {
      writer.writeLoss(worker, reason, packets);
      counts[`lost_${reason}`] = (counts[`lost_${reason}`] ?? 0) + packets;
    }
    for (const { what, atNs } of options.notes ?? []) writer.writeNote(what, atNs);
    const times = { elapsed_ns: 0n, first_ns: 0n, last_ns: 0n };
    writer.finish({ ended: 'end of source', counts, ...times, ...options.footer });
    using profile = openProfile(path);
    const events = [...readEvents(profile)];
    return { events, counters, profile: readFileSync(path), broken, memory, map };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
