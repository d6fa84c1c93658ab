import type { Analysis } from '../analysis.js';
import type { Slice } from '../collect/series.js';
import { bytes, count, nanoseconds, percent, seconds } from '../format.js';
import { bar, maybe, type ReportStyle, table, when } from './lines.js';

/** Lines of the table, unless all intervals are to be shown. */
const LINES = 20;
const BAR_WIDTH = 12;

/** Merges neighbouring intervals: counts are added up, of latencies the highest is taken. */
function join(slices: readonly Slice[]) {
  const sum = (field: 'requests' | 'hits' | 'misses' | 'errors' | 'bytes_in' | 'bytes_out') =>
    slices.reduce((all, slice) => all + slice[field], 0);
  const worst = slices.reduce<number | null>((most, { latency_ns: { p99 } }) => {
    return p99 !== null && (most === null || p99 > most) ? p99 : most;
  }, null);
  return {
    ts_ns: slices[0]!.ts_ns,
    length: slices.length,
    requests: sum('requests'),
    hits: sum('hits'),
    misses: sum('misses'),
    errors: sum('errors'),
    out: sum('bytes_out'),
    in: sum('bytes_in'),
    p99: worst,
  };
}

/** The workload over time. `all`: one line for every interval. */
export function timeLines(analysis: Analysis, style: ReportStyle, all: boolean): string[] {
  const { series, interval_s, bursts, last_ts_ns } = analysis;
  if (series.length < 2 || last_ts_ns === null) return [];
  const joined = all ? 1 : Math.ceil(series.length / LINES);
  const parts = Array.from({ length: Math.ceil(series.length / joined) }, (_, i) =>
    join(series.slice(i * joined, (i + 1) * joined)),
  );
  // The last interval ends with the last request.
  const rateOf = ({ requests, length, ts_ns }: (typeof parts)[number]) => {
    const left = Number(BigInt(last_ts_ns) - BigInt(ts_ns)) / 1e9;
    return requests / Math.min(length * interval_s, Math.max(left, interval_s / 100));
  };
  const most = Math.max(...parts.map(rateOf));
  const isLong = Number(BigInt(series.at(-1)!.ts_ns) - BigInt(series[0]!.ts_ns)) / 1e9 >= 86_400;
  const precise = interval_s < 1;
  const rows = parts.map((part) => {
    const asked = part.hits + part.misses;
    const time = when(part.ts_ns);
    return [
      isLong ? `${time.slice(5, 10)} ${time.slice(11, 16)}` : time.slice(11, precise ? 23 : 19),
      count(rateOf(part)),
      bar(most > 0 ? rateOf(part) / most : 0, BAR_WIDTH),
      maybe(asked > 0 ? part.hits / asked : null, percent),
      part.errors > 0 ? count(part.errors) : '-',
      bytes(part.in),
      bytes(part.out),
      maybe(part.p99, nanoseconds),
    ];
  });
  const lines = [
    style.title(`Over time, ${seconds(joined * interval_s)} a line`),
    ...table(['UTC', 'req/s', '', 'hits', 'errors', 'in', 'out', 'p99'], rows, style),
  ];
  if (bursts.busiest !== null && bursts.median > 0) {
    const times = (bursts.busiest.requests / bursts.median).toFixed(1);
    const at = when(bursts.busiest.ts_ns).slice(11, 19);
    lines.push(`  busiest second ${at}: ${count(bursts.busiest.requests)} requests, ${times} × the median`);
    if (bursts.burst_seconds > 0) {
      const share = percent(bursts.burst_share);
      lines.push(
        `  seconds above twice the median: ${count(bursts.burst_seconds)}, with ${share} of requests`,
      );
    }
  }
  return lines;
}
