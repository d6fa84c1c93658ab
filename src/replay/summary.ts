import type { Percentiles } from '../analyze/histogram.js';
import { LATENESS_FINE, LATENESS_SHARE, SPOILED_SHARE } from './punctuality.js';
import type { SliceEnd } from './sender.js';
import { type OpFigures, type OutcomeFigures, opName, Tally } from './tally.js';

/** Figures of one command. Counts are of keys: a get of five keys counts five. */
export interface ReplayOp {
  count: number;
  requests: number;
  hits: number;
  misses: number;
  errors: number;
  /** Nanoseconds from when requests were due to their answers. */
  latency_ns: Percentiles & { mean: number | null };
  /** Nanoseconds from when requests were sent to their answers. */
  service_ns: Percentiles & { mean: number | null };
  bytes_out: number;
  bytes_in: number;
}

/** What a replay did. */
export interface ReplaySummary {
  /** Recorded requests that were sent, and their keys. */
  requests: number;
  commands: number;
  elapsed_s: number;
  /** Requests a second. */
  rate: number;
  hit_ratio: number | null;
  /** Of the same keys in the recording. */
  recorded_hit_ratio: number | null;
  /** Keys whose request failed, by reason. */
  errors: Record<string, number>;
  /** False: the client was the bottleneck, and the latencies say nothing about the server. */
  valid: boolean;
  /** Seconds in which the client was too late for a hundredth of the latencies or more; their late requests; and the first. */
  spoiled: { seconds: number; requests: number; first: string | null };
  /** Nanoseconds requests were handed to the system after they were due. */
  lateness_ns: Percentiles;
  outcome: OutcomeFigures;
  ops: Record<string, ReplayOp>;
  /** All commands together. */
  total: ReplayOp;
  ended: SliceEnd;
  connections: number;
  reconnects: number;
  /** Datagrams that came and belong to no request, or came twice. */
  stray_datagrams: number;
  /** Recorded events that were not sent, by reason. */
  left_out: Record<string, number>;
  /** Recorded keys that are too short to be told from another one when replayed. */
  keys_merged: number;
  /** Compared unique values that were made up. */
  cas_unknown: number;
  /** Items that were loaded before. */
  warmed: number;
  /** Values that came back as they were stored, as others, and those that could not be judged; zeros without `verify`. */
  values: { right: number; wrong: number; unknown: number };
  /** Whether every block of the profiles was there and good. */
  complete: boolean;
}

/** Sums while a replay runs. */
export interface ReplayProgress {
  requests: number;
  commands: number;
  hits: number;
  misses: number;
  errors: number;
  /** Seconds. */
  elapsed: number;
}

/** Puts the figures of a slice together. */
export function summarize(tally: Tally, end: SliceEnd, complete: boolean): Omit<ReplaySummary, 'warmed'> {
  const ops: Record<string, ReplayOp> = {};
  const total = new Tally().op(0);
  for (const [index, figures] of tally.ops.entries()) {
    if (figures === undefined) continue;
    ops[opName(index)] = opOf(figures);
    for (const name of ['count', 'requests', 'hits', 'misses', 'errors', 'bytesOut', 'bytesIn'] as const)
      total[name] += figures[name];
    total.latency.merge(figures.latency);
    total.service.merge(figures.service);
  }
  const { punctuality } = tally;
  const elapsed = Math.max(0, tally.lastMs - tally.firstMs) / 1000;
  const ratio = (hits: number, misses: number) => (hits + misses > 0 ? hits / (hits + misses) : null);
  const lateness = tally.lateness.percentiles();
  const latency = total.latency.percentiles();
  return {
    requests: tally.requests,
    commands: tally.commands,
    elapsed_s: elapsed,
    rate: elapsed > 0 ? tally.requests / elapsed : 0,
    hit_ratio: ratio(total.hits, total.misses),
    recorded_hit_ratio: ratio(tally.recordedHits, tally.recordedMisses),
    errors: tally.failures,
    valid: isValid(lateness, latency) && punctuality.requests <= SPOILED_SHARE * punctuality.answered,
    spoiled: {
      seconds: punctuality.seconds,
      requests: punctuality.requests,
      first: timeOf(punctuality.first),
    },
    lateness_ns: lateness,
    outcome: tally.outcome,
    ops,
    total: opOf(total),
    ended: end,
    connections: tally.connections,
    reconnects: tally.reconnects,
    stray_datagrams: tally.strayDatagrams,
    left_out: tally.leftOut,
    keys_merged: tally.keysMerged,
    cas_unknown: tally.casUnknown,
    values: { right: tally.valuesRight, wrong: tally.valuesWrong, unknown: tally.valuesUnknown },
    complete,
  };
}

/** Whether the sender's lateness leaves the latencies as they are: it is below a millisecond, or a tenth of them. */
function isValid({ p99: late }: Percentiles, { p99 }: Percentiles): boolean {
  return late === null || late <= 1e6 * LATENESS_FINE || (p99 !== null && late <= LATENESS_SHARE * p99);
}

/** A second since 1970 as a date. */
function timeOf(second: number | null): string | null {
  return second === null ? null : new Date(1000 * second).toISOString();
}

function opOf({ latency, service, bytesOut, bytesIn, ...counts }: OpFigures): ReplayOp {
  return {
    ...counts,
    latency_ns: { ...latency.percentiles(), mean: latency.mean },
    service_ns: { ...service.percentiles(), mean: service.mean },
    bytes_out: bytesOut,
    bytes_in: bytesIn,
  };
}
