import type { Mark, Op, Proto, Status, Transport } from '../layout/generated.js';

/**
 * One key of one request with its outcome: a line of `membench cat`, and an event of the decoder. A number
 * above 2^53 is a string of its decimal digits.
 */
export interface CacheEvent {
  /** Unix nanoseconds of the packet that delivered the request's first byte. */
  ts_ns: string;
  /** Connection, numbered by first appearance. */
  conn: number;
  /** Request, numbered in order; the keys of one multiget share it. */
  request: number;
  proto: Proto;
  transport: Transport;
  op: Op;
  /** Keyed hash of the key, 16 hex digits. */
  key: string | null;
  key_size: number | null;
  value_size: number | null;
  mode: string | null;
  flags: number | string | null;
  ttl: number | string | null;
  delta: number | string | null;
  /** A cas unique was compared. */
  cas: boolean;
  quiet: boolean;
  status: Status;
  latency_ns: number | null;
  // The following fields are present only where they have a value.
  /** Flags of a meta request, in alphabetical order, lower case first. */
  meta_flags?: string;
  /** Flags that only an answer carries: W, Z and X, as words. */
  marks?: Mark[];
  initial?: number | string;
  cas_new?: number | string;
  vivify?: number | string;
  recache?: number | string;
  ttl_left?: number | string;
}
