/** What the page and its worker say to each other. */
import type { Counter } from '../layout/generated.js';
import type { WorkloadData } from './workload.js';

/** To the worker: one message, one capture. */
export interface Start {
  file: File;
  ports: [first: number, last: number][];
}

/** From the worker, a few times a second and at the end. */
export interface Progress {
  workload: WorkloadData;
  counters: Record<Counter, number>;
  /** Bytes of the file taken, and in all. */
  bytes: number;
  total: number;
  /** Milliseconds it worked. */
  elapsed: number;
  /** Whether this is all. */
  done: boolean;
  /** Why it ended early, where it did: what was decoded until then stands. */
  problem: string | null;
}
