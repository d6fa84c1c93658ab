import { mix } from '../profile/mix.js';
import type { EventShape } from '../profile/shapes.js';
import { NEVER, type Words, wordsOf } from '../profile/words.js';

/** Which events are exported. */
export interface FilterOptions {
  /** Requests from this time on; Unix nanoseconds. */
  from?: bigint | undefined;
  /** Requests before this time; Unix nanoseconds. */
  to?: bigint | undefined;
  /** Commands, by their names. Default: all. */
  ops?: readonly string[] | undefined;
  /** One of so many connections, whole ones, chosen by a hash of their number. Default: 1, all. */
  sample?: number | undefined;
}

/** Decides which events are exported, and counts the others. */
export class Filter {
  readonly from: Words;
  readonly to: Words;
  readonly sample: number;
  /** Events passed over, by the first reason in this order. */
  readonly skipped = { time: 0, op: 0, sample: 0 };
  readonly #ops: ReadonlySet<string> | null;

  constructor({ from, to, ops, sample = 1 }: FilterOptions) {
    this.from = wordsOf(from ?? 0n);
    this.to = to === undefined || to >= 2n ** 64n ? NEVER : wordsOf(to);
    this.sample = sample;
    this.#ops = ops === undefined ? null : new Set(ops);
  }

  /** Whether events of a shape are exported. */
  takesShape({ op }: EventShape): boolean {
    return this.#ops === null || this.#ops.has(op);
  }

  /** Whether a connection, by its number, is in the sample. */
  takesConn(conn: number): boolean {
    return this.sample === 1 || mix(conn + 1) % this.sample === 0;
  }
}
