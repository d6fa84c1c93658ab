import type { Analysis } from '../../analyze/analysis.js';
import { bytes, count, nanoseconds, percent } from '../../analyze/format.js';
import { element, shareBar, table, wholeBox } from '../elements.js';
import { figure, maybe, short } from './figure.js';

/** Parts in a chart. */
const PARTS = 50;

const hits = (one: { hits: number; misses: number }) =>
  one.hits + one.misses > 0 ? percent(one.hits / (one.hits + one.misses)) : '–';
const some = (value: number) => (value > 0 ? count(value) : '–');

/** Counts by command. */
export function commands({ ops, events }: Analysis): HTMLElement[] {
  const rows = Object.entries(ops).map(([op, one]) => [
    element('code', {}, op),
    count(one.count),
    element('span', {}, percent(one.count / events), shareBar(one.count / events)),
    hits(one),
    some(one.errors),
    some(one.unanswered),
  ]);
  if (rows.length === 0) return [];
  return [
    wholeBox('By command', table({ head: ['', 'keys', 'share', 'hits', 'errors', 'unanswered'], rows })),
  ];
}

/** Parts of the workload: of servers, clients or ports. */
export function split({ by, groups }: Analysis): HTMLElement[] {
  if (by === null || groups === null || groups.length === 0) return [];
  const shown = groups.slice(0, PARTS);
  const numbers = {
    head: ['', 'connections', 'requests', 'hits', 'in', 'out', 'mean latency'],
    rows: groups.map((one, i) => [
      element('span', {}, by === 'port' ? '' : `#${i + 1} `, element('code', {}, one.name)),
      count(one.connections),
      count(one.requests),
      hits(one),
      bytes(one.bytes_in),
      bytes(one.bytes_out),
      maybe(one.latency_mean_ns, nanoseconds),
    ]),
  };
  const title = {
    server: 'Requests by server, by hash of its address',
    client: 'Requests by client, by hash of address and port',
    port: 'Requests by port of the server',
  }[by];
  if (groups.length === 1) return [wholeBox(title, table(numbers))];
  const nameAt = (at: number) => shown[Math.round(at)]?.name ?? '';
  // Hashes are too long for an axis: their rank says which row of the table it is.
  const show = (at: number) =>
    by === 'port' || nameAt(at) === 'unknown' ? nameAt(at) : `#${Math.round(at) + 1}`;
  return [
    figure(
      title,
      {
        x: { kind: 'names', show, title: by },
        y: { kind: 'linear', show: short },
        at: shown.map((_, i) => i),
        lines: [
          {
            label: 'requests',
            colour: 'blue',
            values: shown.map(({ requests }) => requests),
            as: 'bars',
            show: count,
          },
        ],
      },
      numbers,
      groups.length > PARTS ? { text: `the ${PARTS} busiest of ${count(groups.length)}` } : {},
    ),
  ];
}
