import type { MessagePort } from 'node:worker_threads';
import type { MemoryMap } from '../memory/map.js';

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
