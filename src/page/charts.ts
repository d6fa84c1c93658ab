/** Plots over time. */
import uPlot from 'uplot';
import * as format from '../analyze/format.js';
import { panel } from './elements.js';
import type { TimelineData } from './timeline.js';

const HEIGHT = 200;

interface Plot {
  title: string;
  lines: { label: string; colour: string; values(data: TimelineData): (number | null)[] }[];
  show(value: number): string;
  /** Largest possible value. */
  most?: number;
  logarithmic?: boolean;
}

const known = (values: Iterable<number>) =>
  Array.from(values, (value) => (Number.isFinite(value) ? value : null));

const PLOTS: readonly Plot[] = [
  {
    title: 'Requests a second',
    lines: [
      {
        label: 'requests',
        colour: '--accent',
        values: ({ requests, width }) => Array.from(requests, (n) => n / width),
      },
    ],
    show: format.count,
  },
  {
    title: 'Hit ratio',
    lines: [
      {
        label: 'hits',
        colour: '--good',
        values: ({ hits, misses }) => known(Array.from(hits, (n, i) => n / (n + misses[i]!))),
      },
    ],
    show: format.percent,
    most: 1,
  },
  {
    title: 'Latency',
    lines: [
      { label: 'p50', colour: '--accent', values: ({ p50 }) => known(p50) },
      { label: 'p99', colour: '--warm', values: ({ p99 }) => known(p99) },
    ],
    show: format.nanoseconds,
    logarithmic: true,
  },
];

/**
 * Current value of a colour of page.css: a canvas can use neither variables nor colours that depend on the
 * theme.
 */
function colour(name: string): string {
  const probe = document.body.appendChild(document.createElement('i'));
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Formats a time of day, UTC, as exactly as the distance of the marks requires. */
const timeOfDay = (seconds: number, step: number) =>
  new Date(seconds * 1000).toISOString().slice(11, step < 1 ? 23 : 19);

/** A plot that fills the width of its panel and can be updated. */
class Chart {
  readonly panel: HTMLElement;
  readonly #plot: Plot;
  readonly #body = document.createElement('div');
  #made: uPlot | undefined;
  #data: TimelineData | undefined;

  constructor(plot: Plot) {
    this.#plot = plot;
    this.panel = panel(plot.title, 'whole', this.#body);
    new ResizeObserver(() => this.#fit()).observe(this.#body);
  }

  show(data: TimelineData): void {
    this.#data = data;
    const times = Array.from(data.requests, (_, i) => data.start + i * data.width);
    const series = [times, ...this.#plot.lines.map(({ values }) => values(data))] as uPlot.AlignedData;
    if (this.#made === undefined) this.#made = new uPlot(this.#options(), series, this.#body);
    else this.#made.setData(series);
  }

  /** Redraws the plot where the theme changes, because its colours are not styled by CSS. */
  redraw(): void {
    this.#made?.destroy();
    this.#made = undefined;
    if (this.#data !== undefined) this.show(this.#data);
  }

  #fit(): void {
    const width = this.#body.clientWidth;
    if (width > 0 && this.#made !== undefined && this.#made.width !== width) {
      this.#made.setSize({ width, height: HEIGHT });
    }
  }

  #options(): uPlot.Options {
    const { lines, show, most, logarithmic } = this.#plot;
    const axis = {
      stroke: colour('--quiet'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
    };
    const scale: uPlot.Scale = logarithmic
      ? { distr: 3 }
      : { range: (_, __, max) => [0, most ?? Math.max(max * 1.05, 1e-9)] };
    return {
      width: Math.max(200, this.#body.clientWidth),
      height: HEIGHT,
      scales: { x: { time: true }, y: scale },
      cursor: { y: false },
      axes: [
        {
          ...axis,
          space: 96,
          values: (_, splits, __, ___, step) => splits.map((at) => timeOfDay(at, step)),
        },
        {
          ...axis,
          size: 70,
          values: (_, splits) => splits.map((value) => (value === null ? '' : show(value))),
        },
      ],
      series: [
        { label: 'UTC', value: (_: uPlot, at: number | null) => (at === null ? '–' : timeOfDay(at, 0)) },
        ...lines.map(({ label, colour: name }) => ({
          label,
          stroke: colour(name),
          width: 1.5,
          points: { show: false },
          value: (_: uPlot, value: number | null) => (value === null ? '–' : show(value)),
        })),
      ],
    };
  }
}

/** All plots; their `panels` remain in the page as long as the capture does. */
export class Charts {
  readonly #charts = PLOTS.map((plot) => new Chart(plot));

  get panels(): HTMLElement[] {
    return this.#charts.map(({ panel: made }) => made);
  }

  show(data: TimelineData): void {
    for (const chart of this.#charts) chart.show(data);
  }

  redraw(): void {
    for (const chart of this.#charts) chart.redraw();
  }
}
