import type { Analysis } from '../../analyze/analysis.js';
import type { Latencies } from '../../analyze/collect/latencies.js';
import { bytes, count, nanoseconds, seconds } from '../../analyze/format.js';
import type { Percentiles } from '../../analyze/histogram.js';
import { verdict } from '../../analyze/report/latency.js';
import { when } from '../../analyze/report/lines.js';
import type { Line } from '../chart.js';
import { element } from '../elements.js';
import type { Axis } from '../scales.js';
import {
  binary,
  colourOf,
  figure,
  maybe,
  PERCENTILES,
  percentileCells,
  percentileValues,
  short,
} from './figure.js';
import { percentilesBox } from './items.js';
import { secondsOf } from './time.js';

/** Commands with a line of their own. */
const LINES = 6;

const LATENCY: Axis = { kind: 'log10', show: nanoseconds };
const AT: Axis = { kind: 'names', show: (at) => PERCENTILES[Math.round(at)] ?? '', title: 'percentile' };

/** From the last byte of a request to the first of its answer. */
export function latency({ ops, latency: found }: Analysis): HTMLElement[] {
  const known = Object.entries(ops).filter(([, { latency_ns }]) => latency_ns.p50 !== null);
  if (known.length === 0) return [];
  return [
    figure(
      'By command',
      {
        x: AT,
        y: LATENCY,
        at: PERCENTILES.map((_, i) => i),
        lines: known.slice(0, LINES).map(([op, { latency_ns }], i) => ({
          label: op,
          colour: colourOf(i),
          values: percentileValues(latency_ns),
        })),
      },
      {
        head: ['', ...PERCENTILES],
        rows: known.map(([op, { latency_ns }]) => [op, ...percentileCells(latency_ns, nanoseconds)]),
      },
      { text: 'last byte of the request to first byte of the answer' },
    ),
    ...(found === null || found.worst.length === 0 ? [] : explained(found)),
  ];
}

type Row = { count: number; latency_ns: Percentiles };

/** By what may explain it. */
function explained({ by_in_flight, by_value_size, by_outcome, worst }: Latencies): HTMLElement[] {
  const head = ['', 'requests', 'p50', 'p90', 'p99', 'max'];
  const row = (name: string, { count: n, latency_ns: p }: Row) => [
    name,
    count(n),
    ...[p.p50, p.p90, p.p99, p.max].map((value) => maybe(value, nanoseconds)),
  ];
  const lines = (list: readonly Row[]): Line[] => [
    { label: 'p50', colour: 'blue', values: list.map(({ latency_ns }) => latency_ns.p50) },
    { label: 'p99', colour: 'orange', values: list.map(({ latency_ns }) => latency_ns.p99) },
  ];
  const byValue =
    by_value_size.length === 0
      ? []
      : [
          figure(
            'By size of the value',
            {
              x: { kind: 'log2', show: (value) => `< ${binary(value)}`, title: 'value' },
              y: LATENCY,
              at: by_value_size.map(({ below }) => below),
              lines: lines(by_value_size),
            },
            { head, rows: by_value_size.map((one) => row(`< ${binary(one.below)}`, one)) },
            { half: true },
          ),
        ];
  return [
    figure(
      'By requests in flight',
      {
        x: { kind: 'log2', show: (value) => short(Math.round(value)), title: 'in flight, at most' },
        y: LATENCY,
        at: by_in_flight.map(({ to }) => to),
        lines: lines(by_in_flight),
      },
      {
        head,
        rows: by_in_flight.map((one) =>
          row(one.from === one.to ? `${one.from}` : `${one.from}–${one.to}`, one),
        ),
      },
      { half: true, text: verdict(by_in_flight) },
    ),
    ...byValue,
    slowest(worst),
    percentilesBox(
      'By outcome',
      by_outcome.map(({ op, status, latency_ns }) => [
        `${op} ${status}`,
        ...percentileCells(latency_ns, nanoseconds),
      ]),
    ),
  ];
}

function slowest(worst: Latencies['worst']): HTMLElement {
  const byTime = [...worst].sort((a, b) => secondsOf(a.ts_ns) - secondsOf(b.ts_ns));
  return figure(
    `The slowest ${worst.length === 1 ? 'request' : `${count(worst.length)} requests`}`,
    {
      x: { kind: 'time', show: String, title: 'UTC' },
      y: LATENCY,
      at: byTime.map(({ ts_ns }) => secondsOf(ts_ns)),
      lines: [
        { label: 'latency', colour: 'red', values: byTime.map(({ latency_ns }) => latency_ns), as: 'points' },
      ],
    },
    {
      head: ['UTC', 'command', 'latency', 'in flight', 'gap before', 'value'],
      rows: worst.map((one) => [
        when(one.ts_ns).slice(11, 23),
        element('code', {}, `${one.op} ${one.status}`),
        nanoseconds(one.latency_ns),
        count(one.in_flight),
        maybe(one.gap_ns, (ns) => (ns < 1e9 ? nanoseconds(ns) : seconds(ns / 1e9))),
        maybe(one.value_size, bytes),
      ]),
    },
  );
}
