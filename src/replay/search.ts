/** The highest speed at which a percentile of the latency stays within a limit. */
import { MembenchError } from '../errors.js';
import { type Extent, extentOf } from './extent.js';
import { type Found, Hunt } from './hunt.js';
import { checkOptions, type ReplayOptions } from './options.js';
import type { SliceEnd } from './sender.js';
import { Session } from './session.js';
import { PERCENTILES, type PercentileName } from './slice-figures.js';
import { refuseWith, type SlicesOptions } from './slices-options.js';
import { Ended, Stages, type WarmUp } from './stages.js';
import type { ReplaySummary } from './summary.js';

/** Options of a search: those of a replay; `duration` is about how long all of it takes. */
export interface SearchOptions extends ReplayOptions, Pick<SlicesOptions, 'onStage'> {
  percentile: PercentileName;
  /** Seconds. */
  limit: number;
}

export interface Search {
  search: Found & {
    percentile: PercentileName;
    limit_ns: number;
  };
  warm_up: WarmUp | null;
  /** All slices together. */
  summary: ReplaySummary;
  ended: SliceEnd;
}

/** Seconds of a slice: overload needs time to be felt. */
const SECONDS = 1;
/** Slices that a search takes, about: what a duration is divided by. */
const SLICES = 60;
/** How many times the requests that a percentile needs a slice has on the average, at speed 1. */
const SPARE = 2;

/**
 * Looks for the highest speed by doubling, or halving, and then by bisection. The profiles are gone through again as long
 * as it takes, unless `loop` says otherwise. Failed requests count as slower than the limit.
 *
 * @throws ERR_MEMBENCH_USAGE, ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE, ERR_MEMBENCH_SERVER,
 *   ERR_MEMBENCH_WORKER
 */
export async function search(options: SearchOptions): Promise<Search> {
  const { percentile, limit, onStage, duration, ...rest } = options;
  const asked = { ...rest, loop: rest.loop ?? Number.POSITIVE_INFINITY };
  checkOptions(duration === undefined ? asked : { ...asked, duration });
  refuseWith('a search', rest, ['speed', 'rate', 'asap', 'requests', 'hdrFilePrefix']);
  const [, share, needed] = PERCENTILES.find(([name]) => name === percentile) ?? [];
  if (share === undefined || needed === undefined)
    throw usage(`percentile is ${percentile}, and may be ${PERCENTILES.map(([name]) => name).join(', ')}`);
  if (!(limit >= 1e-6 && limit <= 1e3)) throw usage(`limit is ${limit}, and may be from 0.000001 to 1000`);
  const extent = extentOf(rest);
  const session = await Session.open(asked);
  try {
    const stages = new Stages(
      session,
      (speed) => secondsOf(extent, speed, SPARE * needed, duration),
      onStage,
    );
    const hunt = new Hunt(stages, share, 1e9 * limit);
    let warmUp: WarmUp | null = null;
    let end: SliceEnd = 'duration';
    try {
      warmUp = await stages.warmUp(1);
      await hunt.run();
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
      end = error.end;
    }
    const found = { percentile, limit_ns: 1e9 * limit, ...hunt.result };
    return { search: found, warm_up: warmUp, summary: session.summary, ended: end };
  } finally {
    await session.close();
  }
}

function usage(what: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_USAGE', what);
}

/** Seconds of a slice: with requests enough for the percentile, or as long as the time allows. */
function secondsOf({ seconds, events }: Extent, speed: number, requests: number, duration?: number): number {
  const enough = (seconds * requests) / events / speed;
  return duration === undefined ? Math.max(SECONDS, enough) : duration / SLICES;
}
