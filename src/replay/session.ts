/** A server that is ready for slices. */
import type { ReplayOptions } from './options.js';
import { type OpenedServer, openServer } from './replay.js';
import type { SliceOptions } from './run.js';
import type { SliceEnd } from './sender.js';
import { figuresOf, type SliceFigures } from './slice-figures.js';
import { type Estimate, estimate } from './statistics.js';
import { type ReplaySummary, summarize } from './summary.js';
import { Tally } from './tally.js';

/** A slice that was sent, and what it says. */
export interface Sent {
  figures: SliceFigures;
  tally: Tally;
  end: SliceEnd;
}

/** Slices put together: one tally of all, and figures of each, which are much smaller. */
export class Gathered {
  readonly slices: SliceFigures[] = [];
  readonly #tally = new Tally();
  #end: SliceEnd = 'duration';

  add({ figures, tally, end }: Sent): void {
    this.slices.push(figures);
    this.#tally.merge(tally);
    this.#end = end;
  }

  /** The sum of all; only the time of slices counts. */
  get summary(): Omit<ReplaySummary, 'warmed'> {
    this.#tally.firstMs = 0;
    this.#tally.lastMs = this.slices.reduce((sum, { elapsed }) => sum + 1000 * elapsed, 0);
    return summarize(this.#tally, this.#end, true);
  }

  /** Requests a second that were answered. */
  get rate(): Estimate | null {
    return estimate(this.slices.map(({ requests, elapsed }) => requests / Math.max(1e-9, elapsed)));
  }
}

/** Milliseconds over which failures are judged, and least commands of such a time, as those of a single replay. */
const WINDOW = 1000;
const COMMANDS_MIN = 50;

/** A run of slices on one server, with the sum of what it did. */
export class Session {
  readonly server: string;
  readonly version: string | null;
  readonly #opened: OpenedServer;
  readonly #options: ReplayOptions;
  readonly #all = new Gathered();
  /** Since when failures are counted, milliseconds of performance.now(), and what was sent since then. */
  #since = performance.now();
  #commands = 0;
  #errors = 0;

  /**
   * Checks the options, asks the server what it holds, and connects.
   *
   * @throws ERR_MEMBENCH_USAGE, ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE, ERR_MEMBENCH_SERVER
   */
  static async open(options: ReplayOptions): Promise<Session> {
    return new Session(options, await openServer(options));
  }

  private constructor(options: ReplayOptions, opened: OpenedServer) {
    this.server = options.server;
    this.version = opened.version;
    this.#options = options;
    this.#opened = opened;
  }

  /** @throws ERR_MEMBENCH_WORKER */
  async slice(options: SliceOptions): Promise<Sent> {
    const { signal, onProgress } = this.#options;
    const start = performance.now();
    const { tally, end } = await this.#opened.run.slice({
      ...options,
      ...(signal === undefined ? {} : { signal }),
      onProgress: (sums) => onProgress?.({ ...sums, elapsed: (performance.now() - start) / 1000 }),
    });
    const sent = {
      figures: figuresOf(tally),
      tally,
      end: this.#failsTooMuch(tally) ? 'errors' : end,
    } as const;
    this.#all.add(sent);
    return sent;
  }

  /** Whether more fails than may. A slice watches itself, but may be too short to judge. */
  #failsTooMuch({ commands, errors }: Tally): boolean {
    this.#commands += commands;
    this.#errors += errors;
    if (this.#commands < COMMANDS_MIN || performance.now() - this.#since < WINDOW) return false;
    const share = this.#errors / this.#commands;
    this.#since = performance.now();
    this.#commands = 0;
    this.#errors = 0;
    return share > (this.#options.maxErrors ?? 0.1);
  }

  /** All slices together; the time between them does not count. */
  get summary(): ReplaySummary {
    const { blocks, warmed } = this.#opened;
    return { ...this.#all.summary, complete: blocks.complete, warmed };
  }

  async close(): Promise<void> {
    await this.#opened.close();
  }
}
