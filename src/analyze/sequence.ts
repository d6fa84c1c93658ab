import type { Outcome } from './shape-kind.js';

/** Rows in the total order of events, as ordered collectors get them. Only keys of the sample are among them. */
export interface Sequence {
  rows: number;
  /** Nanoseconds since the first event of all profiles, never falling. */
  time: Float64Array;
  /** Number of the key in the sample's own table. */
  id: Int32Array;
  /** See ACTS and OUTCOMES. */
  act: Uint8Array;
  outcome: Uint8Array;
  /** Bytes of the item with its overhead, -1 where unknown: of what was stored, or of what was fetched. */
  itemSize: Float64Array;
  /** Seconds as sent, NaN where none was. */
  ttl: Float64Array;
  /** For how many keys the row's stands: see KeyTable.weightOf. */
  weight: Float64Array;
}

/** Numbers of `Sequence.act`. A `grow` is a write that keeps the value there is. */
export const ACTS = ['read', 'write', 'grow', 'delete', 'count', 'touch', 'other'] as const;
export const [READ, WRITE, GROW, DELETE, COUNT, TOUCH] = [0, 1, 2, 3, 4, 5] as const;
export const OUTCOMES = [
  'hit',
  'miss',
  'stored',
  'error',
  'unanswered',
  'other',
] as const satisfies Outcome[];
export const [HIT, MISS, STORED] = [0, 1, 2] as const;

/** Answers a question that depends on the order of events. */
export interface OrderedCollector {
  /** Takes rows later than all before; the arrays are used again after it. */
  add(sequence: Sequence): void;
  /**
   * The sample got smaller: numbers of keys are exchanged, -1: gone. Columns of the table were exchanged before.
   */
  renumber?(ids: Int32Array): void;
}

export function createSequence(rows: number): Sequence {
  return {
    rows: 0,
    time: new Float64Array(rows),
    id: new Int32Array(rows),
    act: new Uint8Array(rows),
    outcome: new Uint8Array(rows),
    itemSize: new Float64Array(rows),
    ttl: new Float64Array(rows),
    weight: new Float64Array(rows),
  };
}
