import { MembenchError, refuseUnknown } from '../errors.js';
import type { By } from './collect/groups.js';
import { WORST_MAX } from './collect/latencies.js';
import type { MemoryOptions } from './collect/memory.js';
import { niceInterval, SLICES_MAX } from './collect/series.js';
import { readMemcachedOptions } from './curve/memcached-options.js';
import type { SectionName } from './sections.js';
import type { Selection } from './selection.js';

/** What analysis is asked to do. */
export interface AnalyzeOptions {
  /** Keys in each list of the busiest, 1 to 10,000 (20). */
  top?: number;
  /** Seconds of an interval of `series` (one that makes at most sixty). */
  interval?: number;
  /**
   * Only events from here, up to but without there: seconds from the first event of the profiles, a Date or the text of
   * one, or Unix nanoseconds.
   */
  from?: number | string | Date | bigint;
  to?: number | string | Date | bigint;
  /** Only these commands. */
  ops?: readonly string[];
  /** Split by this, too. */
  by?: By;
  /** Bytes the server has (-m): for what half of it, and double, would do. */
  memory?: number;
  /** Simulate memcached itself with these options, as its command line has them: `-m 1024 -f 1.08`, or none. */
  memcached?: string;
  /** What latency depends on, and the slowest requests; so many of them, 1 to 1000. */
  slowest?: number;
  /**
   * Only what these sections of the report tell is worked out, which takes less time; the rest of the analysis is empty.
   */
  sections?: readonly SectionName[];
  /** Told of progress a few times a second: events done, and all of them. */
  onProgress?: (done: number, all: number) => void;
  /** Stops it. */
  signal?: AbortSignal;
}

const KNOWN: Readonly<Record<keyof AnalyzeOptions, true>> = {
  top: true,
  interval: true,
  from: true,
  to: true,
  ops: true,
  by: true,
  memory: true,
  memcached: true,
  slowest: true,
  sections: true,
  onProgress: true,
  signal: true,
};

const TOP = 20;
const TOP_MAX = 10_000;

function usage(what: string, hint?: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_USAGE', what, hint);
}

/** Options with what the profiles' times make of them. */
export interface Plan {
  top: number;
  /** Seconds. */
  interval: number;
  /** Null: all events. */
  selection: Selection | null;
  by: By | null;
  memory: MemoryOptions;
  /** 0: latency is not looked at more closely. */
  slowest: number;
  /** Whether a section is to be told. */
  wants(section: SectionName): boolean;
  /** Of what is selected, nanoseconds since the first event. */
  start: number;
  end: number;
}

/**
 * Checks options, before a block is read.
 *
 * @param range of all events, Unix nanoseconds; null where there is none
 * @throws ERR_MEMBENCH_USAGE
 */
export function planOf(options: AnalyzeOptions, range: { firstNs: bigint; lastNs: bigint } | null): Plan {
  refuseUnknown(options, KNOWN);
  const { top = TOP, ops, by = null, slowest = 0 } = options;
  if (options.slowest !== undefined && !(Number.isInteger(slowest) && slowest >= 1 && slowest <= WORST_MAX)) {
    throw usage(`slowest is not 1 to ${WORST_MAX}: ${slowest}`);
  }
  if (!(Number.isInteger(top) && top >= 1 && top <= TOP_MAX))
    throw usage(`top is not 1 to ${TOP_MAX}: ${top}`);
  const span = range === null ? 0 : Number(range.lastNs - range.firstNs);
  const firstNs = range?.firstNs ?? 0n;
  const timeOf = (value: number | string | Date | bigint, name: string): number => {
    if (typeof value === 'bigint') return Number(value - firstNs);
    const date = typeof value === 'number' ? value * 1e9 : new Date(value).getTime();
    if (Number.isNaN(date)) throw usage(`${name} is no time: ${value}`, '10s, 2m or 2026-01-31T10:00:00Z');
    return typeof value === 'number' ? date : Number(BigInt(date) * 1_000_000n - firstNs);
  };
  const from = options.from === undefined ? Number.NEGATIVE_INFINITY : timeOf(options.from, 'from');
  const to = options.to === undefined ? Number.POSITIVE_INFINITY : timeOf(options.to, 'to');
  if (from >= to) throw usage('nothing lies between from and to', 'from must be before to');
  const start = Math.max(0, from);
  const end = Math.max(start, Math.min(span, to));
  const seconds = (end - start) / 1e9;
  const interval = options.interval ?? niceInterval(seconds);
  if (!(interval > 0)) throw usage(`interval is no time: ${interval}`);
  if (seconds / interval >= SLICES_MAX) {
    const why = `${Math.ceil(seconds / interval)} intervals are more than ${SLICES_MAX}`;
    throw usage(why, 'a longer interval, or a shorter time with from and to');
  }
  const all = options.from === undefined && options.to === undefined && ops === undefined;
  return {
    top,
    interval,
    selection: all ? null : { from, to, ops: ops === undefined ? null : new Set(ops) },
    by,
    memory: memoryOf(options),
    slowest,
    // What is missing is told of all figures.
    wants: (section) =>
      [section, 'losses'].some((one) => options.sections?.includes(one as SectionName) ?? true),
    start,
    end,
  };
}

function memoryOf({ memory: given, memcached }: AnalyzeOptions): MemoryOptions {
  const memory = given ?? null;
  if (memory !== null && !(memory > 0)) throw usage(`memory is no size: ${memory}`);
  if (memcached === undefined) return { bytes: memory, memcached: null };
  const { options, megabytes } = readMemcachedOptions(memcached);
  return { bytes: memory ?? (megabytes === null ? null : megabytes * 2 ** 20), memcached: options };
}
