/** Two servers compared, as lines of text. */
import { count, nanoseconds, percent, seconds } from '../analyze/format.js';
import { renderChanges, signed } from '../analyze/report/comparison.js';
import { PLAIN, type ReportStyle, wrap } from '../analyze/report/lines.js';
import type { ComparedServer, ServerComparison } from './duel.js';
import type { PairedChange } from './paired.js';
import { latencyCounts } from './verdict.js';

/** The comparison as lines of text, its verdict last. */
export function compareServersReport(comparison: ServerComparison, style: ReportStyle = PLAIN): string[] {
  const { a, b, changes, pairs, warm_up, slice, seed, too_little, valid } = comparison;
  const each = 'seconds' in slice ? shortSeconds(slice.seconds) : `${count(slice.requests)} requests`;
  const told = changes.filter(({ unit }) => latencyCounts(valid, unit));
  return [
    ...wrap(`A  ${serverLine(a)}`, 0, 3),
    ...wrap(`B  ${serverLine(b)}`, 0, 3),
    ...wrap(
      `${count(pairs)} pairs of slices of ${each}, in random order (seed ${seed}), after ${count(warm_up)} of warm-up`,
      0,
      3,
    ),
    '',
    ...(too_little === null ? [...renderChanges(told, style), ''] : []),
    ...wrap(`verdict: ${verdictLine(comparison)}`, 0, 3).map((line) => style.title(line)),
  ];
}

function serverLine({ server, version, summary }: ComparedServer): string {
  const { requests, elapsed_s, hit_ratio, lateness_ns } = summary;
  const parts = [
    `${server}${version === null ? '' : `, version ${version}`}: ${count(requests)} requests in ${seconds(elapsed_s)}`,
  ];
  if (hit_ratio !== null) parts.push(`hit ratio ${percent(hit_ratio)}`);
  if (lateness_ns.p99 !== null) parts.push(`sent late by ${nanoseconds(lateness_ns.p99)} (p99)`);
  return parts.join(', ');
}

/** Seconds with three digits. */
function shortSeconds(value: number): string {
  return nanoseconds(1e9 * value);
}

const LISTED = 3;

/** The verdict in a sentence. */
function verdictLine({ verdict, changes, too_little, valid }: ServerComparison): string {
  const client = valid ? '' : '; latency and throughput are invalid: the client was the bottleneck';
  if (too_little !== null) return `none, ${too_little}${client}`;
  if (verdict === 'invalid')
    return 'invalid: the client was the bottleneck; hit ratio and errors do not differ beyond noise';
  if (verdict === 'no_difference') return `no difference beyond noise${client}`;
  const told = changes.filter(({ unit, beyond_noise }) => beyond_noise && latencyCounts(valid, unit));
  const part = (what: string, list: readonly PairedChange[]) =>
    list.length === 0 ? [] : [`${what} in ${listOf(list)}`];
  const worse = told.filter((change) => change.worse);
  const better = told.filter((change) => !change.worse);
  return `B is ${[...part('worse', worse), ...part('better', better)].join(', and ')}${client}`;
}

function listOf(changes: readonly PairedChange[]): string {
  const named = changes
    .slice(0, LISTED)
    .map(({ name, change, unit }) => `${name} (${signed(change, unit)}${unit === 'ratio' ? ' points' : ''})`);
  const more = changes.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** What a user must know of a comparison besides. */
export function compareServersWarnings({ unsteady }: ServerComparison): string[] {
  return unsteady.map(
    (name) =>
      `the ${name} was still changing in the last half of the slices: the servers were not warm (a longer replay, --loop, or --warm)`,
  );
}
