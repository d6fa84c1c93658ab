import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';
import { Histogram, type Percentiles } from '../histogram.js';
import { type Run, runsOf } from '../runs.js';
import type { ShapeKind } from '../shape-kind.js';

/** Counts of one interval or group. All but `requests` are per key. */
export interface Counted {
  requests: number;
  events: number;
  /** Of commands that ask for a value. */
  hits: number;
  misses: number;
  errors: number;
  /** Bytes of keys and values sent to the server, and of values fetched, without the protocol around them. */
  bytes_in: number;
  bytes_out: number;
}

export interface Slice extends Counted {
  /** Start of the interval, Unix nanoseconds. */
  ts_ns: string;
  /** At most 1/16 too high; the maximum is exact. */
  latency_ns: Percentiles;
  /** The same by command, of the commands that occurred. */
  ops: Record<string, Counted>;
}

/** Most intervals, because each takes about 8 kB; a shorter interval is refused. */
export const SLICES_MAX = 10_000;
/** Intervals to choose from by default, seconds, and the number of them to stay below. */
const NICE = [0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 21_600, 86_400, 604_800];
const WANTED = 60;
const LATENCY_BITS = 4;

const FIELDS = ['requests', 'events', 'hits', 'misses', 'errors', 'bytes_in', 'bytes_out'] as const;
const [REQUESTS, EVENTS, HITS, MISSES, ERRORS, IN, OUT] = FIELDS.map((_, i) => i) as [0, 1, 2, 3, 4, 5, 6];

/** The default interval for a duration. */
export function niceInterval(seconds: number): number {
  return NICE.find((interval) => seconds / interval < WANTED) ?? seconds / WANTED;
}

class Accumulated {
  readonly latency = new Histogram(LATENCY_BITS);
  /** Indexed by number of the command, then field. */
  counts = new Float64Array(FIELDS.length * 8);

  /** The counts of a command, stored from `at`. */
  row(op: number): number {
    const at = op * FIELDS.length;
    if (at >= this.counts.length) {
      const counts = new Float64Array(Math.max(2 * this.counts.length, at + FIELDS.length));
      counts.set(this.counts);
      this.counts = counts;
    }
    return at;
  }
}

/** The workload over time, by command. */
export class Series implements Collector {
  readonly #interval: number;
  readonly #slices = new Map<number, Accumulated>();
  readonly #ops = new Map<string, number>();

  /** @param seconds of an interval; the first interval begins with the first event of the profiles */
  constructor(seconds: number) {
    this.#interval = seconds * 1e9;
  }

  add(batch: Batch): void {
    const { kinds, rows, kind, time, latency } = batch;
    const ops = kinds.map(({ op }) => this.#opOf(op));
    for (const run of runsOf(time, rows, this.#interval)) {
      const slice = this.#sliceAt(run.at);
      const counts = countsOf(batch, run);
      for (let i = 0; i < kinds.length; i++) addCounts(slice, ops[i]!, kinds[i]!, counts.subarray(4 * i));
      const latencies = kinds.map(({ hasLatency }) => (hasLatency ? slice.latency : null));
      Histogram.recordRows(latencies, { kind, values: latency, ...run });
    }
  }

  #opOf(op: string): number {
    const known = this.#ops.get(op);
    if (known !== undefined) return known;
    this.#ops.set(op, this.#ops.size);
    return this.#ops.size - 1;
  }

  #sliceAt(at: number): Accumulated {
    let slice = this.#slices.get(at);
    if (slice === undefined) {
      slice = new Accumulated();
      this.#slices.set(at, slice);
    }
    return slice;
  }

  /** All intervals from the first event to the last; in long gaps, empty intervals are left out. */
  result(originNs: bigint): Slice[] {
    const found = [...this.#slices.keys()].sort((a, b) => a - b);
    const first = found[0] ?? 0;
    const span = (found.at(-1) ?? -1) - first + 1;
    const all = span <= SLICES_MAX ? Array.from({ length: span }, (_, i) => first + i) : found;
    const ops = [...this.#ops].sort(([a], [b]) => (a < b ? -1 : 1));
    return all.map((at) => {
      const slice = this.#slices.get(at) ?? new Accumulated();
      const total = new Float64Array(FIELDS.length);
      const byOp: [string, Counted][] = [];
      for (const [op, number] of ops) {
        const row = slice.row(number);
        const own = slice.counts.subarray(row, row + FIELDS.length);
        if (own[EVENTS] === 0) continue;
        for (let i = 0; i < FIELDS.length; i++) total[i]! += own[i]!;
        byOp.push([op, named(own)]);
      }
      return {
        ts_ns: (originNs + BigInt(Math.round(at * this.#interval))).toString(),
        ...named(total),
        latency_ns: slice.latency.percentiles(),
        ops: Object.fromEntries(byOp),
      };
    });
  }
}

/** By kind, what rows add up to: requests, events, bytes of keys and of values, in a row. */
function countsOf(
  { kinds, kind, index, entry, keySizes, valueSize }: Batch,
  { from, to }: Run,
): Float64Array {
  const counts = new Float64Array(4 * kinds.length);
  for (let i = from; i < to; i++) {
    const at = 4 * kind[i]!;
    if (index[i] === 0) counts[at]!++;
    counts[at + 1]!++;
    counts[at + 2]! += keySizes[entry[i]!]!;
    counts[at + 3]! += valueSize[i]!;
  }
  return counts;
}

/** Adds what rows of one kind add up to. */
function addCounts(
  slice: Accumulated,
  op: number,
  { act, outcome, hasKey }: ShapeKind,
  counts: Float64Array,
): void {
  const [requests, events, keyBytes, valueBytes] = counts as unknown as [number, number, number, number];
  if (events === 0) return;
  const row = slice.row(op);
  const to = slice.counts;
  to[row + REQUESTS]! += requests;
  to[row + EVENTS]! += events;
  if (act === 'read' && outcome === 'hit') to[row + HITS]! += events;
  if (act === 'read' && outcome === 'miss') to[row + MISSES]! += events;
  if (outcome === 'error') to[row + ERRORS]! += events;
  // Rows without a key have a zero in place of an entry.
  to[row + IN]! += (hasKey ? keyBytes : 0) + (act === 'write' ? valueBytes : 0);
  to[row + OUT]! += act === 'read' ? valueBytes : 0;
}

function named(counts: Float64Array): Counted {
  return Object.fromEntries(FIELDS.map((field, i) => [field, counts[i]!])) as unknown as Counted;
}
