import { MembenchError } from '../errors.js';
import type { ProfileReader } from '../profile/reader.js';
import { LifetimeCounter, type Lifetimes } from './collect/lifetimes.js';
import { MemoryCurves, type MissRatios } from './collect/memory.js';
import { type WorkingSet, WorkingSetCounter } from './collect/working-set.js';
import { KeyTable } from './key-table.js';
import type { Plan } from './options.js';
import { OrderedRows } from './ordered-rows.js';
import { INTERVAL, nextTurn } from './turn.js';

/** Keys whose order is followed, before only a sample of them is: so many fit into a processor's cache. */
export const ORDERED_KEYS_MAX = 2 ** 16;
/** The busiest of them stay: with them a sample errs several times less. */
export const ORDERED_PINNED_MAX = ORDERED_KEYS_MAX / 4;

/** What depends on the order of events. */
export interface OrderedAnalysis {
  lifetimes: Lifetimes;
  working_set: WorkingSet[];
  mrc: MissRatios;
  /** Share of the keys that were followed, sampled by hash; 1: all. */
  sampled: number;
}

/** Whether something that is asked for depends on the order of events. */
export function needsOrder({ wants }: Plan): boolean {
  return wants('ttl') || wants('working-set') || wants('memory');
}

export interface Watch {
  /** Told how many events are done. */
  onProgress?: (done: number) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Answers the questions that depend on the order of events, in a pass of their own.
 *
 * @param originNs time of the first event, Unix nanoseconds
 * @throws ERR_MEMBENCH_ABORTED
 */
export async function analyzeOrder(
  readers: readonly ProfileReader[],
  plan: Plan,
  originNs: bigint,
  { onProgress, signal }: Watch = {},
): Promise<OrderedAnalysis> {
  const origin = Number(originNs);
  const table = new KeyTable(ORDERED_KEYS_MAX, ORDERED_PINNED_MAX);
  const lifetimes = new LifetimeCounter(table, origin);
  const workingSet = new WorkingSetCounter(plan.start, plan.end);
  const memory = new MemoryCurves(table, origin, plan.memory);
  const collectors = [
    ...(plan.wants('ttl') ? [lifetimes] : []),
    ...(plan.wants('working-set') ? [workingSet] : []),
    ...(plan.wants('memory') ? [memory] : []),
  ];
  const rows = new OrderedRows(readers, table, collectors, plan.selection);
  let told = performance.now();
  while (collectors.length > 0 && rows.next()) {
    if (performance.now() - told < INTERVAL) continue;
    onProgress?.(rows.done);
    await nextTurn();
    if (signal?.aborted) throw new MembenchError('ERR_MEMBENCH_ABORTED', 'analysis was stopped');
    told = performance.now();
  }
  return {
    lifetimes: lifetimes.result(rows.end),
    working_set: workingSet.result(rows.end),
    mrc: memory.result(rows.hits, rows.misses),
    sampled: table.rate,
  };
}
