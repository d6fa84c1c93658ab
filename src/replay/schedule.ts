import type { Commands } from './commands.js';
import type { Pace } from './options.js';

/** A stretch of a replay: from where it stands, at one pace, to its end. */
export interface Slice {
  pace: Pace;
  /** Requests a second at most, of all threads together. */
  maxRate: number | null;
  /** Milliseconds since 1970, with fractions: when the first request is due. */
  startMs: number;
  /** Milliseconds until its end; no request that is due then or later is sent. */
  durationMs: number;
  /** Requests of all threads after which it ends. */
  requests: number;
}

/**
 * When each step is due, milliseconds of performance.now(). It depends on the recording and the slice alone, so that all
 * threads agree on it, and on where a slice ends.
 */
export class Schedule {
  readonly #slice: Slice;
  readonly #start: number;
  /** Time of the first step of the slice, which may have to be waited for, and its number. */
  #at = Number.NaN;
  readonly #requests: number;
  /** Requests are due at least so far apart. */
  readonly #gap: number;
  #last = Number.NEGATIVE_INFINITY;
  #lastNumber = -1;

  /** @param commands at the first step of the slice, or waiting for it */
  constructor(slice: Slice, commands: Commands) {
    this.#slice = slice;
    this.#start = slice.startMs - performance.timeOrigin;
    this.#requests = commands.requests;
    this.#gap = slice.maxRate === null ? 0 : 1000 / slice.maxRate;
  }

  /** Requests before the slice. */
  get requests(): number {
    return this.#requests;
  }

  /** When the first request is due. */
  get start(): number {
    return this.#start;
  }

  /** When the step is due; Infinity where it belongs to the next slice. Asked for every step, in their order. */
  due(commands: Commands): number {
    if (Number.isNaN(this.#at)) this.#at = commands.at;
    const { pace, durationMs } = this.#slice;
    const number = commands.requests - this.#requests;
    if (number >= this.#slice.requests) return Number.POSITIVE_INFINITY;
    // Counted from the start, so that the clock has no say in what belongs to the slice: it is the same for all threads.
    let after = 0;
    if (pace.kind === 'speed') after = (commands.at - this.#at) / 1e6 / pace.factor;
    else if (pace.kind === 'rate') after = (1000 * number) / pace.rate;
    if (this.#gap > 0) {
      const isNext = number > this.#lastNumber;
      after = Math.max(after, this.#last + (isNext ? this.#gap : 0));
      if (commands.step === 'request') {
        this.#last = after;
        this.#lastNumber = number;
      }
    }
    return after >= durationMs ? Number.POSITIVE_INFINITY : this.#start + after;
  }
}
