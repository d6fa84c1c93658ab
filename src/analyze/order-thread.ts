/** A thread that answers what depends on the order of events, beside the one that answers the rest. */
import { parentPort, workerData } from 'node:worker_threads';
import { openAll } from '../profile/open-all.js';
import { planOf } from './options.js';
import type { FromThread, ThreadData } from './order-elsewhere.js';
import { analyzeOrder } from './ordered-analysis.js';
import { rangeOf } from './pass.js';

const { paths, options } = workerData as ThreadData;
const say = (message: FromThread) => parentPort!.postMessage(message);
const readers = openAll(paths);
const range = rangeOf(readers);
const onProgress = (done: number) => say({ done });
analyzeOrder(readers, planOf(options, range), range?.firstNs ?? 0n, { onProgress }).then((result) =>
  say({ result }),
);
