import type { Analysis } from '../../analyze/analysis.js';
import type { Curve } from '../../analyze/curve/distances.js';
import { count, percent } from '../../analyze/format.js';
import { note } from '../elements.js';
import { binary, figure, share, short } from './figure.js';

/** A curve's hit ratio at a size; null before its first point. */
function hitAt(curve: Curve, size: number): number | null {
  const found = curve.findLast(([at]) => at <= size);
  return found === undefined ? null : 1 - found[1];
}

/** The smallest size of a chart is the largest divided by this: below it there is nothing to decide. */
const SPAN = 2 ** 14;

const sizesOf = (...curves: readonly (readonly (readonly [number, ...number[]])[])[]) =>
  [...new Set(curves.flatMap((curve) => curve.map(([size]) => size)))].sort((a, b) => a - b);

/** How the hit ratio would change with memory. */
export function memory({ mrc }: Analysis): HTMLElement[] {
  const { lru, lru_ttl, memcached, band, advice } = mrc;
  if (mrc.reads === 0 || lru_ttl.bytes.length === 0) return [];
  const largest = lru_ttl.bytes.at(-1)![0];
  // Beyond the size that holds all, one of memcached's points says what all others would.
  const points = memcached?.bytes ?? [];
  const asked = advice === null ? [] : [advice.bytes / 2, advice.bytes, 2 * advice.bytes];
  const end = Math.max(largest, ...asked);
  const beyond = points.find(([size]) => size >= end)?.[0] ?? end;
  const simulated = points.filter(([size]) => size <= beyond);
  const at = sizesOf(
    lru.bytes,
    lru_ttl.bytes,
    simulated,
    asked.map((size) => [size]),
  ).filter((size) => size >= largest / SPAN);
  const edge = (which: 1 | 2) =>
    at.map((size) => {
      const found = band.findLast(([own]) => own <= size);
      return found === undefined ? null : 1 - found[which];
    });
  const own = new Map(simulated);
  const memcachedAt = at.map((size) => (own.has(size) ? 1 - own.get(size)! : null));
  const curves = [
    {
      label: 'LRU',
      colour: 'quiet',
      values: at.map((size) => hitAt(lru.bytes, size)),
      as: 'dashed',
      show: percent,
    },
    {
      label: 'LRU with TTLs',
      colour: 'blue',
      values: at.map((size) => hitAt(lru_ttl.bytes, size)),
      show: percent,
    },
    ...(memcached === null
      ? []
      : [
          { label: 'memcached', colour: 'orange', values: memcachedAt, as: 'points', show: percent } as const,
        ]),
    ...(band.length === 0
      ? []
      : ([
          { label: 'low', colour: 'blue', values: edge(2), as: 'edge' },
          { label: 'high', colour: 'blue', values: edge(1), as: 'edge' },
        ] as const)),
  ] as const;
  const cold = percent(mrc.cold_misses / mrc.reads);
  const dead = percent(mrc.dead_misses / mrc.reads);
  const drawn = curves.map((line) => ({ ...line }));
  const marks =
    advice === null
      ? []
      : [
          { at: advice.bytes / 2, label: 'half' },
          { at: advice.bytes, label: advice.from === 'given' ? 'now' : binary(advice.bytes) },
          { at: advice.bytes * 2, label: 'double' },
        ];
  return [
    figure(
      'Hit ratio by memory',
      {
        x: { kind: 'log2', show: binary, title: 'memory' },
        y: { kind: 'linear', show: share, most: 1 },
        at,
        lines: drawn,
        ...(band.length > 0 && { band: [drawn.length - 1, drawn.length - 2] as const }),
        marks,
      },
      {
        head: [
          'memory',
          'LRU',
          'with TTLs',
          ...(band.length > 0 ? ['95 %'] : []),
          ...(memcached ? ['memcached'] : []),
        ],
        rows: at.map((size, i) => [
          binary(size),
          ratio(curves[0].values[i]!),
          ratio(curves[1].values[i]!),
          ...(band.length > 0 ? [`${ratio(edge(2)[i]!)} to ${ratio(edge(1)[i]!)}`] : []),
          ...(memcached === null ? [] : [ratio(memcachedAt[i]!)]),
        ]),
      },
    ),
    byItems(lru.items, lru_ttl.items),
    note(
      `Of ${count(mrc.reads)} reads ${cold} were the first of their key and ${dead} came after its item had expired ` +
        'or was deleted: these miss at any size.' +
        (mrc.sampled < 1 ? ` The curves follow ${percent(mrc.sampled)} of the keys.` : ''),
      'note whole',
    ),
  ];
}

function byItems(lru: Curve, lruTtl: Curve): HTMLElement {
  const at = sizesOf(lru, lruTtl);
  const values = [lru, lruTtl].map((curve) => at.map((size) => hitAt(curve, size)));
  return figure(
    'Hit ratio by number of items',
    {
      x: { kind: 'log2', show: (items) => short(Math.round(items)), title: 'items' },
      y: { kind: 'linear', show: share, most: 1 },
      at,
      lines: [
        { label: 'LRU', colour: 'quiet', values: values[0]!, as: 'dashed', show: percent },
        { label: 'LRU with TTLs', colour: 'blue', values: values[1]!, show: percent },
      ],
    },
    {
      head: ['items', 'LRU', 'with TTLs'],
      rows: at.map((items, i) => [count(items), ratio(values[0]![i]!), ratio(values[1]![i]!)]),
    },
  );
}

const ratio = (value: number | null) => (value === null ? '–' : percent(value));
