import type { Batch } from '../batch.js';
import { Histogram, type Percentiles } from '../histogram.js';
import { InFlight } from '../in-flight.js';
import { WaitingRequests } from '../waiting-requests.js';
import { CONNS_MAX, ConnRecords } from './connections.js';

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
  /** By powers of four, and of two: see `#count`. */
  readonly #bySize: Histogram[] = [];
  readonly #byFlight: Histogram[] = [];
  readonly #last = new ConnRecords(1);
  readonly #waiting = new WaitingRequests();
  readonly #inFlight = new InFlight();
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

  #take({ kinds, rows, kind, time, latency, index, conn: conns, valueSize }: Batch): void {
    const labels = Uint16Array.from(kinds, ({ op, shape }) => this.#label(op, shape.status));
    const hasLatency = Uint8Array.from(kinds, (one) => (one.hasLatency ? 1 : 0));
    const hasValue = Uint8Array.from(kinds, (one) => (one.hasValue ? 1 : 0));
    const to = this.#waiting;
    to.reach(rows);
    const { time: times, latency: latencies, conn: owners, label, valueSize: sizes, gap: gaps } = to;
    let at = to.rows;
    for (let i = 0; i < rows; i++) {
      if (index[i] !== 0) continue;
      const conn = conns[i]!;
      const gap = conn < CONNS_MAX ? this.#gapOf(conn, time[i]!) : -1;
      const of = kind[i]!;
      if (hasLatency[of] === 0) continue;
      times[at] = time[i]!;
      latencies[at] = latency[i]!;
      owners[at] = conn;
      label[at] = labels[of]!;
      sizes[at] = hasValue[of] === 0 ? -1 : valueSize[i]!;
      gaps[at] = gap;
      at++;
    }
    to.rows = at;
  }

  /** Time since the request before on a connection; -1: none. */
  #gapOf(conn: number, time: number): number {
    this.#last.reach(conn);
    const last = this.#last.values[conn]! - 1;
    this.#last.values[conn] = time + 1;
    return last >= 0 ? Math.max(0, time - last) : -1;
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
    const order = this.#waiting.before(border);
    for (let from = 0; from < order.length; ) {
      const now = time[order[from]!]!;
      // Requests sent at the same time are in flight together.
      let to = from;
      for (; to < order.length && time[order[to]!] === now; to++)
        this.#inFlight.add(now + latency[order[to]!]!);
      const others = this.#inFlight.at(now);
      for (let i = from; i < to; i++) {
        const row = order[i]!;
        // One with a latency of 0 counts itself.
        this.#count(row, Math.max(1, others + (latency[row] === 0 ? 1 : 0)));
      }
      from = to;
    }
    this.#waiting.dropBefore(border);
  }

  #count(row: number, inFlight: number): void {
    const { time, latency, conn, label, valueSize, gap } = this.#waiting;
    const { op, status, histogram } = this.#labels[label[row]!]!;
    const took = latency[row]!;
    histogram.record(took);
    // 1, 2, 3–4, 5–8, …
    record(this.#byFlight, inFlight === 1 ? 0 : 32 - Math.clz32(inFlight - 1), took);
    const size = valueSize[row]!;
    // Below 16, 64, 256, …
    if (size >= 0) record(this.#bySize, size < 16 ? 2 : ((31 - Math.clz32(size)) >> 1) + 1, took);
    if (took < this.#least) return;
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
    return {
      by_outcome: this.#labels
        .filter(({ histogram }) => histogram.total > 0)
        .sort((a, b) => b.histogram.total - a.histogram.total)
        .map(({ op, status, histogram }) => ({ op, status, ...told(histogram) })),
      by_value_size: this.#bySize.flatMap((histogram, quarter) => ({
        below: 4 ** quarter,
        ...told(histogram),
      })),
      by_in_flight: this.#byFlight.flatMap((histogram, octave) => ({
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

function record(to: Histogram[], at: number, value: number): void {
  to[at] ??= new Histogram(BITS);
  to[at].record(value);
}
