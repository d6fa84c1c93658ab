/** Messages between the page and its worker. */
import type { Counter } from '../layout/generated.js';
import type { WorkloadData } from './workload.js';

/** Message to the worker: decode a capture. */
export interface Start {
  file: File;
  ports: [first: number, last: number][];
}

/** Message from the worker, a few times a second and at the end. */
export interface Progress {
  workload: WorkloadData;
  counters: Record<Counter, number>;
  /** Bytes of the file read, and its size. */
  bytes: number;
  total: number;
  /** Time since the start of decoding, ms. */
  elapsed: number;
  /** Whether the capture is decoded. */
  done: boolean;
  /** The reason where it ended early; events before are included. */
  problem: string | null;
}
