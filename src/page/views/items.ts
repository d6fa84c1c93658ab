import type { Analysis } from '../../analyze/analysis.js';
import { bytes, count, percent, seconds } from '../../analyze/format.js';
import type { Line } from '../chart.js';
import { element, table, wholeBox } from '../elements.js';
import type { Axis } from '../scales.js';
import { binary, figure, maybe, PERCENTILES, percentileCells, share, short, span } from './figure.js';
import { tile } from './summary.js';

/** Counts by power of two: see Histogram.powers. */
type Powers = readonly (readonly [below: number, count: number])[];

/** A chart of distributions as shares of each, over the powers of two. */
function powersFigure(
  title: string,
  x: Axis,
  kinds: readonly { label: string; colour: string; powers: Powers }[],
): HTMLElement | null {
  const known = kinds.filter(({ powers }) => powers.length > 0);
  const all = known.flatMap(({ powers }) => powers.map(([below]) => below));
  if (all.length === 0) return null;
  const least = Math.log2(Math.min(...all));
  const at = Array.from({ length: Math.log2(Math.max(...all)) - least + 1 }, (_, i) => 2 ** (least + i));
  const only = known.length === 1;
  const counts = known.map(({ powers }) => {
    const own = new Map(powers);
    return at.map((below) => own.get(below) ?? 0);
  });
  const lines = known.map(({ label, colour }, i): Line => {
    const total = counts[i]!.reduce((sum, n) => sum + n, 0);
    return {
      label,
      colour,
      values: counts[i]!.map((n) => n / total),
      as: only ? 'bars' : 'area',
      show: percent,
    };
  });
  const below = (value: number) => (value <= 1 ? '0' : `< ${x.show(value)}`);
  return figure(
    title,
    { x: { ...x, show: below }, y: { kind: 'linear', show: share }, at, lines },
    {
      head: ['', ...known.map(({ label }) => label)],
      rows: at.map((value, i) => [below(value), ...counts.map((list) => count(list[i]!))]),
    },
    { half: true },
  );
}

const present = <T>(list: readonly (T | null)[]): T[] => list.filter((one) => one !== null);

/** Times to live, and what became of items. */
export function ttl({ ttl: asked, lifetimes }: Analysis): HTMLElement[] {
  const all = asked.set + asked.none + asked.past;
  const { stored, age_at_hit_ms: age } = lifetimes;
  if (all === 0 && stored === 0) return [];
  const part = (n: number) => (stored > 0 ? percent(n / stored) : '–');
  const rows = [
    ...(asked.p50 === null ? [] : [['asked for', ...percentileCells(asked, seconds)]]),
    ...(age.p50 === null ? [] : [['age when hit', ...percentileCells(age, (ms) => seconds(ms / 1000))]]),
  ];
  return [
    element(
      'dl',
      { className: 'tiles small' },
      tile('Without a TTL', all > 0 ? percent(asked.none / all) : '–', 'stored for ever'),
      tile('Median TTL', maybe(asked.p50, seconds), `p99 ${maybe(asked.p99, seconds)}`),
      tile('Expired unread', part(lifetimes.expired_unread), `of ${short(stored)} items stored`),
      tile('Overwritten unread', part(lifetimes.overwritten_unread), 'stored for nothing'),
      tile('Deleted unread', part(lifetimes.deleted_unread), 'stored for nothing'),
      tile(
        'Median age when hit',
        maybe(age.p50, (ms) => seconds(ms / 1000)),
        'since it was stored',
      ),
    ),
    ...present([
      powersFigure('Times to live asked for', { kind: 'log2', show: span, title: 'TTL' }, [
        { label: 'TTLs', colour: 'blue', powers: asked.powers },
      ]),
      powersFigure(
        'Age of items when they are hit',
        { kind: 'log2', show: (ms) => span(ms / 1000), title: 'age' },
        [{ label: 'hits', colour: 'green', powers: lifetimes.age_powers }],
      ),
    ]),
    ...(rows.length === 0 ? [] : [percentilesBox('Percentiles', rows)]),
  ];
}

/** How large things are, and what memcached makes of it. */
export function sizes({ sizes: found, key_size, ops }: Analysis): HTMLElement[] {
  const { powers, items, slabs } = found;
  const rows = [
    ['key', ...percentileCells(key_size, bytes)],
    ...Object.entries(ops).map(([op, { value_size }]) => [
      `${op} value`,
      ...percentileCells(value_size, bytes),
    ]),
    ['item', ...percentileCells(found.item, bytes)],
  ].filter(([, median]) => median !== '–');
  if (rows.length === 0) return [];
  const figures = present([
    powersFigure('Values', { kind: 'log2', show: binary, title: 'bytes' }, [
      { label: 'stored', colour: 'purple', powers: powers.stored },
      { label: 'fetched', colour: 'teal', powers: powers.fetched },
    ]),
    powersFigure('Keys and items', { kind: 'log2', show: binary, title: 'bytes' }, [
      { label: 'keys', colour: 'orange', powers: powers.key },
      { label: 'items', colour: 'blue', powers: powers.item },
    ]),
  ]);
  return [
    ...figures,
    ...(slabs.length === 0 ? [] : [slabFigure(items, slabs)]),
    percentilesBox('Percentiles', rows),
  ];
}

function slabFigure(items: Analysis['sizes']['items'], slabs: Analysis['sizes']['slabs']): HTMLElement {
  const waste = percent(1 - items.bytes / items.chunk_bytes);
  return figure(
    'Slab classes',
    {
      x: { kind: 'names', show: (at) => binary(slabs[Math.round(at)]?.chunk ?? 0), title: 'chunk' },
      y: { kind: 'linear', show: bytes },
      at: slabs.map((_, i) => i),
      lines: [
        { label: 'memory', colour: 'quiet', values: slabs.map(({ chunk_bytes }) => chunk_bytes), as: 'bars' },
        { label: 'items', colour: 'blue', values: slabs.map((one) => one.bytes), as: 'bars' },
      ],
    },
    {
      head: ['chunk', 'items', 'memory', 'rounding'],
      rows: slabs.map((one) => [
        `${count(one.chunk)} B`,
        count(one.items),
        bytes(one.chunk_bytes),
        percent(1 - one.bytes / one.chunk_bytes),
      ]),
    },
    {
      text: `${count(items.count)} items of ${bytes(items.bytes)} take ${bytes(items.chunk_bytes)}: ${waste} is rounding`,
    },
  );
}

export function percentilesBox(title: string, rows: readonly string[][]): HTMLElement {
  return wholeBox(title, table({ head: ['', ...PERCENTILES], rows }));
}
