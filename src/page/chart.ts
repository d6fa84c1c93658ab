/** Charts: lines, points or bars over one axis, drawn by uPlot. */
import uPlot from 'uplot';
import { element } from './elements.js';
import { type Axis, clock, marksOf, placeOf, rangeOf, valueAt } from './scales.js';

export interface Line {
  label: string;
  /** Name of a colour of page.css, without dashes. */
  colour: string;
  /** For each x; null: unknown, which interrupts the line; undefined: nothing to be told there. */
  values: readonly (number | null | undefined)[];
  as?: 'line' | 'dashed' | 'steps' | 'area' | 'bars' | 'points' | 'edge';
  /** Formats its values where the axis does not. */
  show?(value: number): string;
}

export interface Spec {
  x: Axis;
  y: Axis;
  at: readonly number[];
  lines: readonly Line[];
  /** The area between two lines is filled, by their indices: upper, lower. */
  band?: readonly [number, number];
  /** Vertical lines, with what they mean. */
  marks?: readonly { at: number; label: string }[];
  /** Charts of one group show the same place at a time. */
  group?: string;
}

const HEIGHT = 230;
/** Points of a line are drawn where it has no more than so many. */
const POINTS_MAX = 24;
/** CSS pixels between two marks. */
const SPACE = { x: 76, y: 24 };
/** The same between times of less than a second: 12:00:00.250. */
const SPACE_FINE = 104;
const FONT = '12px system-ui, sans-serif';

/** All charts in the page. */
const drawn = new Set<Chart>();

/** Values of the colours of page.css in the theme of now. */
const colours = new Map<string, string>();

/** The value of a colour of page.css: a canvas knows neither variables nor themes. */
function colour(name: string): string {
  const known = colours.get(name);
  if (known !== undefined) return known;
  const probe = document.body.appendChild(element('i'));
  probe.style.color = `var(--${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  colours.set(name, color);
  return color;
}

const faint = (css: string, share: number) => `color-mix(in srgb, ${css} ${100 * share}%, transparent)`;

class Chart {
  readonly body = element('div', { className: 'chart' });
  readonly #spec: Spec;
  #plot: uPlot | undefined;
  #fixed: number | null = null;

  constructor(spec: Spec) {
    this.#spec = spec;
    new ResizeObserver(() => this.#fit()).observe(this.body);
  }

  /** Draws it anew, in the colours of now; `width`: CSS pixels, null: as wide as its place. */
  draw(width: number | null = null): void {
    this.#fixed = width;
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#fit();
  }

  #fit(): void {
    const width = this.#fixed ?? this.body.clientWidth;
    if (width <= 0 || this.#plot?.width === width) return;
    if (this.#plot !== undefined) this.#plot.setSize({ width, height: HEIGHT });
    else this.#plot = new uPlot(optionsOf(this.#spec, width), dataOf(this.#spec), this.body);
  }
}

function dataOf({ x, y, at, lines }: Spec): uPlot.AlignedData {
  const values = lines.map((line) =>
    line.values.map((value) => (value === undefined ? undefined : placeOf(y, value))),
  );
  return [at.map((value) => placeOf(x, value)!), ...values] as uPlot.AlignedData;
}

function optionsOf(spec: Spec, width: number): uPlot.Options {
  const { x, y, lines, band, group } = spec;
  const data = dataOf(spec);
  const xRange = rangeOf(x, data[0] as number[]);
  if (lines.some(({ as }) => as === 'bars') && x.kind !== 'names') {
    xRange[0] -= 0.5;
    xRange[1] += 0.5;
  }
  const places = data
    .slice(1)
    .flatMap((values) => (values as (number | null | undefined)[]).filter((v) => typeof v === 'number'));
  const yRange = rangeOf(y, places);
  const quiet = colour('quiet');
  const axis = {
    stroke: quiet,
    font: FONT,
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
  };
  const isFine = x.kind === 'time' && (xRange[1] - xRange[0]) / ((width - 70) / SPACE.x) < 0.5;
  const space = isFine ? SPACE_FINE : SPACE.x;
  const xMarks = marksOf(x, xRange, Math.floor((width - 70) / space));
  const yMarks = marksOf(y, yRange, Math.floor((HEIGHT - 60) / SPACE.y));
  const texts = yMarks.map((place) => y.show(valueAt(y, place)));
  const step = xMarks.length > 1 ? xMarks[1]! - xMarks[0]! : 1;
  const showX = (place: number) => (x.kind === 'time' ? clock(place, step) : x.show(valueAt(x, place)));
  const edge = lines.flatMap(({ as }, i) => (as === 'edge' ? [i + 1] : []));
  return {
    width,
    height: HEIGHT,
    // Half of the last mark's text may be right of it.
    padding: [10, isFine ? 44 : 30, 0, 0],
    scales: { x: { time: false, range: () => xRange }, y: { range: () => yRange } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        gap: 8,
        size: 34,
        splits: () => xMarks,
        values: () => xMarks.map(showX),
      },
      {
        ...axis,
        size: 14 + 7 * Math.max(...texts.map(({ length }) => length)),
        splits: () => yMarks,
        values: () => texts,
      },
    ],
    cursor: { y: false, points: { size: 6 }, ...(group !== undefined && { sync: { key: group } }) },
    legend: { markers: { width: 0, fill: (_, i) => colour(lines[i - 1]?.colour ?? 'quiet') } },
    series: [
      { label: x.title ?? '', value: (_, place) => (place === null ? '' : exactX(x, place, showX)) },
      ...lines.map((line) => seriesOf(line, y)),
    ],
    ...(band !== undefined && {
      bands: [{ series: [band[0] + 1, band[1] + 1], fill: faint(colour('quiet'), 0.25) }],
    }),
    hooks: {
      draw: [(plot) => drawMarks(plot, spec)],
      // The edges of a band are no lines of their own.
      init: [(plot) => hideRows(plot, edge)],
    },
  };
}

/** What the pointer is at: of times the whole of it. */
function exactX(x: Axis, place: number, show: (place: number) => string): string {
  return x.kind === 'time' ? clock(place, place % 1 === 0 ? 1 : 0.1) : show(place);
}

function seriesOf({ label, colour: name, values, as = 'line', show }: Line, y: Axis): uPlot.Series {
  const stroke = colour(name);
  const few = values.filter((value) => typeof value === 'number').length <= POINTS_MAX;
  const base: uPlot.Series = {
    label,
    stroke,
    width: 1.75,
    points: { show: as !== 'bars' && as !== 'edge' && (few || as === 'points'), size: 5, fill: stroke },
    value: (_, place) => (place == null ? '' : (show ?? y.show)(valueAt(y, place))),
  };
  if (as === 'bars') {
    return { ...base, width: 0, fill: stroke, paths: uPlot.paths.bars!({ size: [0.72, 56], radius: 0.1 }) };
  }
  if (as === 'area') return { ...base, fill: faint(stroke, 0.12) };
  if (as === 'dashed') return { ...base, dash: [5, 4], points: { show: false } };
  if (as === 'steps') return { ...base, paths: uPlot.paths.stepped!({ align: 1 }), points: { show: false } };
  if (as === 'points') return { ...base, width: 0, paths: () => null };
  if (as === 'edge') return { ...base, width: 0 };
  return base;
}

function hideRows({ root }: uPlot, series: readonly number[]): void {
  const rows = root.querySelectorAll<HTMLElement>('.u-series');
  for (const i of series) if (rows[i] !== undefined) rows[i].hidden = true;
}

function drawMarks({ ctx, bbox, valToPos }: uPlot, { x, marks = [] }: Spec): void {
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `${12 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = 'bottom';
  ctx.fillStyle = colour('quiet');
  ctx.strokeStyle = colour('quiet');
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  for (const [i, { at, label }] of marks.entries()) {
    const place = placeOf(x, at);
    if (place === null) continue;
    const left = Math.round(valToPos(place, 'x', true));
    if (left < bbox.left || left > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bbox.top + bbox.height);
    ctx.stroke();
    const isRight = left + ctx.measureText(label).width + 6 * ratio > bbox.left + bbox.width;
    ctx.textAlign = isRight ? 'right' : 'left';
    ctx.fillText(
      label,
      left + (isRight ? -5 : 5) * ratio,
      bbox.top + bbox.height - (3 + 15 * (i % 3)) * ratio,
    );
  }
  ctx.restore();
}

/** A chart, which is drawn as soon as it is in the page. */
export function chart(spec: Spec): HTMLElement {
  const made = new Chart(spec);
  drawn.add(made);
  return made.body;
}

/** Draws all charts anew. */
export function redraw(width: ((body: HTMLElement) => number) | null = null): void {
  colours.clear();
  for (const one of drawn) one.draw(width === null ? null : width(one.body));
}

/** Forgets all charts. */
export function forget(): void {
  drawn.clear();
}
