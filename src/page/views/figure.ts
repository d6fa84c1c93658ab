import type { Percentiles } from '../../analyze/histogram.js';
import { chart, type Spec } from '../chart.js';
import { details, element, note, type Table } from '../elements.js';

/** A chart with its title and its numbers; `half`: as wide as half the page, where there is room. */
export function figure(
  title: string,
  spec: Spec,
  numbers: Table,
  { half = false, text = '' }: { half?: boolean; text?: string } = {},
): HTMLElement {
  return element(
    'figure',
    { className: half ? 'half' : '' },
    element('figcaption', {}, title),
    text === '' ? null : note(text),
    chart(spec),
    details(numbers),
  );
}

/** A number that may be unknown. */
export function maybe(value: number | null, show: (value: number) => string): string {
  return value === null ? '–' : show(value);
}

export const PERCENTILES = ['p50', 'p90', 'p99', 'p99.9', 'max'] as const;

export function percentileValues(p: Percentiles): (number | null)[] {
  return [p.p50, p.p90, p.p99, p.p999, p.max];
}

export function percentileCells(p: Percentiles, show: (value: number) => string): string[] {
  return percentileValues(p).map((value) => maybe(value, show));
}

/** Colours of lines, in order; what is left has `quiet`. */
const COLOURS = ['blue', 'orange', 'green', 'purple', 'red', 'teal'];

export function colourOf(index: number): string {
  return COLOURS[index] ?? 'quiet';
}

/** 1.2 M: a count with room for nothing longer. */
export function short(value: number): string {
  const units = ['', ' k', ' M', ' G', ' T'];
  let left = value;
  let at = 0;
  while (at < units.length - 1 && Math.abs(left) >= 1000) {
    left /= 1000;
    at++;
  }
  return `${Number(left.toPrecision(3))}${units[at]}`;
}

/** A share along an axis: 50 %. */
export function share(value: number): string {
  return `${Number((100 * value).toPrecision(3))} %`;
}

/** Bytes in powers of 1024: 64 B, 16 KiB. */
export function binary(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let left = value;
  let at = 0;
  while (at < units.length - 1 && left >= 1024) {
    left /= 1024;
    at++;
  }
  return `${Number(left.toPrecision(3))} ${units[at]}`;
}

/** A time in its largest unit: 30 s, 10 min, 6 h, 7 d. */
export function span(seconds: number): string {
  if (seconds < 1) return `${Number((1000 * seconds).toPrecision(3))} ms`;
  for (const [unit, length] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
  ] as const) {
    if (seconds >= length) return `${Number((seconds / length).toPrecision(2))} ${unit}`;
  }
  return `${Number(seconds.toPrecision(2))} s`;
}
