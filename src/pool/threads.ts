import { availableParallelism } from 'node:os';
import { koffiAddon } from '../native/koffi.js';
import { type ThreadData, WORK } from './messages.js';
import { Piscina } from './piscina.cjs';

/** One worker decodes more packets than this many cores of a server answer. */
const CORES_OF_A_LIVE_WORKER = 4;

/**
 * Default number of workers: for a file, all cores this process may use; for a live source fewer, because the
 * cores belong to the server and every worker costs wake-ups.
 */
export function defaultWorkers(live: boolean): number {
  const cores = availableParallelism();
  return live ? Math.ceil(cores / CORES_OF_A_LIVE_WORKER) : cores;
}

/** The threads of the workers. */
export type Threads = Piscina;

/**
 * Starts a thread for each worker, at most one for each core; the others start when they get their task.
 * Threads wait for their tasks asleep, and `destroy()` ends them.
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
