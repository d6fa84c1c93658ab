import type { Shape } from '../profile/block.js';
import { Histogram, type Percentiles } from './histogram.js';
import { outcomeOf } from './shape-kind.js';

/** What is known of one command. Counts are per key: a 5-key get counts 5. */
export interface OpAnalysis {
  count: number;
  /** Found: a retrieval's hits; what was deleted, touched, counted up or down. */
  hits: number;
  /** Not found. */
  misses: number;
  errors: number;
  unanswered: number;
  /** Last request byte to first answer byte, nanoseconds. */
  latency_ns: Percentiles;
  /** Bytes, where the size is known. */
  value_size: Percentiles;
}

const RETRIEVALS = new Set(['get', 'gets', 'gat', 'gats', 'mg']);

/** Adds up what is known of one command. */
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

  /** Whether it asks for a value, so that it counts for the hit ratio. */
  get isRetrieval(): boolean {
    return RETRIEVALS.has(this.#op);
  }

  /** Adds events of one shape. */
  add({ status }: Pick<Shape, 'status'>, events: number): void {
    this.#count += events;
    const outcome = outcomeOf(this.#op, status);
    if (outcome === 'hit') this.#hits += events;
    else if (outcome === 'miss') this.#misses += events;
    else if (outcome === 'error') this.#errors += events;
    else if (outcome === 'unanswered') this.#unanswered += events;
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
