/** The amount of recorded requests, and the slices they are cut into. */
import { MembenchError } from '../errors.js';
import { Blocks } from './blocks.js';
import type { ReplayOptions } from './options.js';
import type { SliceOptions } from './run.js';

/** What one pass through the profiles holds. */
export interface Extent {
  /** Seconds from the first request to the last. */
  seconds: number;
  /** At most so many requests: a request of several keys is several events. */
  events: number;
}

/**
 * Looks at the profiles.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE, ERR_MEMBENCH_USAGE where there is nothing to send
 */
export function extentOf({ profiles, sample = 1 }: Pick<ReplayOptions, 'profiles' | 'sample'>): Extent {
  const blocks = new Blocks(profiles);
  try {
    const last = blocks.waiting.reduce(
      (max, { entry }) => (entry.events > 0 && entry.maxNs > max ? entry.maxNs : max),
      blocks.baseNs,
    );
    if (blocks.events === 0) throw new MembenchError('ERR_MEMBENCH_USAGE', 'the profiles have no request');
    return {
      seconds: Math.max(1e-9, Number(last - blocks.baseNs) / 1e9),
      events: Math.max(1, blocks.events / sample),
    };
  } finally {
    blocks.close();
  }
}

/** Seconds of a pass at one speed. */
function secondsAt({ seconds, events }: Extent, speed: number, maxRate = Number.POSITIVE_INFINITY): number {
  return Math.max(seconds / speed, events / maxRate);
}

/** Pairs of slices that are aimed at: enough for an interval after half of them were warm-up. */
const PAIRS = 72;
/** Where only a bound of the number of requests is known, which may be several times as large. */
const PAIRS_GUESSED = 150;
/** Requests of a slice, at least. */
const REQUESTS_MIN = 20;
/** A slice is this long at most, so that what changes in the machine meets both servers, unless there were too many. */
const SECONDS_MAX = 5;
const PAIRS_MAX = 200;

/** What ends each slice of a comparison, the same for both servers: a share of the time, or with asap of the requests. */
export function pairSlices(
  extent: Extent,
  options: Omit<ReplayOptions, 'server'>,
): Pick<SliceOptions, 'duration' | 'requests'> {
  const { asap, rate, speed = 1, maxRate, loop = 1, duration } = options;
  if (asap) {
    const all = Math.min(extent.events * loop, options.requests ?? Number.POSITIVE_INFINITY);
    const pass = Number.isFinite(all) ? all : extent.events;
    return { requests: Math.max(REQUESTS_MIN, Math.ceil(pass / PAIRS_GUESSED)) };
  }
  const isGuessed = rate !== undefined || maxRate !== undefined;
  const pass = rate === undefined ? secondsAt(extent, speed, maxRate) : extent.events / rate;
  // Both servers share the time.
  const all = Math.min(pass * loop, (duration ?? Number.POSITIVE_INFINITY) / 2);
  const pairs = isGuessed ? PAIRS_GUESSED : PAIRS;
  // A pass that is gone through again ends with a request, and the next one begins a moment later.
  return { duration: Math.max(all / PAIRS_MAX, Math.min(all / pairs, SECONDS_MAX), 1e-3) };
}
