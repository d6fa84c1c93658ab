import { format } from '#src/index.js';
import { renderTable } from '../measure/table.js';
import type { Cost } from './costs.js';
import type { Memories } from './memories.js';

const short = (bounds: Record<string, number>) =>
  Object.entries(bounds)
    .map(([name, hit]) => `${name.slice('bound_'.length)} ${format.count(hit)}`)
    .join(', ');

/** A line for every kind: the parser alone, then the process with limited memory. */
export function attackTable(costs: readonly Cost[], { attacks }: Memories): string[] {
  const rows = costs.map(({ name, packets, bytes, byte, packet, step, growth }) => {
    const process = attacks[name];
    return [
      name,
      format.count(packets),
      (bytes / 2 ** 20).toFixed(0),
      byte.toFixed(2),
      packet.toFixed(0),
      step.toFixed(0),
      growth.toFixed(2),
      process?.cpu == null ? '' : ((process.cpu * 1e9) / bytes).toFixed(2),
      process?.peak == null ? '' : (process.peak / 2 ** 20).toFixed(0),
      process === undefined ? '' : short(process.bounds),
    ];
  });
  const head = [
    '',
    'packets',
    'MiB',
    'ns/byte',
    'ns/packet',
    'ns/step',
    'growth',
    'all ns/byte',
    'peak MiB',
    'bounds',
  ];
  const right = Array<'right'>(8).fill('right');
  return renderTable([head, ...rows], ['left', ...right, 'left']);
}
