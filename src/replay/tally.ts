import { Histogram } from '../analyze/histogram.js';
import { Punctuality, type PunctualityData } from './punctuality.js';
import { FILL, OPS, S } from './shapes.js';

/** Failures that a replay counts by name. */
export const FAILURES = [
  'server_error',
  'client_error',
  'error',
  'too_large',
  'out_of_memory',
  'timeout',
  'closed',
  'unconnected',
  'not_understood',
  'login_refused',
  'overflow',
] as const;
export type Failure = (typeof FAILURES)[number];

/** Figures of one command. */
export interface OpFigures {
  /** Keys of requests that were sent; a request without key counts one. */
  count: number;
  requests: number;
  hits: number;
  misses: number;
  /** Keys whose request failed. */
  errors: number;
  bytesOut: number;
  /** Bytes of values that came back. */
  bytesIn: number;
  /** Nanoseconds from when requests were due to their answers, and from when they were sent. */
  latency: Histogram;
  service: Histogram;
}

/** Outcomes beside the recorded ones, by key. */
export interface OutcomeFigures {
  same: number;
  hit_to_miss: number;
  miss_to_hit: number;
  other: number;
  /** Of these either outcome is not known: noreply, unanswered. */
  unknown: number;
}

/**
 * What a thread counted. The numbers of several threads, or of several slices of time, are added up with `merge`; a tally
 * goes from thread to thread as `toData` makes it.
 */
export class Tally {
  /** By the index of OPS; holes where a command did not occur. */
  readonly ops: (OpFigures | undefined)[] = [];
  readonly outcome: OutcomeFigures = { same: 0, hit_to_miss: 0, miss_to_hit: 0, other: 0, unknown: 0 };
  readonly failures: Partial<Record<Failure, number>> = {};
  /** Nanoseconds from when requests were due to when they were handed to the system. */
  lateness = new Histogram();
  readonly punctuality = new Punctuality();
  /** Requests that were sent or failed to be, and their keys. */
  requests = 0;
  commands = 0;
  recordedHits = 0;
  recordedMisses = 0;
  connections = 0;
  reconnects = 0;
  /** Datagrams that came and belong to no request, or came twice. */
  strayDatagrams = 0;
  /** Compared unique values that were made up, because no answer had told any. */
  casUnknown = 0;
  /** Events that were not sent, by reason. */
  readonly leftOut: Record<string, number> = {};
  /** Values that came back, were looked at, and were not what was stored; and those that could not be judged. */
  valuesRight = 0;
  valuesWrong = 0;
  valuesUnknown = 0;
  /** Recorded keys that are the same as another one when replayed. */
  keysMerged = 0;
  /** Milliseconds of performance.timeOrigin + now() of the first and the last request sent or answered. */
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = 0;

  op(index: number): OpFigures {
    const known = this.ops[index];
    if (known !== undefined) return known;
    const made = {
      ...{ count: 0, requests: 0, hits: 0, misses: 0, errors: 0, bytesOut: 0, bytesIn: 0 },
      latency: new Histogram(),
      service: new Histogram(),
    };
    this.ops[index] = made;
    return made;
  }

  fail(op: number, keys: number, reason: Failure): void {
    this.op(op).errors += keys;
    this.failures[reason] = (this.failures[reason] ?? 0) + keys;
  }

  /** Counts a request that could not be sent. */
  refuse(op: number, keys: number, reason: Failure): void {
    const count = Math.max(1, keys);
    this.requests++;
    this.commands += count;
    this.op(op).requests++;
    this.op(op).count += count;
    this.fail(op, count, reason);
  }

  /** Counts the outcome of one key beside the recorded one. */
  compare(recorded: number, replayed: number): void {
    const { outcome } = this;
    if (recorded === S.none) return;
    if (recorded === S.unanswered || (recorded === S.silent) !== (replayed === S.silent)) {
      // A quiet request that was silent and is not now has failed, as far as that can be told.
      if (recorded === S.silent && replayed === S.error) outcome.other++;
      else outcome.unknown++;
      return;
    }
    const before = CLASSES[recorded]!;
    const now = CLASSES[replayed]!;
    if (before === now) outcome.same++;
    else if (before === S.hit && now === S.miss) outcome.hit_to_miss++;
    else if (before === S.miss && now === S.hit) outcome.miss_to_hit++;
    else outcome.other++;
  }

  get errors(): number {
    return Object.values(this.failures).reduce((sum, count) => sum + count, 0);
  }

  merge(other: Tally): void {
    for (const [index, figures] of other.ops.entries()) {
      if (figures === undefined) continue;
      const own = this.op(index);
      for (const name of SUMS) own[name] += figures[name];
      own.latency.merge(figures.latency);
      own.service.merge(figures.service);
    }
    addTo(this.outcome as unknown as Record<string, number>, other.outcome);
    addTo(this.failures as Record<string, number>, other.failures);
    addTo(this.leftOut, other.leftOut);
    for (const name of TOTALS) this[name] += other[name];
    this.lateness.merge(other.lateness);
    this.punctuality.merge(other.punctuality.toData());
    this.firstMs = Math.min(this.firstMs, other.firstMs);
    this.lastMs = Math.max(this.lastMs, other.lastMs);
  }

  /** As what can be sent to another thread. */
  toData(): TallyData {
    return {
      ops: this.ops.map((figures) =>
        figures === undefined
          ? undefined
          : { ...figures, latency: figures.latency.toData(), service: figures.service.toData() },
      ),
      ...{ outcome: this.outcome, failures: this.failures, leftOut: this.leftOut },
      totals: TOTALS.map((name) => this[name]),
      lateness: this.lateness.toData(),
      punctuality: this.punctuality.toData(),
      ...{ firstMs: this.firstMs, lastMs: this.lastMs },
    };
  }

  static fromData(data: TallyData): Tally {
    const tally = new Tally();
    for (const [index, figures] of data.ops.entries()) {
      if (figures === undefined) continue;
      const { latency, service, ...sums } = figures;
      tally.ops[index] = {
        ...sums,
        latency: Histogram.fromData(latency),
        service: Histogram.fromData(service),
      };
    }
    Object.assign(tally.outcome, data.outcome);
    Object.assign(tally.failures, data.failures);
    Object.assign(tally.leftOut, data.leftOut);
    for (const [i, name] of TOTALS.entries()) tally[name] = data.totals[i]!;
    tally.lateness = Histogram.fromData(data.lateness);
    tally.punctuality.merge(data.punctuality);
    tally.firstMs = data.firstMs;
    tally.lastMs = data.lastMs;
    return tally;
  }
}

type HistogramData = ReturnType<Histogram['toData']>;

/** A tally between threads. */
export interface TallyData {
  ops: (
    | (Omit<OpFigures, 'latency' | 'service'> & { latency: HistogramData; service: HistogramData })
    | undefined
  )[];
  outcome: OutcomeFigures;
  failures: Partial<Record<Failure, number>>;
  leftOut: Record<string, number>;
  totals: number[];
  lateness: HistogramData;
  punctuality: PunctualityData;
  firstMs: number;
  lastMs: number;
}

const SUMS = ['count', 'requests', 'hits', 'misses', 'errors', 'bytesOut', 'bytesIn'] as const;
const TOTALS = [
  'requests',
  'commands',
  'recordedHits',
  'recordedMisses',
  'connections',
  'reconnects',
  'strayDatagrams',
  'casUnknown',
  'valuesRight',
  'valuesWrong',
  'valuesUnknown',
  'keysMerged',
] as const;

/** Statuses that mean the same in another protocol, by their number: a touched key was there, as one that was hit. */
const CLASSES: readonly number[] = Array.from({ length: S.unanswered + 1 }, (_, status) => {
  if (status === S.touched) return S.hit;
  if (status === S.not_found) return S.miss;
  return status === S.value ? S.ok : status;
});

function addTo(sums: Record<string, number>, more: object): void {
  for (const [name, count] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + (count as number);
}

/** Names of the commands in the order of Tally.ops. */
export const opName = (index: number): string => (index === FILL ? 'fill' : OPS[index]!);
