import type { Analysis } from '../analysis.js';
import { bytes, count, nanoseconds } from '../format.js';
import type { Percentiles } from '../histogram.js';
import { maybe, percentileLines, percentileRow, type ReportStyle, table, when, wrap } from './lines.js';

/** Number of slowest requests in the report. */
const SHOWN = 20;

export function latencyLines(analysis: Analysis, style: ReportStyle): string[] {
  const rows = Object.entries(analysis.ops).map(([op, { latency_ns }]) =>
    percentileRow(op, latency_ns, nanoseconds),
  );
  const { latency } = analysis;
  const lines = percentileLines('Latency, last request byte to first answer byte', rows, style);
  if (latency === null || latency.worst.length === 0) return lines;
  const list = (title: string, own: [string, number, Percentiles][]) =>
    own.length === 0
      ? []
      : [
          '',
          ...table(
            [title, 'requests', 'p50', 'p90', 'p99', 'max'],
            own.map(([name, n, p]) => [
              name,
              count(n),
              ...[p.p50, p.p90, p.p99, p.max].map((value) => maybe(value, nanoseconds)),
            ]),
            style,
          ),
        ];
  const slow = latency.worst
    .slice(0, SHOWN)
    .map((one) => [
      when(one.ts_ns).slice(11, 23),
      one.op,
      one.status,
      nanoseconds(one.latency_ns),
      count(one.in_flight),
      maybe(one.gap_ns, nanoseconds),
      maybe(one.value_size, bytes),
    ]);
  return [
    ...lines,
    ...list(
      'by outcome',
      latency.by_outcome.map(({ op, status, count: n, latency_ns }) => [`${op} ${status}`, n, latency_ns]),
    ),
    ...list(
      'by value',
      latency.by_value_size.map(({ below, count: n, latency_ns }) => [`< ${count(below)} B`, n, latency_ns]),
    ),
    ...list(
      'in flight',
      latency.by_in_flight.map(({ from, to, count: n, latency_ns }) => [
        from === to ? `${from}` : `${from}–${to}`,
        n,
        latency_ns,
      ]),
    ),
    ...wrap(verdict(latency.by_in_flight), 2, 4),
    '',
    ...table(['slowest, UTC', 'op', 'status', 'latency', 'in flight', 'gap before', 'value'], slow, style),
  ];
}

/** Least requests of a bucket whose median is used. */
const ENOUGH = 100;

/** A sentence on whether the median grows with the load. */
export function verdict(buckets: NonNullable<Analysis['latency']>['by_in_flight']): string {
  const told = buckets.filter(({ count: n }) => n >= ENOUGH);
  const [first, last] = [told[0], told.at(-1)];
  if (first === undefined || last === undefined || told.length < 2) {
    return 'too little was in flight at once to tell the load from the server';
  }
  const times = last.latency_ns.p50! / Math.max(1, first.latency_ns.p50!);
  const from = `from ${first.from} to ${last.to} in flight the median`;
  return times > 1.5
    ? `${from} grows ${times.toFixed(1)}-fold: much of the latency is due to the load`
    : `${from} does not grow (${times.toFixed(1)} ×): the latency is not due to the load`;
}
