/** The parser alone, on one thread, with the capture in memory. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCore } from '#src/decode/core.js';
import { COUNTER_NAMES, type Counter, INDEX_STATE } from '#src/layout/generated.js';
import { parseCaptureHeader } from '#src/memory/capture-header.js';
import { beginCapture, captureStart, configureWorker, setPorts, setWalk } from '#src/memory/configure.js';
import { mapMemory, regionAddress, slotAddress } from '#src/memory/map.js';
import { SLOT_SIZE } from '#src/recorder/feeds.js';
import { ROOT } from '../root.js';

const PCAP_HEADER = 24;
const PORTS = [[11211, 11211]] as const;

const module = new WebAssembly.Module(readFileSync(join(ROOT, 'dist/wasm/pipeline.wasm')));

/** Times of one pass over a capture. */
export interface Pass {
  /** Time of the record walk, and of each worker's decoding, ms. */
  index: number;
  decode: number[];
  /** Time of ending the last flows, ms. */
  finish: number;
  counters: Partial<Record<Counter, number>>;
}

/** Decodes a capture with several instances in one memory, one after the other. */
export function pass(bytes: Buffer, workers: number): Pass {
  const map = mapMemory({ workers, slots: 1, slotSize: SLOT_SIZE, state: 512 << 20, blockEvents: 32768 });
  const memory = new WebAssembly.Memory({ initial: map.pages, maximum: map.pages, shared: true });
  const { buffer } = memory;
  setPorts(buffer, map, PORTS);
  const header = parseCaptureHeader(bytes.subarray(0, PCAP_HEADER));
  setWalk(buffer, map, { unit: header.unit });
  beginCapture(buffer, map, captureStart(header, 1, header.unit));
  const secrets = { key: new Uint8Array(16), addressKey: new Uint8Array(16), hashSeed: 1n, eventsOut: false };
  const cores = Array.from({ length: workers }, (_, worker) => {
    const core = createCore(module, memory, { onBlock() {}, onEvents() {} });
    core.init(configureWorker(buffer, map, worker, secrets));
    return core;
  });
  const view = new DataView(buffer);
  const slot = slotAddress(map, 0);
  const chunk = slot + map.chunkOffset;
  const target = new Uint8Array(buffer, chunk, SLOT_SIZE);
  const took: Pass = { index: 0, decode: new Array(workers).fill(0), finish: 0, counters: {} };
  for (let at = header.size, k = 0; at < bytes.length; at += SLOT_SIZE, k++) {
    const part = bytes.subarray(at, at + SLOT_SIZE);
    target.set(part);
    const ordinal = view.getBigUint64(map.indexState + INDEX_STATE.ordinal, true);
    let start = performance.now();
    const lists = slot + map.listOffset;
    cores[k % workers]!.indexSlot(chunk, part.length, lists, map.listStride, workers, slot + map.roomOffset);
    let end = performance.now();
    took.index += end - start;
    for (let worker = 0; worker < workers; worker++) {
      start = end;
      cores[worker]!.decodeSlot(lists + worker * map.listStride, ordinal);
      end = performance.now();
      took.decode[worker]! += end - start;
    }
  }
  const start = performance.now();
  for (const core of cores) core.finish();
  took.finish = performance.now() - start;
  for (const [i, name] of COUNTER_NAMES.entries()) {
    const of = (worker: number) => regionAddress(map, worker) + map.region.counters.at + i * 8;
    const sum = cores.reduce((total, _, worker) => total + Number(view.getBigUint64(of(worker), true)), 0);
    if (sum > 0) took.counters[name] = sum;
  }
  return took;
}
