import type { MessagePort } from 'node:worker_threads';
import type { MemoryMap } from '../memory/map.js';

/** What a worker maps of the BPF program besides its rings. */
export interface ProgramMaps {
  /** Descriptor of the map of kernel counters, its bytes, and the number of CPUs it counts for. */
  counters: number;
  countersSize: number;
  cpus: number;
  /** Descriptor of the bitmap of flows that are copied whole; null where all are. */
  uncut: number | null;
  /** Whether to map everything into the parser's memory, instead of copying from rings. */
  zeroCopy: boolean;
}

/** A BPF ring that a worker drains. */
export interface BpfRing extends ProgramMaps {
  kind: 'bpf ring';
  /** Descriptor of the ring. */
  fd: number;
  /** Bytes of the ring. */
  size: number;
}

/** The rings of a BPF perf buffer that a worker drains, one for each CPU. */
export interface PerfRings extends ProgramMaps {
  kind: 'perf rings';
  fds: readonly number[];
  /** Bytes of the data of each. */
  size: number;
}

/** A packet socket that a worker drains. */
export interface PacketRing {
  kind: 'packet ring';
  fd: number;
  blockSize: number;
  blockCount: number;
  /** Time after which the kernel hands over a block that is not full, ms. */
  blockTimeout: number;
  zeroCopy: boolean;
}

/** Name under which the pool requires the code of its tasks. */
export const WORK = 'membench work';

/** Data of a thread of the pool, given at its start before any task. */
export interface ThreadData {
  /** Path of koffi's addon, where this process has loaded it. */
  koffi: string | undefined;
}

/** A message of a worker: its thread is ready, its parser trapped and was replaced, or a sealed block. */
export type FromWorker = { ready: number } | { trapped: string } | SealedBlock;

/** The task of a worker. */
export interface WorkerTask {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  map: MemoryMap;
  worker: number;
  /** Address of the worker's configuration. */
  config: number;
  run: Uint8Array;
  unit: number;
  /** Added to the times of packets to get Unix time, in units. */
  clock: bigint;
  /** The kernel ring that it drains, null where its packets come through the batch ring. */
  ring: BpfRing | PerfRings | PacketRing | null;
  /** Whether it takes over from a thread that failed. */
  again: boolean;
  /** Port for messages of FromWorker. */
  port: MessagePort;
}

/** A sealed block as it is written to the profile, with the fields of its index entry. */
export interface SealedBlock {
  frame: Uint8Array<ArrayBuffer>;
  worker: number;
  seq: number;
  events: number;
  minNs: bigint;
  maxNs: bigint;
  /** Increase of the worker's counters since its last block, without zeros. */
  counts: Record<string, number>;
}
