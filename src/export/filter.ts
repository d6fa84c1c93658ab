import type { EventShape } from './shapes.js';

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

/** Unix nanoseconds as two words. */
export interface Words {
  high: number;
  low: number;
}

const LAST = 2n ** 64n - 1n;

/** The words of a time; one outside of 64 bits is the nearest inside. */
export function wordsOf(ns: bigint): Words {
  const inside = ns < 0n ? 0n : ns > LAST ? LAST : ns;
  return { high: Number(inside >> 32n), low: Number(inside & 0xffffffffn) };
}

/** Says of events whether they are exported, and counts those that are not. */
export class Filter {
  readonly from: Words;
  /** Null: to the end. */
  readonly to: Words | null;
  readonly sample: number;
  /** Events passed over, by the first reason in this order. */
  readonly skipped = { time: 0, op: 0, sample: 0 };
  readonly #ops: ReadonlySet<string> | null;

  constructor({ from, to, ops, sample = 1 }: FilterOptions) {
    this.from = wordsOf(from ?? 0n);
    this.to = to === undefined || to > LAST ? null : wordsOf(to);
    this.sample = sample;
    this.#ops = ops === undefined ? null : new Set(ops);
  }

  /** Whether events of a shape are exported. */
  takesShape({ op }: EventShape): boolean {
    return this.#ops === null || this.#ops.has(op);
  }

  /** Whether a connection, by its number, is in the sample. */
  takesConn(conn: number): boolean {
    return this.sample === 1 || mix(conn) % this.sample === 0;
  }
}

/** The finalizer of MurmurHash3: every bit of the number decides about every bit of the result. */
function mix(number: number): number {
  let hash = number + 1;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
