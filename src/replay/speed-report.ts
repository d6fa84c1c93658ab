/** Sweeps and searches as lines of text. */
import { count, nanoseconds, percent } from '../analyze/format.js';
import { PLAIN, type ReportStyle, table, wrap } from '../analyze/report/lines.js';
import type { Search } from './search.js';
import type { PercentileName } from './slice-figures.js';
import type { WarmUp } from './stages.js';
import type { Estimate } from './statistics.js';
import type { Sweep } from './sweep.js';

const NAMES: Record<PercentileName, string> = { p50: 'p50', p90: 'p90', p99: 'p99', p999: 'p99.9' };

/** A share of the requests that are due, of which so few are answered in time that the server is full. */
const KEEPS_UP = 0.95;

/** A sweep as lines of text. */
export function sweepReport({ sweep, seed, slice_s }: Sweep, style: ReportStyle = PLAIN): string[] {
  const rows = sweep.map(({ speed, offered, rate, latency_ns, hit_ratio, lateness_ns, valid }) => [
    String(speed),
    count(rate.value),
    latency_ns.p50 === null ? '-' : nanoseconds(latency_ns.p50.value),
    latency_ns.p99 === null ? '-' : nanoseconds(latency_ns.p99.value),
    latency_ns.p99 === null ? '-' : range(latency_ns.p99, nanoseconds),
    lateness_ns.p99 === null ? '-' : nanoseconds(lateness_ns.p99),
    hit_ratio === null ? '-' : percent(hit_ratio),
    valid ? (rate.value < KEEPS_UP * offered ? 'full' : '') : 'invalid',
  ]);
  const head = ['speed', 'answers/s', 'p50', 'p99', 'with 95 %', 'late p99', 'hits', ''];
  const slices = Math.min(...sweep.map((point) => point.slices));
  return sweep.length === 0
    ? []
    : [
        ...table(head, rows, style),
        ...wrap(
          `${count(slices)} slices of ${nanoseconds(1e9 * slice_s)} of the recording each, in random order (seed ${seed})`,
        ),
      ];
}

/** A search as lines of text. */
export function searchReport({ search }: Search, style: ReportStyle = PLAIN): string[] {
  const { percentile, limit_ns, speed, rate, latency_ns, sure, above, limited_by, probes } = search;
  const rows = probes.map((probe) => [
    String(probe.speed),
    count(probe.rate.value),
    probe.latency_ns === null ? 'failed' : nanoseconds(probe.latency_ns.value),
    probe.latency_ns === null ? '-' : range(probe.latency_ns, nanoseconds),
    count(probe.slices),
    `${probe.holds ? 'holds' : 'does not hold'}${probe.valid ? '' : ', client late'}`,
  ]);
  const head = ['speed', 'answers/s', NAMES[percentile], 'with 95 %', 'slices', ''];
  const limit = `${NAMES[percentile]} within ${nanoseconds(limit_ns)}`;
  const lines = probes.length === 0 ? [] : [...table(head, rows, style), ''];
  if (speed === null || rate === null || latency_ns === null)
    return [
      ...lines,
      ...wrap(`${limit}: no speed was found that holds it`, 0).map((line) => style.title(line)),
    ];
  const found = `${limit}: up to speed ${speed}, ${count(rate.value)} answers/s (${range(rate, count)}), where it is ${nanoseconds(latency_ns.value)} (${range(latency_ns, nanoseconds)}), which holds with ${percent(sure ?? 0)}`;
  return [
    ...lines,
    ...wrap(found, 0, 2).map((line) => style.title(line)),
    ...(limited_by === null ? [] : wrap(`speed ${above ?? speed}: ${CAUSES[limited_by]}`, 2)),
  ];
}

const CAUSES = {
  latency: 'the latency does not hold the limit',
  errors: 'more requests fail than may be slower than the limit',
  client: 'the client was the bottleneck: the server may hold more',
  range: 'no higher one was tried',
} as const;

/** What a user must know of the warm-up. */
export function warmUpLines(warmUp: WarmUp | null): string[] {
  if (warmUp === null) return [];
  const { slices, speed, unsteady } = warmUp;
  const sent = `warm-up: ${count(slices)} slices at speed ${speed}`;
  if (unsteady.length === 0) return [`${sent}, then hit ratio and latency were steady`];
  return [`${sent}, and still not steady: ${unsteady.join(', ')}`];
}

function range({ low, high }: Estimate, show: (value: number) => string): string {
  return low === null || high === null ? '-' : `${show(Math.max(0, low))} to ${show(high)}`;
}
