import type { Analysis } from '../analysis.js';
import { bytes, count, counted, nanoseconds, percent, seconds } from '../format.js';
import type { OpAnalysis } from '../op-tally.js';
import { bar, maybe, type ReportStyle, table, when, wrap } from './lines.js';

const BAR_WIDTH = 20;

/** Requests, connections, time and hit ratio. */
export function workloadLines(analysis: Analysis, style: ReportStyle): string[] {
  const { requests, events, connections, duration_s, first_ts_ns, last_ts_ns, hit_ratio } = analysis;
  if (first_ts_ns === null || last_ts_ns === null) return [style.title('Workload'), '  no requests'];
  const { sample } = analysis;
  const sampled =
    sample === null
      ? 'profiles with different samples: counts and rates are plain sums'
      : `one in ${count(sample)} connections was recorded: counts and rates are of this sample`;
  const rate = duration_s > 0 ? `, ${count(requests / duration_s)} a second` : '';
  return [
    style.title('Workload'),
    `  ${counted(requests, 'request')} for ${counted(events, 'key')} on ${counted(connections, 'connection')}`,
    ...wrap(`${when(first_ts_ns)} to ${when(last_ts_ns)} (${seconds(duration_s)}${rate})`),
    `  hit ratio ${maybe(hit_ratio, percent)}`,
    ...(sample === 1 ? [] : [`  ${style.warn(sampled)}`]),
  ];
}

export function commandLines(analysis: Analysis, style: ReportStyle): string[] {
  const rows = Object.entries(analysis.ops).map(([op, tally]: [string, OpAnalysis]) => {
    const known = tally.hits + tally.misses;
    return [
      op,
      count(tally.count),
      percent(tally.count / analysis.events),
      bar(tally.count / analysis.events, BAR_WIDTH),
      known > 0 ? percent(tally.hits / known) : '-',
      tally.errors > 0 ? count(tally.errors) : '-',
      tally.unanswered > 0 ? count(tally.unanswered) : '-',
    ];
  });
  if (rows.length === 0) return [];
  const head = ['', 'keys', 'share', '', 'hits', 'errors', 'unanswered'];
  return [style.title('Commands'), ...table(head, rows, style)];
}

/** The workload by server, client or port. */
export function groupLines({ by, groups }: Analysis, style: ReportStyle): string[] {
  if (by === null || groups === null) return [];
  const rows = groups
    .slice(0, 40)
    .map((group) => [
      group.name,
      count(group.connections),
      count(group.requests),
      maybe(group.hits + group.misses > 0 ? group.hits / (group.hits + group.misses) : null, percent),
      bytes(group.bytes_in),
      bytes(group.bytes_out),
      maybe(group.latency_mean_ns, nanoseconds),
    ]);
  const what = {
    server: 'By server, by hash of its address',
    client: 'By client, by hash of address and port',
  };
  return [
    style.title(by === 'port' ? 'By port of the server' : what[by]),
    ...table(['', 'conns', 'requests', 'hits', 'in', 'out', 'mean'], rows, style),
    ...(groups.length > rows.length ? [`  and ${count(groups.length - rows.length)} more`] : []),
  ];
}
