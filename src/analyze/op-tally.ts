import type { Shape } from '../profile/block.js';
import { Histogram, type Percentiles } from './histogram.js';

/** Statistics of one command. Counts are of keys: a 5-key get counts 5. */
export interface OpAnalysis {
  count: number;
  /** Keys that were found: by a retrieval, or by delete, touch, incr and decr. */
  hits: number;
  /** Keys that were not found. */
  misses: number;
  errors: number;
  unanswered: number;
  /** Latency from the last byte of the request to the first of its answer, ns. */
  latency_ns: Percentiles;
  /** Sizes of values, where known, bytes. */
  value_size: Percentiles;
}

const RETRIEVALS = new Set(['get', 'gets', 'gat', 'gats', 'mg']);
const HITS = new Set(['hit', 'deleted', 'touched', 'value']);
const MISSES = new Set(['miss', 'not_found']);

/** Adds up the statistics of one command. */
export class OpTally {
  readonly latency = new Histogram();
  readonly valueSize = new Histogram();
  readonly #op: string;
  #count = 0;
  #hits = 0;
  #misses = 0;
  #errors = 0;
  #unanswered = 0;

  constructor(op: string) {
    this.#op = op;
  }

  get count(): number {
    return this.#count;
  }

  get hits(): number {
    return this.#hits;
  }

  get misses(): number {
    return this.#misses;
  }

  /** Whether it retrieves values, so that it counts for the hit ratio. */
  get isRetrieval(): boolean {
    return RETRIEVALS.has(this.#op);
  }

  /** Adds events of one shape. */
  add({ status }: Pick<Shape, 'status'>, events: number): void {
    this.#count += events;
    // A meta arithmetic command without the v flag is answered by HD.
    if (HITS.has(status) || (status === 'ok' && this.#op === 'ma')) this.#hits += events;
    else if (MISSES.has(status)) this.#misses += events;
    else if (status === 'error') this.#errors += events;
    else if (status === 'unanswered') this.#unanswered += events;
  }

  analysis(): OpAnalysis {
    return {
      count: this.#count,
      hits: this.#hits,
      misses: this.#misses,
      errors: this.#errors,
      unanswered: this.#unanswered,
      latency_ns: this.latency.percentiles(),
      value_size: this.valueSize.percentiles(),
    };
  }
}
