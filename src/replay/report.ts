/** The summary of a replay as a table, with what users of memtier_benchmark look for, and in sentences. */
import { count, nanoseconds, percent, seconds } from '../analyze/format.js';
import type { ReplayOp, ReplaySummary } from './summary.js';

const HEAD = ['', 'ops/s', 'hits/s', 'misses/s', 'avg', 'p50', 'p90', 'p99', 'p99.9', 'KB/s'];

/** Lines of the final table. */
export function replayTable({ ops, total, elapsed_s }: ReplaySummary): string[] {
  const rows = Object.entries(ops).map(([name, op]) => rowOf(name, op, elapsed_s));
  const table = [HEAD, ...rows, ...(rows.length > 1 ? [rowOf('total', total, elapsed_s)] : [])];
  const widths = HEAD.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

function rowOf(name: string, op: ReplayOp, elapsed: number): string[] {
  const rate = (amount: number) => (elapsed > 0 ? count(Math.round(amount / elapsed)) : '-');
  const time = (ns: number | null) => (ns === null ? '-' : nanoseconds(ns));
  const looks = op.hits + op.misses > 0;
  const { mean, p50, p90, p99, p999 } = op.latency_ns;
  return [
    name,
    rate(op.count),
    looks ? rate(op.hits) : '-',
    looks ? rate(op.misses) : '-',
    ...[mean, p50, p90, p99, p999].map(time),
    rate((op.bytes_out + op.bytes_in) / 1000),
  ];
}

/** What the table does not say. */
export function replayLines(summary: ReplaySummary): string[] {
  const { requests, elapsed_s, rate, hit_ratio, recorded_hit_ratio, outcome, lateness_ns } = summary;
  const ratio = (value: number | null) => (value === null ? '-' : percent(value));
  const lines = [
    `${count(requests)} requests in ${seconds(elapsed_s)}, ${count(Math.round(rate))}/s, over ${count(summary.connections)} connections`,
  ];
  if (hit_ratio !== null) lines.push(`hit ratio ${ratio(hit_ratio)}, recorded ${ratio(recorded_hit_ratio)}`);
  const { same, hit_to_miss, miss_to_hit, other, unknown } = outcome;
  lines.push(
    `outcomes as recorded: ${count(same)}; hits that became misses: ${count(hit_to_miss)}; misses that became hits: ${count(miss_to_hit)}; other: ${count(other)}${unknown > 0 ? `; unknown: ${count(unknown)}` : ''}`,
  );
  const { p50, p99, max } = lateness_ns;
  if (p50 !== null)
    lines.push(
      `sent late by ${nanoseconds(p50)} (p50), ${nanoseconds(p99!)} (p99), ${nanoseconds(max!)} at most`,
    );
  if (summary.warmed > 0) lines.push(`${count(summary.warmed)} items were loaded before`);
  const { right, wrong, unknown: unjudged } = summary.values;
  if (right + wrong + unjudged > 0)
    lines.push(
      `values as they were stored: ${count(right)}; others: ${count(wrong)}; changed in place, and not judged: ${count(unjudged)}`,
    );
  return lines;
}

/** What a user must know of a replay: failures, what was left out, and whether its figures are valid. */
export function replayWarnings(summary: ReplaySummary): string[] {
  const { errors, left_out, keys_merged, cas_unknown, complete, valid, spoiled, reconnects } = summary;
  const lines: string[] = [];
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([name, number]) => `${name.replaceAll('_', ' ')} ${count(number)}`)
      .join(', ');
  if (Object.keys(errors).length > 0) lines.push(`failed: ${list(errors)}`);
  if (summary.values.wrong > 0) lines.push(`${count(summary.values.wrong)} values are not what was stored`);
  if (summary.stray_datagrams > 0)
    lines.push(`${count(summary.stray_datagrams)} datagrams belong to no request that waits, or came twice`);
  if (reconnects > 0) lines.push(`${count(reconnects)} reconnects`);
  if (Object.keys(left_out).length > 0) lines.push(`recorded events that were not sent: ${list(left_out)}`);
  if (keys_merged > 0)
    lines.push(
      `${count(keys_merged)} short keys could not be told from others of their size, and became the same`,
    );
  if (cas_unknown > 0)
    lines.push(`${count(cas_unknown)} cas commands without a unique value that was told before`);
  if (!complete) lines.push('blocks of the profiles are missing or damaged: the rest was sent');
  if (spoiled.seconds > 0) lines.push(spoiledLine(summary));
  if (!valid) lines.push('invalid: the client was the bottleneck, and the latencies are not the server’s');
  return lines;
}

/** When the client was late, and which figures that spoils. */
function spoiledLine({ spoiled: { seconds, requests, first }, requests: all, valid }: ReplaySummary): string {
  const when =
    seconds === 1
      ? `in the second from ${first}`
      : `in ${count(seconds)} seconds, first in that from ${first}`;
  const rest = requests > 0.001 * all ? 'p99.9 and the maximum are' : 'the maximum is';
  const what = valid ? `: ${rest} not the server’s` : '';
  return `the client was late ${when}, with ${count(requests)} requests${what}`;
}
