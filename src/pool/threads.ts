import { availableParallelism } from 'node:os';
import { koffiAddon } from '../native/koffi.js';
import { type ThreadData, WORK } from './messages.js';
import { Piscina } from './piscina.cjs';

/** One worker takes more packets than this many cores of a server answer. */
const CORES_OF_A_LIVE_WORKER = 4;

/**
 * A file is there to be worked through: all the cores this process may use. Live they belong to the server,
 * and every worker costs wake-ups.
 */
export function defaultWorkers(live: boolean): number {
  const cores = availableParallelism();
  return live ? Math.ceil(cores / CORES_OF_A_LIVE_WORKER) : cores;
}

/** The threads workers run on. */
export type Threads = Piscina;

/**
 * Starts a thread for each worker that has a core; the others start when they get their task. They wait for their
 * tasks without using a core, and `destroy()` ends them.
 */
export function startThreads(workers: number): Threads {
  return new Piscina({
    filename: WORK,
    workerData: { koffi: koffiAddon() } satisfies ThreadData,
    minThreads: Math.min(workers, availableParallelism()),
    maxThreads: workers,
    // A task lasts as long as the recording: idle threads must not be reaped, tasks must not share one.
    idleTimeout: Number.POSITIVE_INFINITY,
    concurrentTasksPerWorker: 1,
  });
}
