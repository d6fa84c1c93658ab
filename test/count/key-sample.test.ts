/** What is made of the records of sampled keys, without a kernel. */
import test from 'ava';
import { KeySample } from '#src/count/key-sample.js';
import {
  COUNT_ANSWER_NAMES,
  type CountAnswer,
  KEY_HAS_TTL,
  KEY_HAS_VALUE,
  KEY_IS_ANSWER,
  KEY_IS_COMPLETE,
  KEY_IS_UNPAIRED,
  KEY_RECORD,
  OP_NAMES,
  type Op,
} from '#src/layout/generated.js';

const SECOND = 1_000_000_000n;
const START = 50n * SECOND;
const ORIGIN = 1_700_000_000n * SECOND;
const UNKNOWN = { hits: null, misses: null };

interface Fields {
  /** Number of the key, which is the upper half of its hash too. */
  key?: number;
  flow?: number;
  number?: number;
  size?: number;
  ttl?: number;
  bits?: number;
  /** Nanoseconds since the start. */
  at?: bigint;
}

function record(what: number, bits: number, fields: Fields): Uint32Array {
  const { key = 0, flow = 1, number = 0, size, ttl, at = 0n } = fields;
  const bytes = new DataView(new ArrayBuffer(KEY_RECORD.SIZE));
  bytes.setBigUint64(KEY_RECORD.time, START + at, true);
  bytes.setBigUint64(KEY_RECORD.hash, key === 0 ? 0n : (BigInt(key) << 32n) | 7n, true);
  bytes.setUint32(KEY_RECORD.flow, flow, true);
  bytes.setUint32(KEY_RECORD.number, number, true);
  bytes.setUint32(KEY_RECORD.value_size, size ?? 0, true);
  bytes.setInt32(KEY_RECORD.ttl, ttl ?? 0, true);
  bytes.setUint8(KEY_RECORD.what, what);
  const has = (size === undefined ? 0 : KEY_HAS_VALUE) | (ttl === undefined ? 0 : KEY_HAS_TTL);
  bytes.setUint8(KEY_RECORD.bits, bits | has | (fields.bits ?? 0));
  bytes.setUint8(KEY_RECORD.key_size, 10);
  return new Uint32Array(bytes.buffer);
}

/** A sample that is fed by hand. */
class Fed {
  readonly sample: KeySample;

  constructor(limit = 2 ** 32) {
    this.sample = new KeySample(limit, START, ORIGIN);
  }

  ask(op: Op, fields: Fields, bits: number = KEY_IS_COMPLETE): this {
    this.sample.take(record(OP_NAMES.indexOf(op), bits, fields), 0);
    return this;
  }

  answer(word: CountAnswer, fields: Fields, bits: number = KEY_IS_COMPLETE): this {
    this.sample.take(record(COUNT_ANSWER_NAMES.indexOf(word), bits | KEY_IS_ANSWER, fields), 0);
    return this;
  }

  /** A value of a retrieval. */
  value(fields: Fields): this {
    return this.answer('end', fields, 0);
  }

  /** Reads, and the misses at any size, once all is over. */
  get reads() {
    this.sample.finish();
    const { reads, cold_misses, dead_misses } = this.sample.mrc(UNKNOWN, false);
    return { reads, cold_misses, dead_misses };
  }
}

test('a read is a hit by its value, and a miss where its answer ends without one', (t) => {
  const fed = new Fed();
  fed.ask('get', { key: 1 }).ask('get', { key: 2 }).value({ key: 2, size: 100 }).answer('end', {});
  fed.ask('get', { key: 1, number: 1 }).answer('end', { number: 1 });
  // Of key 2 it is known that it was stored.
  fed.ask('get', { key: 2, number: 2 }).value({ key: 2, number: 2, size: 100 }).answer('end', { number: 2 });
  t.deepEqual(fed.reads, { reads: 4, cold_misses: 3, dead_misses: 0 });
  const { lru } = fed.sample.mrc(UNKNOWN, false);
  t.deepEqual(lru.items, [[1, 0.75]]);
  // 59 bytes of overhead, 10 of key and 100 of value, in steps of 1/32.
  t.true(lru.bytes[0]![0] >= 169 && lru.bytes[0]![0] < 169 * (1 + 1 / 32));
});

test('answers are those of the same connection and number', (t) => {
  const fed = new Fed();
  fed.ask('get', { key: 1, flow: 1, number: 5 }).ask('get', { key: 1, flow: 2, number: 5 });
  fed.value({ key: 1, flow: 2, number: 5, size: 1 }).answer('end', { flow: 2, number: 5 });
  // One that is not known, and one of another request.
  fed.answer('end', { flow: 3, number: 5 }).answer('end', { flow: 1, number: 4 });
  // The first is unanswered, and no read.
  t.deepEqual(fed.reads, { reads: 1, cold_misses: 1, dead_misses: 0 });
});

test('what is stored is there until its TTL is over, or it is deleted', (t) => {
  const fed = new Fed();
  fed.ask('set', { key: 1, size: 5, ttl: 10 }).answer('stored', {});
  const read = (number: number, at: bigint) =>
    fed.ask('get', { key: 1, number, at }).answer('end', { number, at });
  read(1, 9n * SECOND);
  read(2, 11n * SECOND);
  fed.ask('set', { key: 1, number: 3, size: 5, ttl: 0, at: 12n * SECOND }).answer('stored', { number: 3 });
  read(4, 13n * SECOND);
  fed.ask('delete', { key: 1, number: 5, at: 14n * SECOND }).answer('deleted', { number: 5 });
  read(6, 15n * SECOND);
  // A store that was refused.
  fed
    .ask('add', { key: 1, number: 7, size: 5, ttl: 0, at: 16n * SECOND })
    .answer('not_stored', { number: 7 });
  read(8, 17n * SECOND);
  t.deepEqual(fed.reads, { reads: 5, cold_misses: 0, dead_misses: 3 });
});

test('meta and binary answers are told by their command', (t) => {
  const fed = new Fed();
  fed.ask('ms', { key: 1, size: 5 }).answer('hd', {});
  fed.ask('mg', { key: 1, number: 1 }).answer('va', { number: 1, size: 5 });
  fed.ask('mg', { key: 2, number: 2 }).answer('en', { number: 2 });
  fed.ask('set', { key: 3, number: 3, size: 5, ttl: 0 }).answer('binary_success', { number: 3 });
  fed.ask('get', { key: 3, number: 4 }).answer('binary_success', { number: 4, size: 5 });
  // Two quiet gets and the NOOP behind them, which is answered.
  fed.ask('get', { key: 1, number: 5 }, 0).ask('get', { key: 4, number: 5 }, 0);
  fed.answer('binary_success', { key: 1, number: 5, size: 5 }, 0).answer('binary_success', { number: 5 });
  t.deepEqual(fed.reads, { reads: 5, cold_misses: 2, dead_misses: 0 });
});

test('reads whose answer cannot be told are counted, and are in no curve', (t) => {
  const fed = new Fed();
  fed.ask('mg', { key: 1, bits: KEY_IS_UNPAIRED }, 0).ask('ms', { key: 1, size: 1, bits: KEY_IS_UNPAIRED });
  fed.ask('get', { key: 1, number: 1 }).value({ key: 1, number: 1, size: 1 }).answer('end', { number: 1 });
  t.deepEqual(fed.reads, { reads: 1, cold_misses: 0, dead_misses: 0 });
  t.deepEqual(fed.sample.report, { rate: 1, requests: 3, unpaired: 1 });
});

test('a request that gets no answer holds the others up for a second only', (t) => {
  const fed = new Fed();
  fed.ask('get', { key: 1 }).ask('get', { key: 2, number: 1 }).answer('end', { number: 1 });
  const reads = () => fed.sample.mrc(UNKNOWN, false).reads;
  fed.sample.settle(START + SECOND);
  t.is(reads(), 0);
  fed.sample.settle(START + SECOND + 1n);
  t.is(reads(), 1);
  // Too late.
  fed.answer('end', {});
  t.is(fed.reads.reads, 1);
});

test('without any answer its memory is bounded', (t) => {
  const fed = new Fed();
  for (let i = 0; i < 200_000; i++) fed.ask('get', { key: 1 + (i % 100), number: i });
  t.deepEqual(fed.reads, { reads: 0, cold_misses: 0, dead_misses: 0 });
  t.is(fed.sample.busiest()[0]!.count, 2000);
});

test('the busiest keys are told with all their requests, and those of an interval', (t) => {
  const fed = new Fed();
  for (let i = 1; i <= 20; i++) for (let n = 0; n < i; n++) fed.ask('get', { key: i, number: 100 * i + n });
  const key = (i: number) => ((BigInt(i) << 32n) | 7n).toString(16).padStart(16, '0');
  const expected = Array.from({ length: 10 }, (_, i) => ({ key: key(20 - i), count: 20 - i }));
  t.deepEqual(fed.sample.recent(), expected);
  t.deepEqual(fed.sample.recent(), []);
  fed.ask('set', { key: 3, number: 9000, size: 1 });
  t.deepEqual(fed.sample.recent(), [{ key: key(3), count: 1 }]);
  t.deepEqual(fed.sample.busiest(), expected);
});

test('above 65,536 keys it follows fewer, and those exactly', (t) => {
  const limit = 2 ** 31;
  const fed = new Fed(limit);
  const keys = 100_000;
  // Upper halves of hashes spread evenly below the limit.
  const spread = (i: number) => 1 + Math.floor((i * (limit - 2)) / keys);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < keys; i++) {
      const number = round * keys + i;
      fed.ask('get', { key: spread(i), number }).value({ key: spread(i), number, size: 1 });
      fed.answer('end', { number });
    }
  }
  const { reads, cold_misses } = fed.reads;
  t.is(fed.sample.report.rate, 0.125);
  t.true(fed.sample.busiest().every(({ count }) => count === 3));
  // Each key stands for two at first.
  t.is(reads, 2 * 3 * keys);
  t.true(Math.abs(cold_misses - 2 * keys) < 0.02 * 2 * keys);
});

test('of a sample the reads of all keys are taken from the kernel, where none is missing', (t) => {
  const fed = new Fed(2 ** 31);
  fed.ask('get', { key: 1 }).value({ key: 1, size: 1 }).answer('end', {});
  fed.sample.finish();
  t.is(fed.sample.mrc({ hits: 9, misses: 4 }, false).reads, 13);
  t.is(fed.sample.mrc({ hits: 9, misses: 4 }, true).reads, 2);
  t.is(fed.sample.mrc({ hits: null, misses: 4 }, false).reads, 2);
});
