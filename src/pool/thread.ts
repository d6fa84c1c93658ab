/**
 * The program of a worker's thread. build.mjs bundles it, with Piscina's part of a thread, into one string: a
 * thread that replaces a failed one must find its code in memory, because by then the process may not open
 * any file.
 */
import { workerData } from 'node:worker_threads';
import { useKoffi } from '../native/koffi.js';
import { type ThreadData, WORK } from './messages.js';
import work from './worker.js';

/** In a thread that is started from a string, Node makes `require` a global. */
const scope = globalThis as unknown as { require(name: string): unknown };

const { require } = scope;
// Piscina requires the code of its tasks by name.
scope.require = (name) => (name === WORK ? { __esModule: true, default: work } : require(name));

const { koffi } = workerData as ThreadData;
if (koffi !== undefined) useKoffi(koffi);
