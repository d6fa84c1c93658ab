import type { Payload } from '../event/payload.js';
import type { Caveat } from './caveats.js';
import type { Bursts } from './collect/bursts.js';
import type { Connections } from './collect/connections.js';
import type { By, Group } from './collect/groups.js';
import type { Latencies } from './collect/latencies.js';
import type { Lifetimes } from './collect/lifetimes.js';
import type { MissRatios } from './collect/memory.js';
import type { Popularity } from './collect/popularity.js';
import type { Slice } from './collect/series.js';
import type { Sizes } from './collect/sizes.js';
import type { Ttls } from './collect/ttls.js';
import type { WorkingSet } from './collect/working-set.js';
import type { Percentiles } from './histogram.js';
import type { LossAnalysis } from './loss.js';
import type { OpAnalysis } from './op-tally.js';

/** The shape of `analyze --json`. */
export interface Analysis {
  /** Keys asked for: a 5-key get counts 5. */
  events: number;
  requests: number;
  /** Connections that carried a request. */
  connections: number;
  /** All counts are of one of so many connections; 1: of all. Null where the profiles differ in it. */
  sample: number | null;
  /** First to last request. */
  duration_s: number;
  /** Unix nanoseconds; null where there is no event. */
  first_ts_ns: string | null;
  last_ts_ns: string | null;
  /** By command, the most frequent first. */
  ops: Record<string, OpAnalysis>;
  /** Hits among hits and misses of get, gets, gat, gats and mg; null where there are none. */
  hit_ratio: number | null;
  keys: Popularity;
  /** Bytes, of every key asked for. */
  key_size: Percentiles;
  loss: LossAnalysis;
  /** What became of the payload, in bytes. */
  payload: Payload;
  /** Seconds of an interval of `series`. */
  interval_s: number;
  /** What happened in each interval, in order. */
  series: Slice[];
  bursts: Bursts;
  sizes: Sizes;
  ttl: Ttls;
  lifetimes: Lifetimes;
  /** By window, the shortest first; the last one is all of the time. */
  working_set: WorkingSet[];
  /** How the hit ratio would change with memory. */
  mrc: MissRatios;
  /** Where latency comes from; null where it was not asked for. */
  latency: Latencies | null;
  connection_use: Connections;
  /** What the workload was split by, and its parts, the busiest first; null where it was not. */
  by: By | null;
  groups: Group[] | null;
  /** What is missing, and what it means for the figures. */
  caveats: Caveat[];
  /** What happened while recording, in order: an interface that went down, a worker that was replaced. */
  notes: { at_ns: string; what: string }[];
  /** False only where blocks or the footer are missing. */
  complete: boolean;
  /** Where little was understood: the likely cause, and what to do; else null. */
  hint: string | null;
}
