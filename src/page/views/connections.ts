import type { Analysis } from '../../analyze/analysis.js';
import { count, nanoseconds, seconds } from '../../analyze/format.js';
import { figure, PERCENTILES, percentileCells, percentileValues, short } from './figure.js';
import { percentilesBox } from './items.js';

/** How clients use their connections. */
export function connections({ connection_use: use }: Analysis): HTMLElement[] {
  if (use.count === 0 || use.requests.p50 === null) return [];
  const at = {
    kind: 'names',
    show: (i: number) => PERCENTILES[Math.round(i)] ?? '',
    title: 'percentile',
  } as const;
  const numbers = [
    ['requests on one', ...percentileCells(use.requests, count)],
    ['under way at once', ...percentileCells(use.pipelining, count)],
    ['keys in a request', ...percentileCells(use.keys_per_request, count)],
  ].filter(([, median]) => median !== '–');
  const times = [
    ['between requests', ...percentileCells(use.interarrival_ns, nanoseconds)],
    ['life', ...percentileCells(use.life_ms, (ms) => seconds(ms / 1000))],
  ].filter(([, median]) => median !== '–');
  return [
    figure(
      'Requests and keys',
      {
        x: at,
        y: { kind: 'log10', show: short },
        at: PERCENTILES.map((_, i) => i),
        lines: [
          { label: 'requests on one', colour: 'blue', values: percentileValues(use.requests), show: count },
          {
            label: 'under way at once',
            colour: 'orange',
            values: percentileValues(use.pipelining),
            show: count,
          },
          {
            label: 'keys in a request',
            colour: 'green',
            values: percentileValues(use.keys_per_request),
            show: count,
          },
        ],
      },
      { head: ['', ...PERCENTILES], rows: numbers },
      {
        half: times.length > 0,
        text: `${count(use.count)} connections, ${count(use.opened)} seen to open, ${count(use.closed)} to close`,
      },
    ),
    ...(times.length === 0
      ? []
      : [
          figure(
            'Between requests, and life',
            {
              x: at,
              y: { kind: 'log10', show: nanoseconds },
              at: PERCENTILES.map((_, i) => i),
              lines: [
                {
                  label: 'between requests',
                  colour: 'purple',
                  values: percentileValues(use.interarrival_ns),
                },
                {
                  label: 'life',
                  colour: 'teal',
                  values: percentileValues(use.life_ms).map((ms) => (ms === null ? null : 1e6 * ms)),
                },
              ],
            },
            { head: ['', ...PERCENTILES], rows: times },
            { half: true, text: 'on one connection' },
          ),
        ]),
    ...(numbers.length === 0 ? [] : [percentilesBox('Percentiles', [...numbers, ...times])]),
  ];
}
