import type { Analysis } from '../../analyze/analysis.js';
import type { Slice } from '../../analyze/collect/series.js';
import { bytes, count, nanoseconds, percent } from '../../analyze/format.js';
import { when } from '../../analyze/report/lines.js';
import type { Line, Spec } from '../chart.js';
import { note } from '../elements.js';
import type { Axis } from '../scales.js';
import { colourOf, figure, maybe, PERCENTILES, share, short, span } from './figure.js';

/** Commands with a line of their own. */
const LINES = 5;

const TIME: Axis = { kind: 'time', show: String, title: 'UTC' };

/** Unix nanoseconds as seconds; a double tells less than a microsecond apart. */
export const secondsOf = (ns: string) => Number(BigInt(ns) / 1000n) / 1e6;

/** How it went over time. */
export function time(analysis: Analysis): HTMLElement[] {
  const { series, interval_s: interval, bursts } = analysis;
  if (series.length === 0) return [];
  // A single moment has no rate: its counts are shown.
  const isRate = analysis.duration_s > 0;
  // The last interval ends with the last request, and one that is short has a rate all the same.
  const end = secondsOf(analysis.last_ts_ns!);
  const lengthOf = ({ ts_ns }: Slice) => Math.min(interval, Math.max(end - secondsOf(ts_ns), interval / 100));
  const rate = (value: number, slice: Slice) => (isRate ? value / lengthOf(slice) : value);
  const second = isRate ? ' a second' : '';
  const at = series.map(({ ts_ns }) => secondsOf(ts_ns));
  const timed = (y: Axis, lines: Line[]): Spec => ({ x: TIME, y, at, lines, group: 'time' });
  const rows = (...cells: ((slice: Slice) => string)[]) =>
    series.map((slice) => [clockOf(slice.ts_ns, interval), ...cells.map((cell) => cell(slice))]);
  const ops = opsOf(series);
  const each = `each ${span(interval)}`;
  const errors = series.some((slice) => slice.errors > 0);
  return [
    figure(
      `Requests${second}, by command`,
      timed({ kind: 'linear', show: short }, [
        line(
          'all',
          'text',
          series.map((slice) => rate(slice.requests, slice)),
          'area',
        ),
        ...ops.map((op, i) =>
          line(
            op,
            colourOf(i),
            series.map((slice) => rate(slice.ops[op]?.requests ?? 0, slice)),
          ),
        ),
      ]),
      {
        head: ['UTC', 'all', ...ops],
        rows: rows(
          (slice) => count(rate(slice.requests, slice)),
          ...ops.map((op) => (slice: Slice) => count(rate(slice.ops[op]?.requests ?? 0, slice))),
        ),
      },
      { text: each },
    ),
    figure(
      'Hit ratio',
      timed({ kind: 'linear', show: share, most: 1 }, [
        { ...line('hits', 'green', series.map(hitsOf)), show: percent },
      ]),
      {
        head: ['UTC', 'hits', 'misses', 'hit ratio'],
        rows: rows(
          ({ hits }) => count(hits),
          ({ misses }) => count(misses),
          (slice) => maybe(hitsOf(slice), percent),
        ),
      },
      { half: true },
    ),
    figure(
      'Latency',
      timed({ kind: 'log10', show: nanoseconds }, [
        line(
          'p50',
          'blue',
          series.map(({ latency_ns }) => latency_ns.p50),
        ),
        line(
          'p99',
          'orange',
          series.map(({ latency_ns }) => latency_ns.p99),
        ),
        line(
          'p99.9',
          'red',
          series.map(({ latency_ns }) => latency_ns.p999),
        ),
      ]),
      {
        head: ['UTC', ...PERCENTILES],
        rows: rows(
          ...(['p50', 'p90', 'p99', 'p999', 'max'] as const).map(
            (name) => (slice: Slice) => maybe(slice.latency_ns[name], nanoseconds),
          ),
        ),
      },
      { half: true },
    ),
    figure(
      `Bytes${second} of keys and values`,
      timed({ kind: 'linear', show: bytes }, [
        line(
          'in',
          'purple',
          series.map((slice) => rate(slice.bytes_in, slice)),
        ),
        line(
          'out',
          'teal',
          series.map((slice) => rate(slice.bytes_out, slice)),
        ),
      ]),
      {
        head: ['UTC', 'in', 'out'],
        rows: rows(
          ({ bytes_in }) => bytes(bytes_in),
          ({ bytes_out }) => bytes(bytes_out),
        ),
      },
      { half: errors },
    ),
    ...(errors
      ? [
          figure(
            'Errors',
            timed({ kind: 'linear', show: short }, [
              line(
                'errors',
                'red',
                series.map((slice) => slice.errors),
              ),
            ]),
            { head: ['UTC', 'errors'], rows: rows((slice) => count(slice.errors)) },
            { half: true },
          ),
        ]
      : []),
    ...(bursts.burst_seconds === 0
      ? []
      : [
          note(
            `${count(bursts.burst_seconds)} seconds had more than twice the median of requests, and ` +
              `${percent(bursts.burst_share)} of them all.`,
            'note whole',
          ),
        ]),
  ];
}

function line(label: string, colour: string, values: (number | null)[], as: Line['as'] = 'line'): Line {
  return { label, colour, values, as };
}

function hitsOf({ hits, misses }: Slice): number | null {
  return hits + misses > 0 ? hits / (hits + misses) : null;
}

/** The commands with the most requests. */
function opsOf(series: readonly Slice[]): string[] {
  const sums = new Map<string, number>();
  for (const { ops } of series) {
    for (const [op, { requests }] of Object.entries(ops)) sums.set(op, (sums.get(op) ?? 0) + requests);
  }
  const sorted = [...sums].sort(([, a], [, b]) => b - a).map(([op]) => op);
  return sorted.length < 2 ? [] : sorted.slice(0, LINES);
}

function clockOf(ns: string, interval: number): string {
  const text = when(ns);
  return `${text.slice(5, 10)} ${text.slice(11, interval < 1 ? 23 : 19)}`;
}
