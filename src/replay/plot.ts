/** Latency against rate, as a page of its own. */
import { count, nanoseconds } from '../analyze/format.js';
import type { PercentileName } from './slice-figures.js';
import type { Sweep, SweepPoint } from './sweep.js';

const [WIDTH, HEIGHT] = [860, 480];
const MARGIN = { left: 80, right: 90, top: 20, bottom: 50 };

/** Colours that the colour-blind can tell apart (Okabe and Ito). */
const LINES: readonly [name: PercentileName, label: string, colour: string][] = [
  ['p50', 'p50', '#0072b2'],
  ['p90', 'p90', '#009e73'],
  ['p99', 'p99', '#d55e00'],
  ['p999', 'p99.9', '#cc79a7'],
];

/** A page with the latencies of a sweep against the rates that were reached; it loads nothing. */
export function sweepPage({ sweep }: Sweep, title: string): string {
  const points = [...sweep].sort((a, b) => a.speed - b.speed);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
  body { font: 14px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: ${WIDTH}px; padding: 0 1rem; color: #222 }
  svg { width: 100%; height: auto; font-size: 12px }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums }
  td, th { text-align: right; padding: .15rem .8rem; border-bottom: 1px solid #ddd }
</style>
<h1>${escaped(title)}</h1>
<p>Latency from when requests were due to their answers, against answers a second. Bars: 95 % confidence, over slices.
Hollow points: the client was the bottleneck, and they are not valid.</p>
${chart(points)}
<table>
<tr><th>speed<th>due/s<th>answers/s${LINES.map(([, label]) => `<th>${label}`).join('')}<th>valid
${points.map(rowOf).join('\n')}
</table>
</html>
`;
}

function rowOf({ speed, offered, rate, latency_ns, valid }: SweepPoint): string {
  const cells = LINES.map(([name]) => latency_ns[name]).map((found) =>
    found === null ? '-' : nanoseconds(found.value),
  );
  return `<tr>${[speed, count(offered), count(rate.value), ...cells, valid ? 'yes' : 'no'].map((cell) => `<td>${cell}`).join('')}`;
}

function chart(points: readonly SweepPoint[]): string {
  const values = points.flatMap(({ latency_ns }) =>
    LINES.flatMap(([name]) => {
      const found = latency_ns[name];
      return found === null ? [] : [found.low ?? found.value, found.high ?? found.value];
    }),
  );
  if (values.length === 0) return '<p>There were too few requests for any percentile.</p>';
  const x = scale(0, Math.max(...points.map(({ rate }) => rate.value)), [MARGIN.left, WIDTH - MARGIN.right]);
  const [low, high] = [
    Math.floor(Math.log10(Math.min(...values))),
    Math.ceil(Math.log10(Math.max(...values))),
  ];
  const log = scale(low, Math.max(high, low + 1), [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const y = (ns: number) => log(Math.log10(Math.max(1, ns)));
  const parts = [
    ...ticks(Math.max(...points.map(({ rate }) => rate.value))).map(
      (rate) =>
        `<path d="M${x(rate)} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}" stroke="#eee"/><text x="${x(rate)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${count(rate)}</text>`,
    ),
    ...Array.from({ length: Math.max(high, low + 1) - low + 1 }, (_, i) => 10 ** (low + i)).map(
      (ns) =>
        `<path d="M${MARGIN.left} ${y(ns)}H${WIDTH - MARGIN.right}" stroke="#ddd"/><text x="${MARGIN.left - 8}" y="${y(ns) + 4}" text-anchor="end">${nanoseconds(ns)}</text>`,
    ),
    `<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 10}" text-anchor="middle">answers a second</text>`,
    ...LINES.map((line) => curve(points, line, { x, y })),
  ];
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="latency against rate">${parts.join('')}</svg>`;
}

interface Axes {
  x: (rate: number) => number;
  y: (ns: number) => number;
}

/** One percentile: a line in the order of speeds, which turns back where a server answers less when it gets more. */
function curve(
  points: readonly SweepPoint[],
  [name, label, colour]: (typeof LINES)[number],
  { x, y }: Axes,
): string {
  const told = points.flatMap((point) => {
    const found = point.latency_ns[name];
    return found === null ? [] : [{ point, found, at: [x(point.rate.value), y(found.value)] as const }];
  });
  if (told.length === 0) return '';
  const marks = told.map(({ point, found, at: [left, top] }) => {
    const { value, low, high } = found;
    const told = `speed ${point.speed}: ${count(point.rate.value)}/s, ${label} ${nanoseconds(value)}`;
    const bar =
      low === null || high === null ? '' : `<path d="M${left} ${y(low)}V${y(high)}" stroke="${colour}"/>`;
    return `${bar}<circle cx="${left}" cy="${top}" r="4" fill="${point.valid ? colour : '#fff'}" stroke="${colour}"><title>${told}</title></circle>`;
  });
  const [left, top] = told.at(-1)!.at;
  const line = told.map(({ at }) => at.join(' ')).join('L');
  return `<path d="M${line}" fill="none" stroke="${colour}" stroke-width="1.5"/>${marks.join('')}<text x="${left + 10}" y="${top + 4}" fill="${colour}">${label}</text>`;
}

/** From one range to another, to a tenth of a pixel. */
function scale(from: number, to: number, [start, end]: readonly [number, number]): (value: number) => number {
  return (value) => Number((start + ((value - from) / Math.max(1e-9, to - from)) * (end - start)).toFixed(1));
}

/** Round numbers from 0, five to ten of them. */
function ticks(most: number): number[] {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  const step = [0.1, 0.2, 0.5, 1].map((part) => part * power * 2).find((one) => most / one <= 8) ?? power * 2;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
