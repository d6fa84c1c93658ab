/** What was counted, as `count --json` prints it. */
import { Histogram, highestOf, type Percentiles } from '../analyze/histogram.js';
import { COUNT_ANSWER_NAMES, COUNT_COUNTER_NAMES, OP_NAMES, type Op } from '../layout/generated.js';
import type { Counters } from './counters.js';
import { type CountedOp, outcomesOf } from './outcomes.js';

export interface Counted {
  ops: Partial<Record<Op, CountedOp>>;
  /** Keys found and not found by retrievals of all protocols; null where only pairing could tell. */
  hits: number | null;
  misses: number | null;
  /** Complete answers, and values, by their word; binary ones by status. */
  answers: Record<string, number>;
  /** Payload bytes of requests and answers, without repeated ones. */
  bytes_in: number;
  bytes_out: number;
  /** SYNs. */
  connections: number;
  /** Segments with payload, of the server ports. */
  packets: number;
  /** Last request byte to first answer byte, nanoseconds, of a sample of the requests; at most 1/8 too high. */
  latency_ns: Percentiles;
  /** Sizes of stored and of returned values, bytes; at most half too high. */
  value_size: { in: Percentiles; out: Percentiles };
  /** Packets of which at least a part was not read, by reason. */
  skipped: Record<string, number>;
}

const RETRIEVALS: readonly Op[] = ['get', 'gets', 'gat', 'gats'];
const LATENCY_BITS = 3;
const SIZE_BITS = 1;

/**
 * Describes what was counted in a time.
 *
 * @param now the counters of that time
 * @param total the counters since the start
 */
export function countedIn(now: Counters, total: Counters): Counted {
  const asked = new Set(OP_NAMES.filter((op) => total.by('asked', op) > 0));
  const ops: Partial<Record<Op, CountedOp>> = {};
  for (const op of asked) ops[op] = outcomesOf(op, now, total, asked);
  const skipped: Record<string, number> = {};
  for (const name of COUNT_COUNTER_NAMES) {
    const [, reason] = /^skipped_(.*)$/.exec(name) ?? [];
    if (reason !== undefined && now.of(name) > 0) skipped[reason] = now.of(name);
  }
  const answers: Record<string, number> = {};
  for (const word of COUNT_ANSWER_NAMES) {
    if (now.answers(word) > 0) answers[answerName(word)] = now.answers(word);
  }
  const values = now.of('values') + now.of('values_with_cas');
  if (values > 0) answers.VALUE = values;
  return {
    ops,
    ...retrieved(now, ops.mg),
    answers,
    bytes_in: now.of('bytes_in'),
    bytes_out: now.of('bytes_out'),
    connections: now.of('connections'),
    packets: now.of('packets'),
    latency_ns: percentilesOf(now.latency, LATENCY_BITS),
    value_size: {
      in: percentilesOf(now.sizes('in'), SIZE_BITS),
      out: percentilesOf(now.sizes('out'), SIZE_BITS),
    },
    skipped,
  };
}

/** The word as it is on the wire, or the status of a binary answer. */
function answerName(word: (typeof COUNT_ANSWER_NAMES)[number]): string {
  return word.startsWith('binary_') ? word : word === 'number' ? word : word.toUpperCase();
}

/** Hits and misses of all retrievals together, which are known even where those of each command are not. */
function retrieved(now: Counters, mg: CountedOp | undefined): { hits: number | null; misses: number | null } {
  const sum = (what: 'hits' | 'misses') => RETRIEVALS.reduce((all, op) => all + now.by(what, op), 0);
  const plus = (known: number, of: number | null | undefined) => (of === null ? null : known + (of ?? 0));
  return {
    hits: plus(sum('hits') + now.of('values') + now.of('values_with_cas'), mg?.hits),
    misses: plus(sum('misses') + now.of('key_misses'), mg?.misses),
  };
}

function percentilesOf(buckets: Float64Array, bits: number): Percentiles {
  const histogram = new Histogram(bits);
  for (const [bucket, times] of buckets.entries()) {
    if (times > 0) histogram.record(highestOf(bucket, bits), times);
  }
  return histogram.percentiles();
}
