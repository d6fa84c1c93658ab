/** What is written as HdrHistogram does, read by a library of its project. */
import test from 'ava';
import { build, decodeFromCompressedBase64, HistogramLogReader } from 'hdr-histogram-js';
import { Histogram } from '#src/analyze/histogram.js';
import { encoded, hgrmOf, hlogOf } from '#src/replay/hdr.js';
import { seeded } from '../support/random.js';

/** Latencies over many powers of two, with runs of equal ones. */
function sample(count: number, seed: number): number[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => Math.round(2 ** (10 + 22 * random() ** 3)));
}

function both(values: readonly number[]) {
  const own = new Histogram();
  const theirs = build({
    numberOfSignificantValueDigits: 3,
    highestTrackableValue: 2 ** 40,
    bitBucketSize: 64,
  });
  for (const value of values) {
    own.record(value);
    theirs.recordValue(value);
  }
  return { own, theirs };
}

test('an encoded histogram is read as what it was', (t) => {
  for (const values of [[], [0], [1, 1, 1], [2047, 2048, 2049], sample(20_000, 1)]) {
    const { own, theirs } = both(values);
    const read = decodeFromCompressedBase64(encoded(own).toString('base64'));
    t.is(read.totalCount, values.length);
    for (const percentile of [50, 90, 99, 99.9, 99.99, 100])
      t.is(read.getValueAtPercentile(percentile), theirs.getValueAtPercentile(percentile), `${percentile}`);
  }
});

test('a log has an interval for each command, in milliseconds', (t) => {
  const one = both(sample(1000, 2));
  const other = both(sample(3000, 3));
  const times = { startMs: 1_767_225_600_000, endMs: 1_767_225_612_500 };
  const text = hlogOf(
    [
      ['get', one.own],
      ['set', other.own],
    ],
    times,
  );
  const reader = new HistogramLogReader(text);
  for (const [tag, { theirs }] of [
    ['get', one],
    ['set', other],
  ] as const) {
    const read = reader.nextIntervalHistogram()!;
    t.is(read.tag, tag);
    t.is(read.startTimeStampMsec, times.startMs);
    t.is(read.endTimeStampMsec, times.endMs);
    t.is(read.totalCount, theirs.totalCount);
    t.is(read.getValueAtPercentile(99), theirs.getValueAtPercentile(99));
  }
  t.is(reader.nextIntervalHistogram(), null);
});

test('a percentile distribution is, number by number, that of the library', (t) => {
  const { own, theirs } = both(sample(5000, 4));
  const rows = (text: string) =>
    text
      .split('\n')
      .filter((line) => /^\s*\d/.test(line))
      .map((line) => line.trim().split(/\s+/).map(Number));
  const mine = rows(hgrmOf(own));
  const expected = rows(theirs.outputPercentileDistribution(5, 1e6));
  t.true(expected.length > 30);
  t.is(mine.length, expected.length);
  for (const [i, row] of expected.entries()) {
    t.is(mine[i]![0], row[0]);
    t.is(mine[i]![2], row[2]);
    t.true(Math.abs(mine[i]![1]! - row[1]!) < 1e-9);
  }
});
