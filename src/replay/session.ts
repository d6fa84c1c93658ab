/** A server that is ready for slices. */
import { checkOptions, type ReplayOptions } from './options.js';
import { ReplayRun, type SliceOptions } from './run.js';
import { askServer, checkTarget } from './safety.js';
import type { SliceEnd } from './sender.js';
import { elapsedOf, figuresOf, type SliceFigures } from './slice-figures.js';
import { type ReplaySummary, summarize } from './summary.js';
import { Tally } from './tally.js';

/** A slice that was sent, and what it says. */
export interface Sent {
  figures: SliceFigures;
  tally: Tally;
  end: SliceEnd;
}

/** A run of slices on one server, with the sum of what it did. */
export class Session {
  readonly server: string;
  readonly version: string | null;
  readonly #run: ReplayRun;
  readonly #options: ReplayOptions;
  readonly #sum = new Tally();
  #seconds = 0;
  #end: SliceEnd = 'end of profile';

  /**
   * Checks the options, asks the server what it holds, and connects.
   *
   * @throws ERR_MEMBENCH_USAGE, ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE, ERR_MEMBENCH_SERVER
   */
  static async open(options: ReplayOptions): Promise<Session> {
    checkOptions(options);
    const { server, timeout = 5, yes = false, onWarning } = options;
    const target = await askServer(server, 1000 * timeout);
    checkTarget(server, target, yes, (warning) => onWarning?.(warning));
    return new Session(options, target.version, await ReplayRun.open(options, target.address));
  }

  private constructor(options: ReplayOptions, version: string | null, run: ReplayRun) {
    this.server = options.server;
    this.version = version;
    this.#options = options;
    this.#run = run;
  }

  /** @throws ERR_MEMBENCH_WORKER */
  async slice(options: SliceOptions): Promise<Sent> {
    const { signal, onProgress } = this.#options;
    const start = performance.now();
    const { tally, end } = await this.#run.slice({
      ...options,
      ...(signal === undefined ? {} : { signal }),
      onProgress: (sums) => onProgress?.({ ...sums, elapsed: (performance.now() - start) / 1000 }),
    });
    this.#seconds += elapsedOf(tally);
    this.#end = end;
    this.#sum.merge(tally);
    return { figures: figuresOf(tally), tally, end };
  }

  /** All slices together; the time between them does not count. */
  get summary(): ReplaySummary {
    return summarizeSlices(this.#sum, this.#seconds, this.#end, this.#run.complete);
  }

  async close(): Promise<void> {
    await this.#run.close();
  }
}

/** The summary of merged slices that took so many seconds in all. */
export function summarizeSlices(
  merged: Tally,
  seconds: number,
  end: SliceEnd,
  complete: boolean,
): ReplaySummary {
  merged.firstMs = 0;
  merged.lastMs = 1000 * seconds;
  return summarize(merged, end, complete);
}

/** Whether nothing came back of all that was sent. */
export function isDead({ figures: { count, errors } }: Sent): boolean {
  return count > 0 && errors >= count;
}
