/** The results as panels. */
import * as format from '../analyze/format.js';
import type { Percentiles } from '../analyze/histogram.js';
import type { Counter } from '../layout/generated.js';
import { bars, element, panel, shareBar, table } from './elements.js';
import type { Progress } from './messages.js';
import type { WorkloadData } from './workload.js';

const maybe = (value: number | null, show: (value: number) => string) => (value === null ? '–' : show(value));
const share = (part: number, whole: number) => (whole === 0 ? '–' : format.percent(part / whole));

/** The most important numbers. */
export function totals({ workload }: Progress): HTMLElement {
  const { events, requests, connections, hits, misses, first, last } = workload;
  const span = events === 0 ? 0 : (last - first) / 1e9;
  const items: [string, string][] = [
    ['requests', format.count(requests)],
    ['keys asked for', format.count(events)],
    ['hit ratio', share(hits, hits + misses)],
    ['requests a second', span > 0 ? format.count(requests / span) : '–'],
    ['connections', format.count(connections)],
    ['time', format.seconds(span)],
  ];
  const list = element('dl', { className: 'totals' });
  for (const [name, value] of items) {
    const item = element('div', {}, element('dt', {}, name), element('dd', {}, value));
    item.dataset.total = name;
    list.append(item);
  }
  const from = new Date(first / 1e6);
  const when = events > 0 && !Number.isNaN(from.getTime()) ? `from ${from.toISOString()}` : 'no requests';
  return panel('Workload', 'whole', list, element('p', { className: 'note' }, when));
}

/** Counts by command. */
export function commands({ ops, events }: WorkloadData): HTMLElement {
  const rows = ops.map(([op, { count, hits, misses, errors, unanswered }]) => [
    element('code', {}, op),
    format.count(count),
    share(count, events),
    shareBar(count / Math.max(1, events)),
    share(hits, hits + misses),
    errors > 0 ? format.count(errors) : '–',
    unanswered > 0 ? format.count(unanswered) : '–',
  ]);
  return panel('Commands', 'whole', table(['', 'keys', 'share', '', 'hits', 'errors', 'unanswered'], rows));
}

const percentiles = (p: Percentiles, show: (value: number) => string) =>
  [p.p50, p.p90, p.p99, p.p999, p.max].map((value) => maybe(value, show));
const PERCENTILES = ['', 'p50', 'p90', 'p99', 'p99.9', 'max'];

/** Latencies from the last byte of a request to the first of its answer, by command. */
export function latencies({ ops }: WorkloadData): HTMLElement {
  const rows = ops
    .filter(([, { latency_ns }]) => latency_ns.max !== null)
    .map(([op, { latency_ns }]) => [element('code', {}, op), ...percentiles(latency_ns, format.nanoseconds)]);
  return panel('Latency by command', 'half', table(PERCENTILES, rows));
}

/** A histogram of sizes by powers of two. */
function sizePanel(title: string, sizes: readonly number[], p: Percentiles): HTMLElement {
  const first = sizes.findIndex((n) => n > 0);
  const last = sizes.findLastIndex((n) => n > 0);
  const total = sizes.reduce((sum, n) => sum + n, 0);
  const rows = sizes.slice(Math.max(0, first), last + 1).map((n, i): [string, number, string] => {
    const octave = first + i;
    return [octave === 0 ? '0 B' : `< ${format.bytes(2 ** octave)}`, n, share(n, total)];
  });
  const note = `median ${maybe(p.p50, format.bytes)}, p99 ${maybe(p.p99, format.bytes)}, largest ${maybe(p.max, format.bytes)}`;
  return panel(title, 'half', bars(rows), element('p', { className: 'note' }, note));
}

export function sizes({ valueSizes, valueSize, keySizes, keySize }: WorkloadData): HTMLElement[] {
  return [sizePanel('Value sizes', valueSizes, valueSize), sizePanel('Key sizes', keySizes, keySize)];
}

/** The busiest keys. */
export function busiest({ keys, events }: WorkloadData): HTMLElement {
  const rows = keys.top.map(({ key, count }) => [
    element('code', {}, key),
    format.count(count),
    share(count, events),
    shareBar(count / Math.max(1, events)),
  ]);
  const about =
    keys.error === 0
      ? `${format.count(keys.distinct)} distinct keys`
      : `more keys than are told apart: counts may be too low by ${format.count(keys.error)}`;
  const how = 'Keys are shown by a hash with a secret that this page forgets.';
  return panel(
    'Busiest keys',
    'whole',
    table(['', 'times', 'share', ''], rows),
    element('p', { className: 'note' }, `${about}. ${how}`),
  );
}

/** Counters of traffic that was not seen or not understood, with descriptions. */
const LOSSES: Partial<Record<Counter, string>> = {
  lost_by_kernel: 'packets the capturing kernel dropped',
  gaps: 'holes in the byte streams',
  unsynced_bytes: 'bytes that were not understood',
  unmatched_answers: 'answers without a request',
  bound_flows: 'connections given up because there were too many',
  bound_requests: 'times too many requests waited for an answer',
  bound_reorder: 'times too much came out of order',
};

/** The outcomes of all packets. */
export function ledger({ counters }: Progress): HTMLElement {
  const told = Object.entries(LOSSES).flatMap(([name, words]) => {
    const n = counters[name as Counter];
    return n > 0 ? [element('p', { className: 'warn note' }, `${format.count(n)} ${words}`)] : [];
  });
  const rows = (Object.entries(counters) as [Counter, number][])
    .filter(([name, n]) => n > 0 && /^(packets_|skipped_|lost_)/.test(name))
    .map(([name, n]) => [
      name
        .replace(/^packets_/, '')
        .replace(/^(skipped|lost)_/, '$1: ')
        .replaceAll('_', ' '),
      format.count(n),
    ]);
  return panel('Packets', 'half', table(['', 'packets'], rows), ...told);
}
