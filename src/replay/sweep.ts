/** How latency and rate depend on the speed. */
import type { Percentiles } from '../analyze/histogram.js';
import { MembenchError } from '../errors.js';
import { type Extent, extentOf } from './extent.js';
import { checkOptions, type ReplayOptions } from './options.js';
import type { SliceEnd } from './sender.js';
import { Gathered, Session } from './session.js';
import { PERCENTILES, type PercentileName, percentileOf, totalOf } from './slice-figures.js';
import { checkSeed, drawsFrom, refuseWith, type SlicesOptions } from './slices-options.js';
import { checkSpeed, Ended, Stages, type WarmUp } from './stages.js';
import { type Estimate, estimate, shuffled } from './statistics.js';
import type { ReplaySummary } from './summary.js';

/** Options of a sweep: those of a replay; `duration` is about how long all of it takes. */
export interface SweepOptions extends ReplayOptions, SlicesOptions {
  /** The speeds: factors of the recorded one. At most 100. */
  from: number;
  to: number;
  step: number;
  /** Slices of each speed, 3 to 100. Default: 5. */
  repeats?: number;
}

/** What a server does at one speed. */
export interface SweepPoint {
  speed: number;
  slices: number;
  requests: number;
  /** Requests a second that were due, and that were answered. */
  offered: number;
  rate: Estimate;
  /** Nanoseconds from when requests were due; null where the slices had too few for a percentile. */
  latency_ns: Record<PercentileName, Estimate | null>;
  hit_ratio: number | null;
  /** Keys whose request failed, by reason. */
  errors: Record<string, number>;
  lateness_ns: Percentiles;
  /** False: the client was the bottleneck, and the latencies say nothing about the server. */
  valid: boolean;
}

export interface Sweep {
  sweep: SweepPoint[];
  warm_up: WarmUp | null;
  seed: number;
  /** Recorded seconds of a slice. */
  slice_s: number;
  /** All slices together. */
  summary: ReplaySummary;
  ended: SliceEnd;
}

const REPEATS = 5;
const SPEEDS_MAX = 100;
/** Requests of a slice, on the average: their 99th percentile has ten above it. */
const REQUESTS = 1000;
/** Seconds of a slice at the highest speed: overload needs time to be felt. */
const SECONDS_MIN = 1;
/** Slices that the plan has for warm-up. */
const WARM_UP = 10;

/**
 * Sends slices of the recording at several speeds, each speed as often, in an order that is drawn again for each round,
 * after the server was warmed up. The profiles are gone through again as long as it takes, unless `loop` says otherwise.
 *
 * @throws ERR_MEMBENCH_USAGE, ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE, ERR_MEMBENCH_SERVER,
 *   ERR_MEMBENCH_WORKER
 */
export async function sweep(options: SweepOptions): Promise<Sweep> {
  const { from, to, step, repeats = REPEATS, seed: given, onStage, duration, ...rest } = options;
  const seed = checkSeed(given);
  const asked = { ...rest, loop: rest.loop ?? Number.POSITIVE_INFINITY };
  checkOptions(duration === undefined ? asked : { ...asked, duration });
  refuseWith('a sweep', rest, ['speed', 'rate', 'asap', 'requests', 'hdrFilePrefix']);
  if (!(Number.isInteger(repeats) && repeats >= 3 && repeats <= 100))
    throw new MembenchError('ERR_MEMBENCH_USAGE', `repeats is ${repeats}, and may be from 3 to 100`);
  const speeds = speedsOf(from, to, step);
  const seconds = sliceOf(extentOf(rest), speeds, repeats, duration);
  const session = await Session.open(asked);
  try {
    const stages = new Stages(session, (speed) => seconds / speed, onStage);
    const sent = new Map(speeds.map((speed) => [speed, new Gathered()]));
    const draw = drawsFrom(seed);
    let warmUp: WarmUp | null = null;
    let end: SliceEnd = 'duration';
    try {
      warmUp = await stages.warmUp(speeds[Math.floor(speeds.length / 2)]!);
      for (let round = 0; round < repeats; round++)
        for (const speed of shuffled(speeds, draw)) {
          const done = [...sent.values()].reduce((all, { slices }) => all + slices.length, 0);
          const stage = `slice ${done + 1} of ${repeats * speeds.length}, speed ${speed}`;
          sent.get(speed)!.add(await stages.slice(stage, speed));
        }
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
      end = error.end;
    }
    const points = [...sent].filter(([, { slices }]) => slices.length > 0);
    return {
      sweep: points.map(([speed, gathered]) => pointOf(speed, gathered, seconds / speed)),
      ...{ warm_up: warmUp, seed, slice_s: seconds, summary: session.summary, ended: end },
    };
  } finally {
    await session.close();
  }
}

/** @throws ERR_MEMBENCH_USAGE */
function speedsOf(from: number, to: number, step: number): number[] {
  checkSpeed('from', from);
  checkSpeed('to', to);
  checkSpeed('step', step);
  const number = Math.floor((to - from) / step + 1e-9) + 1;
  if (number < 1 || number > SPEEDS_MAX)
    throw new MembenchError(
      'ERR_MEMBENCH_USAGE',
      `a sweep of ${Math.max(0, number)} speeds: 1 to ${SPEEDS_MAX}`,
    );
  return Array.from({ length: number }, (_, i) => Number((from + i * step).toPrecision(12)));
}

/** Recorded seconds of each slice: once through the recording in all, or as much as the time allows. */
function sliceOf(
  { seconds, events }: Extent,
  speeds: readonly number[],
  repeats: number,
  duration: number | undefined,
): number {
  if (duration !== undefined) {
    const warmUp = WARM_UP / speeds[Math.floor(speeds.length / 2)]!;
    return duration / (warmUp + repeats * speeds.reduce((sum, speed) => sum + 1 / speed, 0));
  }
  const enough = Math.max((seconds * REQUESTS) / events, SECONDS_MIN * speeds.at(-1)!);
  return Math.max(seconds / (WARM_UP + repeats * speeds.length), enough);
}

/** What slices of one speed say, each of so many seconds. */
function pointOf(speed: number, { slices, summary, rate }: Gathered, seconds: number): SweepPoint {
  const { requests, hit_ratio, errors, lateness_ns, valid } = summary;
  const latency = ([name, share, values]: (typeof PERCENTILES)[number]) => {
    const isEnough = slices.every((slice) => totalOf(slice.latency) >= values);
    const found = slices.map((slice) => percentileOf(slice.latency, share)!);
    return [name, isEnough ? estimate(found, 'log') : null];
  };
  return {
    ...{ speed, slices: slices.length, requests },
    offered: requests / (slices.length * seconds),
    rate: rate!,
    latency_ns: Object.fromEntries(PERCENTILES.map(latency)),
    ...{ hit_ratio, errors, lateness_ns, valid },
  };
}
