import type { Analysis } from '../../analyze/analysis.js';
import type { Curve } from '../../analyze/curve/distances.js';
import { count, percent } from '../../analyze/format.js';
import type { Line } from '../chart.js';
import { note } from '../elements.js';
import { binary, figure, maybe, share, short } from './figure.js';

type Mrc = Analysis['mrc'];

/** A hit ratio by size. */
interface HitCurve extends Omit<Line, 'values'> {
  /** Null where it is not known. */
  at(size: number): number | null;
}

/** The smallest size of a chart is the largest divided by this: below it there is nothing to decide. */
const SPAN = 2 ** 14;
const LRU = { label: 'LRU', colour: 'quiet', as: 'dashed', show: percent } as const;
const WITH_TTLS = { label: 'LRU with TTLs', colour: 'blue', show: percent } as const;

function hitsOf(curve: Curve): (size: number) => number | null {
  return (size) => {
    const found = curve.findLast(([at]) => at <= size);
    return found === undefined ? null : 1 - found[1];
  };
}

const ascending = (sizes: readonly number[]) => [...new Set(sizes)].sort((a, b) => a - b);

/** Powers of two from one size to another. */
function powers(from: number, to: number): number[] {
  const first = Math.ceil(Math.log2(from));
  return Array.from(
    { length: Math.max(0, Math.floor(Math.log2(to)) - first + 1) },
    (_, i) => 2 ** (first + i),
  );
}

/** How the hit ratio would change with memory. */
export function memory({ mrc }: Analysis): HTMLElement[] {
  const { lru_ttl, reads } = mrc;
  if (reads === 0 || lru_ttl.bytes.length === 0) return [];
  return [
    byBytes(mrc),
    byItems(mrc),
    note(
      `Of ${count(reads)} reads ${percent(mrc.cold_misses / reads)} were the first of their key and ` +
        `${percent(mrc.dead_misses / reads)} came after its item had expired or was deleted: these miss at any size.` +
        (mrc.sampled < 1 ? ` The curves follow ${percent(mrc.sampled)} of the keys.` : ''),
      'note whole',
    ),
  ];
}

function byBytes({ lru, lru_ttl, memcached, band, advice }: Mrc): HTMLElement {
  const points = [...lru.bytes, ...lru_ttl.bytes].map(([size]) => size);
  const largest = Math.max(...points);
  const asked = advice === null ? [] : [advice.bytes / 2, advice.bytes, 2 * advice.bytes];
  // Beyond the size that holds all, one of memcached's points says what all others would.
  const all = memcached?.bytes ?? [];
  const end = Math.max(largest, ...asked);
  const last = all.find(([size]) => size >= end)?.[0] ?? end;
  const simulated = all.filter(([size]) => size <= last);
  const own = new Map(simulated);
  const edge = (which: 1 | 2) => (size: number) => {
    const found = band.findLast(([at]) => at <= size);
    return found === undefined ? null : 1 - found[which];
  };
  const curves: HitCurve[] = [
    { ...LRU, at: hitsOf(lru.bytes) },
    { ...WITH_TTLS, at: hitsOf(lru_ttl.bytes) },
    ...(memcached === null
      ? []
      : [
          {
            label: 'memcached',
            colour: 'orange',
            as: 'points',
            show: percent,
            at: (size: number) => (own.has(size) ? 1 - own.get(size)! : null),
          } as const,
        ]),
  ];
  const edges: HitCurve[] =
    band.length === 0
      ? []
      : [
          { label: 'low', colour: 'blue', as: 'edge', at: edge(2) },
          { label: 'high', colour: 'blue', as: 'edge', at: edge(1) },
        ];
  const special = [...simulated.map(([size]) => size), ...asked];
  const at = ascending([...points, ...special]).filter((size) => size >= largest / SPAN);
  const rows = ascending([...powers(at[0]!, end), ...special, largest]);
  const lines = [...curves, ...edges];
  return figure(
    'Hit ratio by memory',
    {
      x: { kind: 'log2', show: binary, title: 'memory' },
      y: { kind: 'linear', show: share, most: 1 },
      at,
      lines: lines.map((curve) => ({ ...curve, values: at.map(curve.at) })),
      ...(edges.length > 0 && { band: [lines.length - 1, lines.length - 2] as const }),
      marks: ['half', advice?.from === 'given' ? 'now' : binary(asked[1] ?? 0), 'double'].flatMap(
        (label, i) => (asked[i] === undefined ? [] : [{ at: asked[i], label }]),
      ),
    },
    {
      head: ['memory', ...curves.map(({ label }) => label), ...(edges.length > 0 ? ['95 %'] : [])],
      rows: rows.map((size) => [
        binary(size),
        ...curves.map((curve) => maybe(curve.at(size), percent)),
        ...(edges.length > 0 ? [edges.map((curve) => maybe(curve.at(size), percent)).join(' to ')] : []),
      ]),
    },
  );
}

function byItems({ lru, lru_ttl }: Mrc): HTMLElement {
  const curves: HitCurve[] = [
    { ...LRU, at: hitsOf(lru.items) },
    { ...WITH_TTLS, at: hitsOf(lru_ttl.items) },
  ];
  const at = ascending([...lru.items, ...lru_ttl.items].map(([items]) => items));
  const rows = ascending([...powers(at[0]!, at.at(-1)!), at.at(-1)!]);
  return figure(
    'Hit ratio by number of items',
    {
      x: { kind: 'log2', show: (items) => short(Math.round(items)), title: 'items' },
      y: { kind: 'linear', show: share, most: 1 },
      at,
      lines: curves.map((curve) => ({ ...curve, values: at.map(curve.at) })),
    },
    {
      head: ['items', ...curves.map(({ label }) => label)],
      rows: rows.map((items) => [count(items), ...curves.map((curve) => maybe(curve.at(items), percent))]),
    },
  );
}
