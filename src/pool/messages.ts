import type { MessagePort } from 'node:worker_threads';
import type { MemoryMap } from '../memory/map.js';

/** A BPF ring a worker drains. */
export interface BpfRing {
  kind: 'bpf ring';
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

/** A packet socket a worker drains. */
export interface PacketRing {
  kind: 'packet ring';
  fd: number;
  blockSize: number;
  blockCount: number;
  /** After this a block that is not full is handed over, ms. */
  blockTimeout: number;
  zeroCopy: boolean;
}

/** Name by which the pool asks for the code of its tasks. */
export const WORK = 'membench work';

/** What a thread of the pool is started with, before it gets any task. */
export interface ThreadData {
  /** Path of koffi's addon, where this process has loaded it. */
  koffi: string | undefined;
}

/** What comes from a worker: that it is ready and by what thread, that its parser trapped and was replaced, or a block. */
export type FromWorker = { ready: number } | { trapped: string } | SealedBlock;

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
  /** Added to the times of packets, in units: Unix time, where they count from something else. */
  clock: bigint;
  /** The kernel's ring it drains, null where its packets come through the batch ring. */
  ring: BpfRing | PacketRing | null;
  /** Another thread did this before and did not end: its work is taken over. */
  again: boolean;
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
  /** What the worker's counters gained since its last block, zeros left out. */
  counts: Record<string, number>;
}
