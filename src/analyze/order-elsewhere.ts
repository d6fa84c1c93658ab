import { Worker } from 'node:worker_threads';
import { MembenchError } from '../errors.js';
import type { AnalyzeOptions } from './options.js';
import type { OrderedAnalysis, Watch } from './ordered-analysis.js';

/** What the thread starts with. */
export interface ThreadData {
  paths: readonly string[];
  options: AnalyzeOptions;
}

export type FromThread = { done: number } | { result: OrderedAnalysis };

/**
 * Runs analyzeOrder on a thread, which opens the profiles itself.
 *
 * @throws ERR_MEMBENCH_ABORTED, and whatever ends the thread
 */
export function analyzeOrderElsewhere(
  paths: readonly string[],
  { onProgress: _, signal: __, ...options }: AnalyzeOptions,
  { onProgress, signal }: Watch,
): Promise<OrderedAnalysis> {
  const workerData: ThreadData = { paths, options };
  const worker = new Worker(new URL('./order-thread.cjs', import.meta.url), { workerData });
  return new Promise<OrderedAnalysis>((resolve, reject) => {
    worker.on('message', (message: FromThread) => {
      if ('result' in message) resolve(message.result);
      else onProgress?.(message.done);
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('the thread of the analysis ended')));
    signal?.addEventListener('abort', () => {
      reject(new MembenchError('ERR_MEMBENCH_ABORTED', 'analysis was stopped'));
      void worker.terminate();
    });
  });
}
