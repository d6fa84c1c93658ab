/**
 * What a worker's thread runs: built by build.mjs into one text, together with Piscina's own half of a thread.
 * A thread that is started late, in place of one that hung or died, finds its code in memory: the process
 * may no longer read, or open, any file by then.
 */
import { workerData } from 'node:worker_threads';
import { useKoffi } from '../native/koffi.js';
import { type ThreadData, WORK } from './messages.js';
import work from './worker.js';

/** Node gives a thread that is started from a text its `require` as a global. */
const scope = globalThis as unknown as { require(name: string): unknown };

const { require } = scope;
// Piscina's half asks for the code of its tasks by name.
scope.require = (name) => (name === WORK ? { __esModule: true, default: work } : require(name));

const { koffi } = workerData as ThreadData;
if (koffi !== undefined) useKoffi(koffi);
