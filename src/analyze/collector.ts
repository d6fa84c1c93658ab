import type { Batch } from './batch.js';

/** Answers one question from one pass over the columns: a file in collect/ each. */
export interface Collector {
  /** Counts the rows of a batch. */
  add(batch: Batch): void;
}
