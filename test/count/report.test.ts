/** What the counters of the kernel are told as, without a kernel. */
import test from 'ava';
import { Counters } from '#src/count/counters.js';
import { countedIn } from '#src/count/report.js';
import {
  COUNT_ANSWER_NAMES,
  COUNT_ANSWERS,
  COUNT_ASKED,
  COUNT_COUNTER_NAMES,
  COUNT_COUNTERS,
  COUNT_LATENCY,
  COUNT_SIZES_IN,
  type CountAnswer,
  type CountCounter,
  OP_NAMES,
  type Op,
} from '#src/layout/generated.js';

interface Numbers {
  asked?: Partial<Record<Op, number>>;
  answers?: Partial<Record<CountAnswer, number>>;
  counters?: Partial<Record<CountCounter, number>>;
}

/** Counters of two CPUs that share what was counted. */
function countersOf({ asked = {}, answers = {}, counters = {} }: Numbers): Counters {
  const words = new BigUint64Array(2 * COUNT_COUNTERS);
  const add = (at: number, n: number) => {
    words[at]! += BigInt(n >> 1);
    words[COUNT_COUNTERS + at]! += BigInt(n - (n >> 1));
  };
  for (const [op, n] of Object.entries(asked)) add(COUNT_ASKED + OP_NAMES.indexOf(op as Op), n);
  for (const [word, n] of Object.entries(answers)) {
    add(COUNT_ANSWERS + COUNT_ANSWER_NAMES.indexOf(word as CountAnswer), n);
  }
  for (const [name, n] of Object.entries(counters)) add(COUNT_COUNTER_NAMES.indexOf(name as CountCounter), n);
  return Counters.sum(words);
}

const told = (numbers: Numbers) => {
  const counters = countersOf(numbers);
  return countedIn(counters, counters);
};

test('what one command alone can have had is its own', (t) => {
  const { ops, hits, misses } = told({
    asked: { get: 5, delete: 3 },
    answers: { end: 5, deleted: 2, not_found: 1 },
    counters: { values: 4, key_misses: 1 },
  });
  t.deepEqual(ops, {
    get: { count: 5, hits: 4, misses: 1, errors: 0 },
    delete: { count: 3, hits: 2, misses: 1, errors: 0 },
  });
  t.deepEqual([hits, misses], [4, 1]);
});

test('what another command can have had is null', (t) => {
  const { ops, hits, misses } = told({
    asked: { get: 5, gat: 1, gets: 2, delete: 3, touch: 1 },
    answers: { end: 5, deleted: 2, touched: 1, not_found: 1, server_error: 1 },
    counters: { values: 4, values_with_cas: 2, key_misses: 1 },
  });
  t.deepEqual(ops, {
    get: { count: 5, hits: null, misses: null, errors: null },
    gat: { count: 1, hits: null, misses: null, errors: null },
    gets: { count: 2, hits: 2, misses: null, errors: null },
    delete: { count: 3, hits: 2, misses: null, errors: null },
    touch: { count: 1, hits: 1, misses: null, errors: null },
  });
  t.deepEqual([hits, misses], [6, 1]);
});

test('answers to mg are its own where nothing else has such answers', (t) => {
  const alone = told({
    asked: { mg: 9 },
    answers: { hd: 2, va: 3, en: 4 },
    counters: { mg_without_value: 2 },
  });
  t.deepEqual(alone.ops.mg, { count: 9, hits: 5, misses: 4, errors: 0 });
  const withStores = told({ asked: { mg: 7, ms: 2 }, answers: { hd: 2, va: 3, en: 4 } });
  t.deepEqual(withStores.ops.mg, { count: 7, hits: 3, misses: 4, errors: 0 });
  const bare = told({
    asked: { mg: 7, ms: 2 },
    answers: { hd: 5, en: 4 },
    counters: { mg_without_value: 3 },
  });
  t.like(bare, { hits: null, misses: 4, ops: { mg: { hits: null, misses: 4 } } });
  const quiet = told({ asked: { mg: 7 }, answers: { va: 3 }, counters: { mg_quiet: 4 } });
  t.like(quiet, { hits: 3, misses: null, ops: { mg: { hits: 3, misses: null } } });
});

test('an interval is told by the commands since the start', (t) => {
  const before = countersOf({ asked: { gat: 1 }, answers: { end: 1 }, counters: { key_misses: 1 } });
  const after = countersOf({
    asked: { gat: 1, get: 2 },
    answers: { end: 3 },
    counters: { key_misses: 2, values: 1, bytes_in: 14, skipped_gap: 1 },
  });
  const { ops, hits, misses, bytes_in, answers, skipped } = countedIn(after.since(before), after);
  // Its miss may be that of the gat before.
  t.deepEqual(ops, {
    get: { count: 2, hits: null, misses: null, errors: 0 },
    gat: { count: 0, hits: null, misses: null, errors: 0 },
  });
  t.deepEqual(
    { hits, misses, bytes_in, answers, skipped },
    {
      ...{ hits: 1, misses: 1, bytes_in: 14 },
      ...{ answers: { END: 2, VALUE: 1 }, skipped: { gap: 1 } },
    },
  );
});

test('buckets are told by their upper ends', (t) => {
  const words = new BigUint64Array(COUNT_COUNTERS);
  // 1,000 to 1,023 ns is the last bucket of its doubling: 8 of each, from 16 on.
  words[COUNT_LATENCY + 6 * 8 + 15] = 99n;
  words[COUNT_LATENCY + 7 * 8 + 8] = 1n;
  // 4 and 5 bytes are one bucket of two.
  words[COUNT_SIZES_IN + 4] = 1n;
  const { latency_ns, value_size } = countedIn(Counters.sum(words), Counters.sum(words));
  t.deepEqual([latency_ns.p50, latency_ns.p99, latency_ns.max], [1023, 1023, 1151]);
  t.deepEqual([value_size.in.p50, value_size.out.p50], [5, null]);
});
