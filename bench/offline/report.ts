import type { Results } from '../measure/interleave.js';
import { medianOf } from '../measure/statistics.js';
import { renderTable } from '../measure/table.js';
import { type Figure, isMet } from './figures.js';

const VERDICTS = new Map<boolean | null, string>([
  [true, 'met'],
  [false, 'missed'],
  [null, ''],
]);

function show(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits);
}

/** Medians of every contestant. @param packetsOf number of packets that a contestant reads */
export function comparisonTable(results: Results, packetsOf: (name: string) => number): string[] {
  const rows = [...results.keys()].map((name) => {
    const wall = medianOf(results, name, 'wall');
    const peak = medianOf(results, name, 'peak');
    const rate = wall === null ? null : packetsOf(name) / 1e6 / wall;
    return [
      name,
      show(wall, 3),
      show(medianOf(results, name, 'cpu'), 3),
      show(peak === null ? null : peak / 2 ** 20, 1),
      show(rate, rate !== null && rate < 1 ? 3 : 1),
    ];
  });
  const head = ['', 'wall s', 'CPU s', 'peak MiB', 'M packets/s'];
  return renderTable([head, ...rows], ['left', 'right', 'right', 'right', 'right']);
}

export function figureTable(figures: readonly Figure[]): string[] {
  const rows = figures.map((figure) => {
    const { id, meaning, value, unit, most, least } = figure;
    const target = most !== undefined ? `≤ ${most} ${unit}` : least !== undefined ? `≥ ${least} ${unit}` : '';
    const digits = value !== null && Math.abs(value) >= 100 ? 0 : 2;
    return [
      id,
      meaning,
      target,
      value === null ? 'not measured' : `${show(value, digits)} ${unit}`,
      VERDICTS.get(isMet(figure)) ?? '',
    ];
  });
  const head = ['', '', 'target', 'measured', ''];
  return renderTable([head, ...rows], ['left', 'left', 'right', 'right', 'left']);
}
