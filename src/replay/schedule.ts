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
    let due: number;
    if (pace.kind === 'speed') due = this.#start + (commands.at - this.#at) / 1e6 / pace.factor;
    else if (pace.kind === 'rate') due = this.#start + (1000 * number) / pace.rate;
    else due = this.#start;
    if (this.#gap > 0) {
      const isNext = number > this.#lastNumber;
      due = Math.max(due, this.#last + (isNext ? this.#gap : 0));
      if (commands.step === 'request') {
        this.#last = due;
        this.#lastNumber = number;
      }
    }
    return due - this.#start >= durationMs ? Number.POSITIVE_INFINITY : due;
  }
}
