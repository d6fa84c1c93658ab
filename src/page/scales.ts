/**
 * Axes. Logarithms are taken before values reach the chart, so that one kind of scale and of marks is enough: a mark
 * always has a round value, and there are as many as have room.
 */

export interface Axis {
  kind: 'linear' | 'log2' | 'log10' | 'time' | 'names';
  /** Formats a value; of `names`, the number of the name. */
  show(value: number): string;
  /** Of `linear`: a value that is always on the axis. */
  most?: number;
  /** Values to mark, as many as have room, instead of round ones. */
  marks?: readonly number[];
  /** What is along it, in a word or two. */
  title?: string;
}

/** Thirty days, in seconds. */
const MONTH = 2_592_000;
/** Steps of a linear axis, and those of a time axis in seconds. */
const STEPS = [1, 2, 5];
const TIME_STEPS = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900],
  ...[1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000, MONTH],
];

/** From a value to where it lies on the axis; null where it has no place. */
export function placeOf({ kind }: Axis, value: number | null): number | null {
  if (value === null || !Number.isFinite(value)) return null;
  if (kind === 'log2') return value > 0 ? Math.log2(value) : null;
  if (kind === 'log10') return value > 0 ? Math.log10(value) : null;
  return value;
}

export function valueAt({ kind }: Axis, place: number): number {
  return kind === 'log2' ? 2 ** place : kind === 'log10' ? 10 ** place : place;
}

/** What an axis shows of values that lie from `least` to `most`: never nothing. */
export function rangeOf(axis: Axis, places: readonly number[]): [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const place of places) {
    least = Math.min(least, place);
    most = Math.max(most, place);
  }
  if (least > most) [least, most] = [0, 1];
  if (axis.kind === 'names') return [least - 0.6, most + 0.6];
  if (axis.kind === 'linear')
    return [0, axis.most !== undefined && most <= axis.most ? axis.most || 1 : most * 1.06 || 1];
  const span = most - least;
  if (axis.kind === 'time') return span > 0 ? [least, most] : [least - 1, most + 1];
  return [least - Math.max(0.15, span * 0.03), most + Math.max(0.15, span * 0.03)];
}

/** Marks between two places, at most `room` of them, and as places. */
export function marksOf(axis: Axis, [from, to]: [number, number], room: number): number[] {
  const most = Math.max(2, room);
  if (axis.marks !== undefined) {
    const places = axis.marks.map((value) => placeOf(axis, value)).filter((place) => place !== null);
    return spread(places, (to - from) / most);
  }
  if (axis.kind === 'names') return every(Math.ceil((to - from) / most), from, to);
  if (axis.kind === 'time') {
    const least = (to - from) / most;
    return every(TIME_STEPS.find((step) => step >= least) ?? MONTH * niceStep(least / MONTH), from, to);
  }
  if (axis.kind === 'linear') return every(niceStep((to - from) / most), from, to);
  if (axis.kind === 'log10') {
    // Within a decade: round values. Within a few: those between the powers, too, as many as have room.
    if (to - from < 1) {
      const [least, largest] = [10 ** from, 10 ** to];
      return every(niceStep((largest - least) / most), least, largest).map(Math.log10);
    }
    for (const steps of [STEPS, [1, 3]]) {
      const fine = every(1, Math.floor(from), to).flatMap((power) =>
        steps.map((times) => power + Math.log10(times)),
      );
      const seen = fine.filter((place) => place >= from && place <= to);
      if (seen.length <= most) return seen;
    }
  }
  return every(Math.max(1, Math.ceil((to - from) / most)), from, to);
}

function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * (STEPS.find((step) => step * power >= least * 0.999) ?? 10);
}

/** Those of some rising places that are far enough from the one before. */
function spread(places: readonly number[], distance: number): number[] {
  const kept: number[] = [];
  for (const place of places) if (kept.length === 0 || place - kept.at(-1)! >= distance) kept.push(place);
  return kept;
}

/** Multiples of a step between two numbers. */
function every(step: number, from: number, to: number): number[] {
  const marks: number[] = [];
  const first = Math.ceil(from / step - 1e-9);
  for (let i = first; i * step <= to + 1e-9 * step; i++) marks.push(i * step);
  return marks;
}

/** Formats Unix seconds as UTC, as exactly as marks so far apart require. */
export function clock(seconds: number, step: number): string {
  const text = new Date(Math.round(seconds * 1000)).toISOString();
  if (step >= 86_400) return step >= MONTH ? text.slice(0, 7) : text.slice(5, 10);
  return text.slice(11, step < 1 ? 23 : step < 60 ? 19 : 16);
}
