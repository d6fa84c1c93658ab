import type { Batch } from './batch.js';
import type { Encoded } from './encoding.js';
import type { ExportFormat } from './options.js';
import type { EventShape } from './shapes.js';

/** What the thread that encodes starts with. */
export interface ThreadData {
  format: ExportFormat;
  /** The file it writes; null where it sends the bytes. */
  fd: number | null;
  /** In shared memory. */
  batches: readonly Batch[];
}

/** A filled batch, with the shapes it does not know yet; or that there are no more. */
export type ToThread = 'finish' | { index: number; rows: number; shapes: readonly EventShape[] };

export type FromThread =
  | {
      kind: 'done';
      /** The batch that is free again. */
      index?: number;
      bytes: readonly Uint8Array[];
      encoded?: Encoded;
    }
  | {
      kind: 'failed';
      /** The code of a system call that failed. */
      errno: string | undefined;
      text: string;
    };
