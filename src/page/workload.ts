import { Histogram, type Percentiles } from '../analyze/histogram.js';
import { type OpAnalysis, OpTally } from '../analyze/op-tally.js';
import type { CacheEvent } from '../event/event.js';
import { Busiest } from './busiest.js';
import { Timeline, type TimelineData } from './timeline.js';

/** All statistics on the page, of the events so far. */
export interface WorkloadData {
  events: number;
  requests: number;
  connections: number;
  /** Times of the first and last request, Unix nanoseconds. */
  first: number;
  last: number;
  hits: number;
  misses: number;
  /** By command, most frequent first. */
  ops: [op: string, analysis: OpAnalysis][];
  keySize: Percentiles;
  valueSize: Percentiles;
  /** Number of values by size: index i counts sizes in [2^(i−1), 2^i). */
  valueSizes: number[];
  keySizes: number[];
  keys: { distinct: number; error: number; top: { key: string; count: number }[] };
  timeline: TimelineData;
}

const TOP_KEYS = 15;
/** Number of size classes: sizes have 32 bits. */
const OCTAVES = 33;

/** Adds up events in bounded memory. */
export class Workload {
  readonly #ops = new Map<string, OpTally>();
  readonly #keys = new Busiest();
  readonly #keySize = new Histogram();
  readonly #valueSize = new Histogram();
  readonly #valueSizes = new Array<number>(OCTAVES).fill(0);
  readonly #keySizes = new Array<number>(OCTAVES).fill(0);
  readonly #timeline = new Timeline();
  #events = 0;
  #requests = 0;
  #connections = 0;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  add(event: CacheEvent): void {
    const time = Number(event.ts_ns);
    this.#events++;
    if (event.request >= this.#requests) this.#requests = event.request + 1;
    if (event.conn >= this.#connections) this.#connections = event.conn + 1;
    if (time < this.#first) this.#first = time;
    if (time > this.#last) this.#last = time;
    const tally = this.#tally(event.op);
    tally.add(event, 1);
    const { latency_ns: latency, value_size: value, key, key_size: keySize } = event;
    if (latency !== null) tally.latency.record(latency);
    if (value !== null) {
      tally.valueSize.record(value);
      this.#valueSize.record(value);
      this.#valueSizes[octave(value)]! += 1;
    }
    if (key !== null) {
      this.#keys.add(key);
      this.#keySize.record(keySize!);
      this.#keySizes[octave(keySize!)]! += 1;
    }
    const asks = tally.isRetrieval;
    this.#timeline.add(time, asks && event.status === 'hit', asks && event.status === 'miss', latency);
  }

  #tally(op: string): OpTally {
    let tally = this.#ops.get(op);
    if (tally === undefined) {
      tally = new OpTally(op);
      this.#ops.set(op, tally);
    }
    return tally;
  }

  data(): WorkloadData {
    const tallies = [...this.#ops].sort(
      ([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1),
    );
    const asking = tallies.map(([, tally]) => tally).filter(({ isRetrieval }) => isRetrieval);
    return {
      events: this.#events,
      requests: this.#requests,
      connections: this.#connections,
      first: this.#first,
      last: this.#last,
      hits: asking.reduce((sum, { hits }) => sum + hits, 0),
      misses: asking.reduce((sum, { misses }) => sum + misses, 0),
      ops: tallies.map(([op, tally]) => [op, tally.analysis()]),
      keySize: this.#keySize.percentiles(),
      valueSize: this.#valueSize.percentiles(),
      valueSizes: this.#valueSizes,
      keySizes: this.#keySizes,
      keys: { distinct: this.#keys.distinct, error: this.#keys.error, top: this.#keys.top(TOP_KEYS) },
      timeline: this.#timeline.data(),
    };
  }
}

/** Number of significant bits of a value; 0 for 0. */
function octave(value: number): number {
  return 32 - Math.clz32(value);
}
