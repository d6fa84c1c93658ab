import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { MembenchError } from '../errors.js';
import { Feed, type Source } from './feed.js';
import type { Login } from './login.js';
import type { FromThread, ThreadData, ThreadProgress, ToThread } from './messages.js';
import { type Pace, paceOf, type ReplayOptions } from './options.js';
import type { SliceEnd } from './sender.js';
import type { Address } from './socket.js';
import { Tally } from './tally.js';

/** Milliseconds between the order to begin and the first request, so that all threads begin together. */
const LEAD = 20;
/** Milliseconds that a thread is given to close its connections. */
const CLOSE = 1000;
/** Processors per thread, for the default number of threads. */
const PROCESSORS_A_THREAD = 4;

/** A slice of a run. Defaults are the run's options, or no limit. */
export interface SliceOptions {
  pace?: Pace;
  maxRate?: number;
  /** Seconds. */
  duration?: number;
  /** Requests of all threads. */
  requests?: number;
  signal?: AbortSignal;
  onProgress?: (progress: ThreadProgress) => void;
}

export interface SliceResult {
  tally: Tally;
  /** Why it ended: the most serious reason of all threads. */
  end: SliceEnd;
}

/** The reasons, the most serious first. */
const GRAVITY: readonly SliceEnd[] = [
  'descriptors',
  'errors',
  'stopped',
  'requests',
  'duration',
  'end of profile',
];

interface Thread {
  worker: Worker;
  progress: ThreadProgress;
  /** Resolves when it has ended. */
  ended: Promise<unknown>;
  /** Resolves the pending order. */
  answer: ((message: FromThread) => void) | null;
}

/** What a run sends. */
export interface Load {
  /** Gives the blocks in their order, and `end` at last. */
  source: Source;
  /** Workers that numbered the connections. */
  workers: number;
  /** Unix nanoseconds of the first request. */
  baseNs: bigint;
  login: Login | null;
  /** Hashes of keys whose values are not checked; null where none are. */
  changed: ReadonlySet<number> | null;
}

/**
 * A running replay. Connections and the position in the recording are kept between its slices, which may differ in pace.
 * Only one slice runs at a time. After a slice that ended with `end of profile`, further ones end at once.
 *
 * With `asap` among the options every slice is sent as fast as the server answers; the other paces may alternate.
 */
export class ReplayRun {
  readonly #options: ReplayOptions;
  readonly #threads: Thread[];
  readonly #feed: Feed;
  #failure: MembenchError | null = null;
  #fail: (error: MembenchError) => void = () => {};

  /**
   * Starts the threads, and opens the connections that were there before the first request.
   *
   * @param options checked already
   * @param address where `options.server` is
   * @throws ERR_MEMBENCH_WORKER
   */
  static async start(options: ReplayOptions, address: Address, load: Load): Promise<ReplayRun> {
    const run = new ReplayRun(options, address, load);
    try {
      await run.#ready();
    } catch (error) {
      await run.close();
      throw error;
    }
    return run;
  }

  private constructor(options: ReplayOptions, address: Address, load: Load) {
    this.#options = options;
    const { clients = 0, protocol = 'as-recorded', sample = 1 } = options;
    const wanted = options.threads ?? Math.max(1, Math.floor(availableParallelism() / PROCESSORS_A_THREAD));
    const threads = clients > 0 ? Math.min(wanted, clients) : wanted;
    const { workers, baseNs, changed, login, source } = load;
    this.#threads = Array.from({ length: threads }, (_, thread) =>
      this.#start({
        share: { protocol, sample, clients, threads, thread, workers },
        baseNs,
        options: {
          address,
          login,
          asap: options.asap === true,
          compressible: options.compressible ?? 0,
          fill: options.miss === 'fill',
          changed,
          timeout: 1000 * (options.timeout ?? 5),
          maxErrors: options.maxErrors ?? 0.1,
          clients: Array.from({ length: clients }, (_none, slot) => slot).filter(
            (slot) => slot % threads === thread,
          ),
        },
      }),
    );
    this.#feed = new Feed(source, threads, (thread, delivery) =>
      this.#send(this.#threads[thread]!, { kind: 'delivery', delivery }),
    );
  }

  /**
   * Sends from where the run stands to the end of the slice, and waits for the answers.
   *
   * @throws ERR_MEMBENCH_WORKER
   */
  async slice(options: SliceOptions = {}): Promise<SliceResult> {
    const maxRate = options.maxRate ?? this.#options.maxRate ?? null;
    const slice = {
      pace: options.pace ?? paceOf(this.#options),
      maxRate,
      startMs: performance.timeOrigin + performance.now() + LEAD,
      durationMs: 1000 * (options.duration ?? Number.POSITIVE_INFINITY),
      requests: options.requests ?? Number.POSITIVE_INFINITY,
    };
    const stop = () => {
      for (const thread of this.#threads) this.#send(thread, { kind: 'stop' });
    };
    const timer = setInterval(() => options.onProgress?.(this.#sum()), 500);
    options.signal?.addEventListener('abort', stop);
    try {
      const answers = this.#threads.map(async (thread) => {
        const message = await this.#order(thread, { kind: 'slice', slice });
        // A reason to stop one thread is a reason to stop all.
        if (message.kind === 'slice' && (message.end === 'descriptors' || message.end === 'errors')) stop();
        return message;
      });
      if (options.signal?.aborted) stop();
      const tally = new Tally();
      let end: SliceEnd = 'end of profile';
      for (const message of await Promise.all(answers)) {
        if (message.kind !== 'slice') continue;
        tally.merge(Tally.fromData(message.tally));
        if (GRAVITY.indexOf(message.end) < GRAVITY.indexOf(end)) end = message.end;
      }
      return { tally, end };
    } finally {
      clearInterval(timer);
      options.signal?.removeEventListener('abort', stop);
    }
  }

  /** Closes all connections and ends the threads. */
  async close(): Promise<void> {
    await Promise.all(
      this.#threads.map(async ({ worker, ended }) => {
        // The system's sockets outlive a thread that is terminated.
        worker.postMessage({ kind: 'close' } satisfies ToThread);
        await Promise.race([ended, sleep(CLOSE)]);
        await worker.terminate();
      }),
    );
  }

  async #ready(): Promise<void> {
    const ready = this.#threads.map((thread) => this.#answer(thread));
    this.#feed.fill();
    await Promise.all(ready);
  }

  #start(data: ThreadData): Thread {
    const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: data });
    const progress = { requests: 0, commands: 0, hits: 0, misses: 0, errors: 0 };
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    const thread: Thread = { worker, progress, ended, answer: null };
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'taken') this.#feed.taken(data.share.thread);
      else if (message.kind === 'released') this.#feed.released(message.memory);
      else if (message.kind === 'progress') thread.progress = message.progress;
      else thread.answer?.(message);
    });
    worker.on('error', (error) => {
      const failure = new MembenchError(
        'ERR_MEMBENCH_WORKER',
        `a thread that sends: ${error.message}`,
        undefined,
        error,
      );
      this.#failure ??= failure;
      this.#fail(failure);
    });
    return thread;
  }

  #send({ worker }: Thread, message: ToThread): void {
    worker.postMessage(message);
  }

  #order(thread: Thread, message: ToThread): Promise<FromThread> {
    const answer = this.#answer(thread);
    this.#send(thread, message);
    return answer;
  }

  #answer(thread: Thread): Promise<FromThread> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) reject(this.#failure);
      thread.answer = resolve;
      const before = this.#fail;
      this.#fail = (error) => {
        before(error);
        reject(error);
      };
    });
  }

  #sum(): ThreadProgress {
    const sum = { requests: 0, commands: 0, hits: 0, misses: 0, errors: 0 };
    for (const { progress } of this.#threads)
      for (const name of Object.keys(sum) as (keyof ThreadProgress)[]) sum[name] += progress[name];
    return sum;
  }
}
