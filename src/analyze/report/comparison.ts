import type { Change, Comparison } from '../compare.js';
import { bytes, count, nanoseconds, percent, seconds } from '../format.js';
import { maybe, PLAIN, type ReportStyle, table, wrap } from './lines.js';

export const SHOW: Record<Change['unit'], (value: number) => string> = {
  per_second: (value) => `${count(value)}/s`,
  bytes_per_second: (value) => `${bytes(value)}/s`,
  ratio: percent,
  ns: nanoseconds,
};

/** A change, with its sign; those of ratios in points. */
export function signed(value: number, unit: Change['unit']): string {
  if (!Number.isFinite(value)) return 'new';
  const text = Math.abs(100 * value).toFixed(1);
  const sign = text === '0.0' ? '' : value > 0 ? '+' : '−';
  return `${sign}${text}${unit === 'ratio' ? '' : ' %'}`;
}

/** A comparison as lines of text, worst first. Changes of ratios are in points. */
export function renderComparison(comparison: Comparison, style: ReportStyle = PLAIN): string[] {
  const { a, b, changes, too_little } = comparison;
  const side = (name: string, one: Comparison['a']) => [
    name,
    count(one.requests),
    seconds(one.duration_s),
    maybe(one.hit_ratio, percent),
    count(one.distinct_keys),
  ];
  const lines = [
    style.title('Compared'),
    ...table(['', 'requests', 'time', 'hits', 'distinct keys'], [side('A', a), side('B', b)], style),
    ...[a, b].flatMap((one, i) =>
      one.caveats.flatMap(({ what }) => wrap(`${'AB'[i]}: ${what}`, 2, 5).map((line) => style.warn(line))),
    ),
    '',
  ];
  if (too_little !== null) return [...lines, `  ${style.warn(too_little)}`];
  return [...lines, ...renderChanges(changes, style)];
}

/** Changes as tables: what is worse beyond noise, what is otherwise beyond noise, and what is within. */
export function renderChanges(changes: readonly Change[], style: ReportStyle = PLAIN): string[] {
  const rowsOf = (list: readonly Change[]) =>
    list.map(({ name, unit, a: one, b: other, change, low, high }) => [
      name,
      SHOW[unit](one),
      SHOW[unit](other),
      signed(change, unit),
      `${signed(low, unit)} to ${signed(high, unit)}`,
    ]);
  const part = (title: string, list: readonly Change[]) =>
    list.length === 0
      ? []
      : [style.title(title), ...table(['', 'A', 'B', 'change', 'with 95 %'], rowsOf(list), style), ''];
  const beyond = changes.filter(({ beyond_noise }) => beyond_noise);
  return [
    ...part(
      'Worse, beyond noise',
      beyond.filter(({ worse }) => worse === true),
    ),
    ...part(
      'Better or other, beyond noise',
      beyond.filter(({ worse }) => worse !== true),
    ),
    ...part(
      'Within noise',
      changes.filter(({ beyond_noise }) => !beyond_noise),
    ),
  ].slice(0, -1);
}
