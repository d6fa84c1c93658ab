import type { Batch } from '../batch.js';
import { Histogram, type Percentiles } from '../histogram.js';
import { CONNS_MAX, ConnColumn } from './connections.js';

/** One of the slowest requests, and its circumstances. */
export interface SlowRequest {
  /** Unix nanoseconds. */
  ts_ns: string;
  op: string;
  status: string;
  latency_ns: number;
  value_size: number | null;
  /** Connection, numbered by first appearance. */
  conn: number;
  /** Requests in flight on all connections when it was sent, including itself. */
  in_flight: number;
  /** Time since the previous request on its connection; null for the first one. */
  gap_ns: number | null;
}

/** Latency by command, value size and load, to tell where it comes from. */
export interface Latencies {
  /** Percentiles by command and outcome, the most frequent first. */
  by_outcome: { op: string; status: string; count: number; latency_ns: Percentiles }[];
  /** Of retrievals and stores with values of fewer than `below` bytes, and at least a quarter of that. */
  by_value_size: { below: number; count: number; latency_ns: Percentiles }[];
  /** By number of requests in flight when a request was sent, including itself: `from` to `to`. */
  by_in_flight: { from: number; to: number; count: number; latency_ns: Percentiles }[];
  /** The slowest requests, slowest first. */
  worst: SlowRequest[];
}

/** A request that waits until all earlier requests have been read. */
interface Waiting {
  time: Float64Array;
  latency: Float64Array;
  conn: Uint32Array;
  /** Index into `labels`. */
  label: Uint16Array;
  /** -1: none. */
  valueSize: Float64Array;
  gap: Float64Array;
}

/** Most requests listed as the slowest. */
export const WORST_MAX = 1000;
const BITS = 6;
const LABELS_MAX = 2 ** 16 - 1;

/** Latency by everything that may explain it. Unlike other collectors, it needs all requests in order. */
export class LatencyCounter {
  readonly #worstMax: number;
  readonly #originNs: bigint;
  readonly #labels: { op: string; status: string; histogram: Histogram }[] = [];
  readonly #labelOf = new Map<string, number>();
  readonly #bySize = new Map<number, Histogram>();
  readonly #byFlight = new Map<number, Histogram>();
  readonly #last = new ConnColumn();
  #waiting: Waiting = empty(0);
  /** Answer times of the requests in flight. */
  #ends = new Float64Array(0);
  #worst: (Omit<SlowRequest, 'ts_ns'> & { time: number })[] = [];

  constructor(worstMax: number, originNs: bigint) {
    this.#worstMax = worstMax;
    this.#originNs = originNs;
  }

  /** Takes a batch; after it, all requests before `border` have been read. */
  add(batch: Batch, border: number): void {
    this.#take(batch);
    this.#release(border);
  }

  #take({ kinds, rows, kind, time, latency, index, connId, valueSize }: Batch): void {
    const labels = kinds.map(({ op, shape }) => this.#label(op, shape.status));
    const wanted = kinds.map(({ hasLatency }) => hasLatency);
    const before = this.#waiting.time.length;
    const more = empty(before + rows);
    for (const name of Object.keys(more) as (keyof Waiting)[]) more[name].set(this.#waiting[name]);
    let at = before;
    for (let i = 0; i < rows; i++) {
      if (index[i] !== 0) continue;
      const conn = connId[i]!;
      let gap = -1;
      if (conn < CONNS_MAX) {
        this.#last.reach(conn);
        const last = this.#last.values[conn]! - 1;
        if (last >= 0) gap = Math.max(0, time[i]! - last);
        this.#last.values[conn] = time[i]! + 1;
      }
      if (!wanted[kind[i]!]) continue;
      more.time[at] = time[i]!;
      more.latency[at] = latency[i]!;
      more.conn[at] = conn;
      more.label[at] = labels[kind[i]!]!;
      more.valueSize[at] = kinds[kind[i]!]!.hasValue ? valueSize[i]! : -1;
      more.gap[at] = gap;
      at++;
    }
    this.#waiting = part(more, (row) => row < at);
  }

  #label(op: string, status: string): number {
    const name = `${op} ${status}`;
    const known = this.#labelOf.get(name);
    if (known !== undefined || this.#labels.length === LABELS_MAX) return known ?? 0;
    this.#labelOf.set(name, this.#labels.length);
    this.#labels.push({ op, status, histogram: new Histogram() });
    return this.#labels.length - 1;
  }

  #release(border: number): void {
    const { time, latency } = this.#waiting;
    const starts = time.filter((one) => one < border).sort();
    if (starts.length === 0) return;
    const own = new Float64Array(starts.length + this.#ends.length);
    own.set(this.#ends);
    let at = this.#ends.length;
    for (let i = 0; i < time.length; i++) if (time[i]! < border) own[at++] = time[i]! + latency[i]!;
    const ends = own.sort();
    const pending = this.#ends.length;
    for (let i = 0; i < time.length; i++) {
      if (time[i]! >= border) continue;
      // Requests begun by then, less those answered by then; a request with a latency of 0 counts itself.
      const began = pending + upTo(starts, time[i]!);
      this.#count(i, Math.max(1, began - upTo(ends, time[i]!) + (latency[i] === 0 ? 1 : 0)));
    }
    const last = starts.at(-1)!;
    this.#ends = ends.filter((end) => end > last);
    this.#waiting = part(this.#waiting, (row) => time[row]! >= border);
  }

  #count(row: number, inFlight: number): void {
    const { time, latency, conn, label, valueSize, gap } = this.#waiting;
    const { op, status, histogram } = this.#labels[label[row]!]!;
    const took = latency[row]!;
    histogram.record(took);
    // 1, 2, 3–4, 5–8, …
    record(this.#byFlight, inFlight === 1 ? 0 : 32 - Math.clz32(inFlight - 1), took);
    const size = valueSize[row]!;
    if (size >= 0) record(this.#bySize, size < 16 ? 2 : Math.floor(Math.log2(size) / 2) + 1, took);
    if (this.#worst.length >= 2 * this.#worstMax) this.#cut();
    this.#worst.push({
      time: time[row]!,
      op,
      status,
      latency_ns: took,
      value_size: size < 0 ? null : size,
      conn: conn[row]!,
      in_flight: inFlight,
      gap_ns: gap[row]! < 0 ? null : gap[row]!,
    });
    if (this.#worst.length > this.#worstMax && took < this.#least) this.#worst.pop();
  }

  #least = 0;

  #cut(): void {
    this.#worst.sort((a, b) => b.latency_ns - a.latency_ns || a.time - b.time || a.conn - b.conn);
    this.#worst.length = Math.min(this.#worst.length, this.#worstMax);
    this.#least = this.#worst.length === this.#worstMax ? this.#worst.at(-1)!.latency_ns : 0;
  }

  result(): Latencies {
    this.#release(Number.POSITIVE_INFINITY);
    this.#cut();
    const sorted = (from: Map<number, Histogram>) => [...from].sort(([a], [b]) => a - b);
    return {
      by_outcome: this.#labels
        .filter(({ histogram }) => histogram.total > 0)
        .sort((a, b) => b.histogram.total - a.histogram.total)
        .map(({ op, status, histogram }) => ({ op, status, ...told(histogram) })),
      by_value_size: sorted(this.#bySize).map(([quarter, histogram]) => ({
        below: 4 ** quarter,
        ...told(histogram),
      })),
      by_in_flight: sorted(this.#byFlight).map(([octave, histogram]) => ({
        from: octave === 0 ? 1 : 2 ** (octave - 1) + 1,
        to: 2 ** octave,
        ...told(histogram),
      })),
      worst: this.#worst.map(({ time, ...rest }) => ({
        ts_ns: (this.#originNs + BigInt(Math.round(time))).toString(),
        ...rest,
      })),
    };
  }
}

function told(histogram: Histogram) {
  return { count: histogram.total, latency_ns: histogram.percentiles() };
}

function record(to: Map<number, Histogram>, key: number, value: number): void {
  let histogram = to.get(key);
  if (histogram === undefined) {
    histogram = new Histogram(BITS);
    to.set(key, histogram);
  }
  histogram.record(value);
}

function empty(rows: number): Waiting {
  return {
    time: new Float64Array(rows),
    latency: new Float64Array(rows),
    conn: new Uint32Array(rows),
    label: new Uint16Array(rows),
    valueSize: new Float64Array(rows),
    gap: new Float64Array(rows),
  };
}

/** Selected rows, in order. */
function part(from: Waiting, keep: (row: number) => boolean): Waiting {
  const rows: number[] = [];
  for (let i = 0; i < from.time.length; i++) if (keep(i)) rows.push(i);
  const to = empty(rows.length);
  for (const name of Object.keys(to) as (keyof Waiting)[]) {
    for (let i = 0; i < rows.length; i++) to[name][i] = from[name][rows[i]!]!;
  }
  return to;
}

/** How many of the ascending numbers are at most `value`. */
function upTo(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
