import { median } from '../measure/statistics.js';
import type { Figure } from '../offline/figures.js';
import type { Cost } from './costs.js';
import type { Memories } from './memories.js';

/** No attack may cost more than so many times the median. */
const WORST = 5;
/**
 * In a capture four times as large a byte may cost so many times as much: caches end somewhere. A square
 * costs 4.
 */
const GROWTH = 3;

const most = (costs: readonly Cost[], of: (cost: Cost) => number) =>
  costs.reduce((worst, cost) => (of(cost) > of(worst) ? cost : worst));

/** The worst of the attacks against the median of all that was measured, and against normal traffic. */
export function attackFigures(costs: readonly Cost[], { attacks, idle, cap }: Memories): Figure[] {
  const normal = costs.filter((cost) => cost.normal);
  const hostile = costs.filter((cost) => !cost.normal);
  if (hostile.length === 0) return [];
  const figures: Figure[] = [];
  const worst = (unit: string, of: (cost: Cost) => number, target?: number) => {
    const cost = most(hostile, of);
    const against = (whom: string, others: readonly Cost[], limit?: number) =>
      figures.push({
        id: 'T19',
        meaning: `dearest attack ÷ median of ${whom}, CPU time a ${unit}: ${cost.name}`,
        value: of(cost) / median(others.map(of)),
        unit: '×',
        ...(limit !== undefined && { most: limit }),
      });
    against('the attacks', hostile, target);
    against('normal traffic', normal);
  };
  worst('byte of the capture', ({ byte }) => byte, WORST);
  worst('step (packet, event or request)', ({ step }) => step, WORST);
  const grown = most(hostile, ({ growth }) => growth);
  figures.push({
    id: 'T19',
    meaning: `CPU time a byte ÷ that in a quarter of the capture: ${grown.name}`,
    value: grown.growth,
    unit: '×',
    most: GROWTH,
  });
  const peaks = Object.entries(attacks).flatMap(([name, { peak }]) =>
    peak === null ? [] : [{ name, peak }],
  );
  if (peaks.length > 0) {
    const { name, peak } = peaks.reduce((a, b) => (b.peak > a.peak ? b : a));
    figures.push({
      id: 'T19',
      meaning: `peak memory beyond a recording of nothing ÷ cap: ${name}`,
      value: (peak - idle) / cap,
      unit: '×',
      most: 1,
    });
  }
  return figures;
}
