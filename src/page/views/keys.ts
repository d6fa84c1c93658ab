import type { Analysis } from '../../analyze/analysis.js';
import type { Ranked } from '../../analyze/collect/popularity.js';
import { bytes, count, percent, seconds } from '../../analyze/format.js';
import { box, element, note, table } from '../elements.js';
import { figure, short, span } from './figure.js';
import { tile } from './summary.js';

/** Keys in a list. */
const SHOWN = 10;

/** Which keys are asked for, and how unevenly. */
export function keys({ keys: found, events }: Analysis): HTMLElement[] {
  if (found.distinct === 0) return [];
  const { zipf_alpha: alpha, zipf_r2: fit, shares, ranks } = found;
  const law = fitted(ranks, alpha);
  const list = (title: string, unit: string, ranked: readonly Ranked[], whole: number | null = null) =>
    ranked.length === 0
      ? []
      : [
          box(
            title,
            table({
              head: ['', unit, ...(whole === null ? [] : ['share'])],
              rows: ranked
                .slice(0, SHOWN)
                .map((one) => [
                  nameOf(one),
                  unit === 'bytes' ? bytes(one.count) : count(one.count),
                  ...(whole === null ? [] : [percent(one.count / whole)]),
                ]),
            }),
          ),
        ];
  return [
    element(
      'dl',
      { className: 'tiles small' },
      tile(
        'Distinct keys',
        count(found.distinct),
        `${percent(found.one_hit / found.distinct)} came only once`,
      ),
      tile('Busiest key', percent(shares.top1), 'of all events'),
      tile('100 busiest', percent(shares.top100), `10 busiest ${percent(shares.top10)}`),
      tile('1 % of keys', percent(shares.top1pct), 'of all events'),
      tile(
        'Never read',
        count(found.never_read.keys),
        `keys, stored ${short(found.never_read.writes)} times`,
      ),
      tile(
        'Still busy later',
        found.stable_top100 === null ? '–' : `${found.stable_top100} of 100`,
        'of the busiest keys of the first half',
      ),
    ),
    figure(
      'Popularity',
      {
        x: { kind: 'log10', show: short, title: 'rank' },
        y: { kind: 'log10', show: short },
        at: ranks.map(([rank]) => rank),
        lines: [
          { label: 'times asked for', colour: 'blue', values: ranks.map(([, n]) => n), show: count },
          ...(law === null
            ? []
            : [{ label: 'Zipf', colour: 'quiet', values: law, as: 'dashed', show: short } as const]),
        ],
      },
      { head: ['rank', 'times asked for'], rows: ranks.map(([rank, n]) => [count(rank), count(n)]) },
      alpha === null
        ? {}
        : { text: `Zipf exponent ${alpha.toFixed(2)}${fit === null ? '' : `, R² ${fit.toFixed(3)}`}` },
    ),
    ...list('Busiest', 'times', found.top, events),
    ...list('Most bytes moved', 'bytes', found.by_bytes),
    ...list('Most misses', 'misses', found.by_misses),
    ...list('Most stored', 'stores', found.by_writes),
    ...(found.secrets > 1
      ? [
          note(
            `Hashed with ${found.secrets} secrets: a key in several profiles counts once for each.`,
            'note whole warn',
          ),
        ]
      : []),
  ];
}

/** The name of a known key, else its hash. */
function nameOf(one: Ranked & { name?: string }): HTMLElement {
  return element('code', { title: one.key }, one.name ?? one.key);
}

/** Zipf's law through the mean of the points, in logarithms. */
function fitted(ranks: Analysis['keys']['ranks'], alpha: number | null): number[] | null {
  if (alpha === null || ranks.length === 0) return null;
  const mean = ranks.reduce((sum, [rank, n]) => sum + Math.log(n) + alpha * Math.log(rank), 0) / ranks.length;
  return ranks.map(([rank]) => Math.exp(mean - alpha * Math.log(rank)));
}

/** How much of the cache is in use at a time. */
export function workingSet({ working_set: windows }: Analysis): HTMLElement[] {
  if (windows.every(({ keys: n }) => n === 0)) return [];
  const at = windows.map((window) => window.seconds);
  const x = { kind: 'log10', show: span, title: 'window', marks: at } as const;
  return [
    figure(
      'Distinct keys touched within',
      {
        x,
        y: { kind: 'log10', show: short },
        at,
        lines: [
          { label: 'mean', colour: 'blue', values: windows.map(({ keys: n }) => n), show: count },
          {
            label: 'most',
            colour: 'orange',
            values: windows.map(({ keys_max: n }) => n),
            as: 'dashed',
            show: count,
          },
        ],
      },
      {
        head: ['window', 'mean', 'most'],
        rows: windows.map((one) => [seconds(one.seconds), count(one.keys), count(one.keys_max)]),
      },
      { half: true },
    ),
    figure(
      'Bytes of their items',
      {
        x,
        y: { kind: 'log10', show: bytes },
        at,
        lines: [
          { label: 'mean', colour: 'blue', values: windows.map((one) => one.bytes) },
          { label: 'most', colour: 'orange', values: windows.map((one) => one.bytes_max), as: 'dashed' },
        ],
      },
      {
        head: ['window', 'mean', 'most'],
        rows: windows.map((one) => [seconds(one.seconds), bytes(one.bytes), bytes(one.bytes_max)]),
      },
      { half: true },
    ),
  ];
}
