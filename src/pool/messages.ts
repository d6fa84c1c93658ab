import type { MessagePort } from 'node:worker_threads';
import type { MemoryMap } from '../memory/map.js';

/** The kernel's ring a worker drains, where its packets do not come through the batch ring. */
export interface KernelRings {
  /** Descriptor of its ring, and bytes of it. */
  fd: number;
  size: number;
  /** Descriptor of the map of kernel counters, its bytes, and the CPUs it counts for. */
  counters: number;
  countersSize: number;
  cpus: number;
  /** Map the ring into the parser's memory; false: copy out of it. */
  zeroCopy: boolean;
}

/** What a worker says before it does anything else. */
export const READY = 'ready';

/** What a worker is started with. */
export interface WorkerTask {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  map: MemoryMap;
  worker: number;
  /** Address of its configuration. */
  config: number;
  run: Uint8Array;
  unit: number;
  rings: KernelRings | null;
  /** Sealed blocks go out here. */
  port: MessagePort;
}

/** A sealed block as it goes into the file, and what its index entry says. */
export interface SealedBlock {
  frame: Uint8Array<ArrayBuffer>;
  worker: number;
  seq: number;
  events: number;
  minNs: bigint;
  maxNs: bigint;
}
