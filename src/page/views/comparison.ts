import type { Analysis } from '../../analyze/analysis.js';
import type { Change, Comparison } from '../../analyze/compare.js';
import { count, nanoseconds, percent, seconds } from '../../analyze/format.js';
import { SHOW, signed } from '../../analyze/report/comparison.js';
import type { Line } from '../chart.js';
import { element, note, table, wholeBox } from '../elements.js';
import type { Axis } from '../scales.js';
import { binary, figure, maybe, share, short, span } from './figure.js';
import { tile } from './summary.js';
import { secondsOf } from './time.js';

type Pair<T> = readonly [a: T, b: T];

/** What changed from one workload to another, worst first. */
export function comparisonReport(
  comparison: Comparison,
  names: Pair<string>,
  analyses: Pair<Analysis>,
): HTMLElement[] {
  const { changes, too_little } = comparison;
  const beyond = changes.filter(({ beyond_noise }) => beyond_noise);
  const parts: [string, string, HTMLElement[]][] = [
    [
      'compared',
      'Compared',
      [sides(comparison, names), ...(too_little === null ? [] : [note(too_little, 'note warn')])],
    ],
    ['worse', 'Worse, beyond noise', changed(beyond.filter(({ worse }) => worse === true))],
    ['other', 'Better or other, beyond noise', changed(beyond.filter(({ worse }) => worse !== true))],
    ['same', 'Within noise', changed(changes.filter(({ beyond_noise }) => !beyond_noise))],
    ['both', 'Side by side', sideBySide(analyses)],
  ];
  parts.unshift(['summary', 'Summary', [tiles(changes)]]);
  return parts
    .filter(([, , content]) => content.length > 0)
    .map(([id, title, content]) => element('section', { id }, element('h2', {}, title), ...content));
}

/** Figures in short, in this order. */
const SHORT = ['hit ratio', 'requests', 'latency p50', 'latency p99', 'errors'];

function tiles(changes: readonly Change[]): HTMLElement {
  const made = SHORT.flatMap((name) => {
    const found = changes.find((one) => one.name === name);
    if (found === undefined) return [];
    const { unit, a, b, change, beyond_noise, worse } = found;
    const word = !beyond_noise
      ? 'within noise'
      : worse === null
        ? 'beyond noise'
        : worse
          ? 'worse'
          : 'better';
    const points = unit === 'ratio' ? ' points' : '';
    return [
      tile(
        name[0]!.toUpperCase() + name.slice(1),
        `${signed(change ?? Number.POSITIVE_INFINITY, unit)}${points}`,
        `${SHOW[unit](a)} to ${SHOW[unit](b)}: ${word}`,
        beyond_noise && worse === true ? 'worse' : '',
      ),
    ];
  });
  return element('dl', { className: 'tiles' }, ...made);
}

function sides({ a, b }: Comparison, names: Pair<string>): HTMLElement {
  const rows = [a, b].map((one, i) => [
    element('span', {}, element('strong', {}, `${'AB'[i]} `), names[i]!),
    count(one.requests),
    seconds(one.duration_s),
    maybe(one.hit_ratio, percent),
    count(one.distinct_keys),
  ]);
  const caveats = [a, b].flatMap((one, i) =>
    one.caveats.map(({ what, means }) => note(`${'AB'[i]}: ${what}: ${means}`, 'note warn')),
  );
  return wholeBox(
    '',
    table({ head: ['', 'requests', 'time', 'hit ratio', 'distinct keys'], rows }),
    ...caveats,
  );
}

/** A table with each change and its range of 95 %. JSON has no infinity: what is new has null. */
function changed(changes: readonly Change[]): HTMLElement[] {
  if (changes.length === 0) return [];
  const known = (value: number | null) => value ?? Number.POSITIVE_INFINITY;
  const most = Math.max(
    ...changes.flatMap(({ low, high }) =>
      [low, high].map((value) => Math.abs(known(value))).filter(Number.isFinite),
    ),
    0.01,
  );
  const rows = changes.map(({ name, unit, a, b, change, low, high }) => [
    name,
    SHOW[unit](a),
    SHOW[unit](b),
    signed(known(change), unit),
    `${signed(known(low), unit)} to ${signed(known(high), unit)}`,
    rangeBar([known(low), known(change), known(high)], most),
  ]);
  return [wholeBox('', table({ head: ['', 'A', 'B', 'change', 'with 95 %', ''], rows }))];
}

/** Where a change lies around none, which is the middle. */
function rangeBar(values: readonly [low: number, at: number, high: number], most: number): HTMLElement {
  const place = (value: number) => 50 + 50 * Math.max(-1, Math.min(1, value / most));
  const [low, at, high] = values.map(place) as [number, number, number];
  const bar = element('i');
  bar.style.left = `${low}%`;
  bar.style.width = `${Math.max(1, high - low)}%`;
  const dot = element('b');
  dot.style.left = `${at}%`;
  return element('span', { className: 'range' }, bar, dot);
}

/** Both workloads in one chart each. */
function sideBySide(analyses: Pair<Analysis>): HTMLElement[] {
  const overTime = (title: string, y: Axis, of: (slice: Analysis['series'][number]) => number | null) => {
    const lists = analyses.map(({ series }) => {
      const first = series[0] === undefined ? 0 : secondsOf(series[0].ts_ns);
      return series.map((slice) => [secondsOf(slice.ts_ns) - first, of(slice)] as const);
    });
    return both(title, { kind: 'linear', show: span, title: 'since the beginning' }, y, lists);
  };
  const curves = analyses.map(({ mrc }) =>
    mrc.lru_ttl.bytes.map(([size, ratio]) => [size, 1 - ratio] as const),
  );
  return [
    overTime('Requests, each interval', { kind: 'linear', show: short }, ({ requests }) => requests),
    overTime('Hit ratio', { kind: 'linear', show: share, most: 1 }, ({ hits, misses }) =>
      hits + misses > 0 ? hits / (hits + misses) : null,
    ),
    overTime('Latency, p99', { kind: 'log10', show: nanoseconds }, ({ latency_ns }) => latency_ns.p99),
    ...(curves.some((curve) => curve.length > 0)
      ? [
          both(
            'Hit ratio by memory, LRU with TTLs',
            { kind: 'log2', show: binary, title: 'memory' },
            { kind: 'linear', show: share, most: 1 },
            curves,
          ),
        ]
      : []),
  ];
}

function both(
  title: string,
  x: Axis,
  y: Axis,
  lists: readonly (readonly (readonly [at: number, value: number | null])[])[],
): HTMLElement {
  const at = [...new Set(lists.flatMap((list) => list.map(([place]) => place)))].sort(
    (one, other) => one - other,
  );
  const values = lists.map((list) => {
    const own = new Map(list);
    return at.map((place) => own.get(place));
  });
  const lines = values.map(
    (list, i): Line => ({
      label: 'AB'[i]!,
      colour: i === 0 ? 'blue' : 'orange',
      values: list,
    }),
  );
  return figure(
    title,
    { x, y, at, lines },
    {
      head: [x.title ?? '', 'A', 'B'],
      rows: at.map((place, i) => [x.show(place), ...values.map((list) => maybe(list[i] ?? null, y.show))]),
    },
    { half: true },
  );
}
