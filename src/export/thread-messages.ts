import type { EventShape } from '../profile/shapes.js';
import type { SortedBlock, SortTask } from '../profile/sorted-block.js';
import type { Batch } from './batch.js';
import type { Encoded } from './encoder.js';
import type { ExportFormat } from './options.js';

/** What a thread starts with. */
export interface ThreadData {
  format: ExportFormat;
  /** In shared memory; messages name a batch by its place here. */
  batches: readonly Batch[];
}

/** A task, and memory for its result. Of shapes, a message has those the thread does not know yet. */
export type ToThread = { id: number; memory: SharedArrayBuffer } & (
  | { kind: 'decode'; task: SortTask }
  | { kind: 'encode'; index: number; rows: number; blocks: SortedBlock[]; shapes: readonly EventShape[] }
);

/** The result of a task, or in which way its block is damaged. */
export type FromThread =
  | { id: number; kind: 'block'; block: SortedBlock }
  | { id: number; kind: 'encoded'; encoded: Encoded }
  | { id: number; kind: 'damaged'; reason: string };
