import type { Spread } from '../measure/statistics.js';
import { renderTable } from '../measure/table.js';
import { cpuPerPacket, type Rounds, spreadOver, throughputRatio } from './comparison.js';
import { NONE } from './contestants.js';
import { describeLoad, type Step } from './limit.js';
import type { Run } from './run.js';

const COUNT = new Intl.NumberFormat('en-US');

function show(spread: Spread | null, digits: number): string[] {
  if (spread === null) return ['-', ''];
  const { median, least, most } = spread;
  return [median.toFixed(digits), `${least.toFixed(digits)} … ${most.toFixed(digits)}`];
}

/** Sum over the runs; a dash where there was no recorder, or it is unknown. */
function total(runs: readonly Run[], of: (recorded: NonNullable<Run['recorded']>) => number | null): string {
  const values = runs.map(({ recorded }) => recorded && of(recorded));
  return values.includes(null) ? '-' : COUNT.format(values.reduce((sum: number, value) => sum + value!, 0));
}

/**
 * Packets captured, in percent of those that the device counted, which shows losses that no recorder reports.
 */
function shareSeen(runs: readonly Run[]): string {
  const sum = (of: (run: Run) => number) => runs.reduce((total, each) => total + of(each), 0);
  if (runs.some(({ recorded }) => recorded === null)) return '-';
  return ((100 * sum(({ recorded }) => recorded!.captured)) / sum(({ load }) => load.packets)).toFixed(3);
}

/** Medians and ranges of every contestant. */
export function comparisonTable(rounds: Rounds): string[] {
  const rows = [...rounds].map(([name, runs]) => [
    name,
    ...show(
      spreadOver(runs, ({ load }) => load.rate / 1000),
      1,
    ),
    ...show(throughputRatio(rounds, name, NONE), 3),
    ...show(spreadOver(runs, cpuPerPacket), 3),
    total(runs, ({ captured }) => captured),
    shareSeen(runs),
    total(runs, ({ dropped }) => dropped),
    total(runs, ({ lost }) => lost),
  ]);
  const head = ['', 'k op/s', '', 'kept', '', 'CPU µs/packet', '', 'packets', '% of wire', 'dropped', 'lost'];
  return renderTable([head, ...rows], ['left', ...Array<'right'>(10).fill('right')]);
}

/** Packet rates and losses of all recorders, by load. */
export function stepTable(steps: readonly Step[], names: readonly string[]): string[] {
  const cells = (step: Step, name: string) => {
    const result = step.runs.get(name);
    if (!result) return ['-', '-'];
    return [COUNT.format(result.load.packetRate), COUNT.format(result.recorded?.lost ?? 0)];
  };
  const rows = steps.map((step) => [describeLoad(step.load), ...names.flatMap((name) => cells(step, name))]);
  const head = ['', ...names.flatMap((name) => [`${name} packets/s`, 'lost'])];
  return renderTable([head, ...rows], ['left', ...names.flatMap(() => ['right', 'right'] as const)]);
}
