import type { EncodedGroup } from './group-encoder.js';
import type { EventShape } from './shapes.js';

/** A filled batch, with the shapes the thread does not know yet; or that its row group is complete. */
export type ToGroupThread =
  | { kind: 'batch'; index: number; rows: number; shapes: readonly EventShape[] }
  | { kind: 'seal'; number: number };

/** A batch that is free again; or a row group. */
export type FromGroupThread =
  | { kind: 'free'; index: number }
  | { kind: 'group'; number: number; group: EncodedGroup };
