/**
 * Runs seeds on threads until enough are done, time is up, or something is found. A parser that hangs cannot
 * be interrupted from inside, so each thread leaves word of what it is at, and one that stands still is ended
 * from outside.
 */
import { randomInt } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { COUNTER_NAMES } from '#src/layout/generated.js';
import type { FindKind } from './find.js';
import { minimise } from './minimise.js';
import type { Capture, Prey } from './prey.js';

export interface HuntOptions {
  /** Module of what is hunted in. */
  prey: URL;
  /** The first seed; a fresh one where it is not told. */
  seed?: number | undefined;
  /** Ends when so many are done, or after so many seconds; whole seeds are run in either case. */
  executions?: number | undefined;
  seconds?: number | undefined;
  threads?: number;
  /** Seconds in which an execution must be done. */
  patience?: number;
  onProgress?(executions: number, seconds: number): void;
}

/** What was found: by which seed, and a capture that shows it, reduced where that could be done. */
export interface Catch extends Capture {
  kind: FindKind | 'harness';
  seed: number;
  message: string;
}

export interface Hunted {
  firstSeed: number;
  seeds: number;
  executions: number;
  seconds: number;
  /** What the parser counted in all of them. */
  counters: Record<string, number>;
  found: Catch | null;
}

export interface HunterData {
  prey: string;
  first: number;
  shared: Int32Array;
  counts: Float64Array;
  index: number;
}

export interface Report {
  kind: FindKind | 'harness';
  message: string;
}

// Places in the shared array: the next seed, how many there are, then of each thread its seed, what is done of
// it, and its beats.
export const NEXT = 0;
export const SEEDS = 1;
export const SEED = (thread: number) => 2 + 3 * thread;
export const DONE = (thread: number) => 3 + 3 * thread;
export const BEATS = (thread: number) => 4 + 3 * thread;

/** Seeds of a run without an end. */
const MANY = 1 << 30;
/** Seconds an execution may take, and a thread until its first. */
const PATIENCE = 60;
/** The highest first seed: there are safe integers above it for as long a run as any. */
const FRESH_MAX = 2 ** 48 - 1;

/** A seed nobody has used. */
export function freshSeed(): number {
  return randomInt(FRESH_MAX);
}

export async function hunt(options: HuntOptions): Promise<Hunted> {
  const { prey: url, seed: firstSeed = freshSeed(), threads = 1, patience = PATIENCE } = options;
  const prey = (await import(url.href)) as Prey;
  const { executions, seconds } = options;
  const seeds = executions === undefined ? MANY : Math.ceil(executions / prey.PER_SEED);
  const shared = new Int32Array(new SharedArrayBuffer(4 * SEED(threads)));
  shared[SEEDS] = seeds;
  const counts = new Float64Array(new SharedArrayBuffer(8 * COUNTER_NAMES.length * threads));
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  const done = () => {
    let sum = 0;
    for (let i = 0; i < threads; i++) sum += Atomics.load(shared, BEATS(i));
    return sum;
  };
  /** No thread takes another seed. */
  const stop = () => Atomics.store(shared, SEEDS, 0);

  let found: (Report & { index: number }) | null = null;
  const run = (index: number) =>
    new Promise<void>((resolve) => {
      const workerData: HunterData = { prey: url.href, first: firstSeed, shared, counts, index };
      const worker = new Worker(new URL('hunter.js', import.meta.url), { workerData });
      const take = (report: Report) => {
        found ??= { ...report, index };
        stop();
      };
      let beats = -1;
      let since = elapsed();
      const watch = setInterval(() => {
        const now = Atomics.load(shared, BEATS(index));
        // To begin takes a thread longer than any execution.
        const limit = now === 0 ? PATIENCE : patience;
        if (now !== beats) {
          beats = now;
          since = elapsed();
        } else if (elapsed() - since > limit) {
          take({ kind: 'hang', message: `no end after ${limit} s` });
          void worker.terminate();
        }
      }, 250);
      worker.on('message', take);
      worker.on('error', (error) => take({ kind: 'harness', message: String(error.stack ?? error) }));
      worker.on('exit', () => {
        clearInterval(watch);
        resolve();
      });
    });

  const progress = setInterval(() => options.onProgress?.(done(), elapsed()), 10_000);
  const limit = seconds === undefined ? undefined : setTimeout(stop, seconds * 1000);
  await Promise.all(Array.from({ length: threads }, (_, index) => run(index)));
  clearInterval(progress);
  clearTimeout(limit);

  const counters = Object.fromEntries(
    COUNTER_NAMES.map((name, i) => {
      let sum = 0;
      for (let thread = 0; thread < threads; thread++) sum += counts[thread * COUNTER_NAMES.length + i]!;
      return [name, sum];
    }),
  );
  return {
    firstSeed,
    seeds: Atomics.load(shared, NEXT),
    executions: done(),
    seconds: elapsed(),
    counters,
    found: found === null ? null : caught(prey, firstSeed, shared, found),
  };
}

/** What a thread found, with a capture that shows it. */
function caught(
  prey: Prey,
  first: number,
  shared: Int32Array,
  { kind, message, index }: Report & { index: number },
): Catch {
  const seed = first + Atomics.load(shared, SEED(index));
  const made = prey.captureOf(seed, Atomics.load(shared, DONE(index)));
  const capture = Buffer.from(made.capture);
  // What hangs would hang here as well.
  const least = kind === 'hang' || kind === 'harness' ? capture : minimise(made.room, capture, made.step);
  return { ...made, kind, message, seed, capture: least };
}
