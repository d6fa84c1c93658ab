/** The counters of the counting program, added up over all CPUs. */
import {
  COUNT_ANSWER_NAMES,
  COUNT_ANSWERS,
  COUNT_ASKED,
  COUNT_COUNTER_NAMES,
  COUNT_COUNTERS,
  COUNT_ERRORS,
  COUNT_HITS,
  COUNT_LATENCY,
  COUNT_LATENCY_BUCKETS,
  COUNT_MISSES,
  COUNT_SIZES_IN,
  COUNT_SIZES_OUT,
  type CountAnswer,
  type CountCounter,
  OP_NAMES,
  type Op,
} from '../layout/generated.js';

/** First counters of the blocks that have one for each command. */
const BY_OP = {
  asked: COUNT_ASKED,
  hits: COUNT_HITS,
  misses: COUNT_MISSES,
  errors: COUNT_ERRORS,
} as const;
const SIZES = COUNT_SIZES_OUT - COUNT_SIZES_IN;
const COUNTER = new Map(COUNT_COUNTER_NAMES.map((name, i) => [name, i]));
const ANSWER = new Map(COUNT_ANSWER_NAMES.map((name, i) => [name, COUNT_ANSWERS + i]));
const OP = new Map(OP_NAMES.map((name, i) => [name, i]));

/** What was counted up to a moment, or between two. */
export class Counters {
  readonly #values: Float64Array;

  constructor(values = new Float64Array(COUNT_COUNTERS)) {
    this.#values = values;
  }

  /** Adds up the counters of all CPUs. */
  static sum(ofCpus: BigUint64Array): Counters {
    const values = new Float64Array(COUNT_COUNTERS);
    for (let i = 0; i < ofCpus.length; i++) values[i % COUNT_COUNTERS]! += Number(ofCpus[i]!);
    return new Counters(values);
  }

  /** What was counted since an earlier moment. */
  since(before: Counters): Counters {
    return new Counters(this.#values.map((value, i) => value - before.#values[i]!));
  }

  of(name: CountCounter): number {
    return this.#values[COUNTER.get(name)!]!;
  }

  answers(word: CountAnswer): number {
    return this.#values[ANSWER.get(word)!]!;
  }

  /** Requests by command, or what the answers that name their command say. */
  by(what: keyof typeof BY_OP, op: Op): number {
    return this.#values[BY_OP[what] + OP.get(op)!]!;
  }

  /** Buckets of latency: eight for each doubling of nanoseconds. */
  get latency(): Float64Array {
    return this.#values.subarray(COUNT_LATENCY, COUNT_LATENCY + COUNT_LATENCY_BUCKETS);
  }

  /** Buckets of the sizes of values stored or returned: two for each doubling of bytes. */
  sizes(which: 'in' | 'out'): Float64Array {
    const at = which === 'in' ? COUNT_SIZES_IN : COUNT_SIZES_OUT;
    return this.#values.subarray(at, at + SIZES);
  }
}
