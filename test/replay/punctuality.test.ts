/** Whether the client was fast enough is judged second by second. */
import test from 'ava';
import { Punctuality } from '#src/replay/punctuality.js';
import { replayWarnings } from '#src/replay/report.js';
import { summarize } from '#src/replay/summary.js';
import { Tally } from '#src/replay/tally.js';

/** The beginning of a second, as performance.now() tells it. */
const aSecond = () => 1000 * Math.ceil(performance.now() / 1000) - (performance.timeOrigin % 1000);

/** A minute of answers, a thousand a second. Some requests of one second were a hundred milliseconds late. */
function minute({ late, latency }: { late: number; latency: number }): Tally {
  const tally = new Tally();
  const start = aSecond();
  for (let i = 0; i < 60_000; i++) {
    const isLate = i >= 30_000 && i < 30_000 + late;
    const ms = isLate ? 100 : 0.02;
    tally.lateness.record(1e6 * ms);
    tally.op(0).latency.record(1e6 * (latency + ms));
    tally.punctuality.answer(start + i, isLate);
  }
  tally.firstMs = performance.timeOrigin + start;
  tally.lastMs = tally.firstMs + 60_000;
  return tally;
}

const warningsOf = (tally: Tally) =>
  replayWarnings({ ...summarize(tally, 'end of profile', true), warmed: 0 }).join('\n');

test('a run on time is valid, and names no second', (t) => {
  const { valid, spoiled } = summarize(minute({ late: 0, latency: 0.1 }), 'end of profile', true);
  t.true(valid);
  t.deepEqual(spoiled, { seconds: 0, requests: 0, first: null });
});

test('a few late requests in one second are named, with what they spoil, and leave the run valid', (t) => {
  const tally = minute({ late: 300, latency: 0.1 });
  const { valid, spoiled } = summarize(tally, 'end of profile', true);
  t.true(valid);
  t.is(spoiled.seconds, 1);
  t.is(spoiled.requests, 300);
  const second = Math.floor((tally.firstMs + 30_000) / 1000);
  t.is(spoiled.first, new Date(1000 * second).toISOString());
  t.regex(
    warningsOf(tally),
    /late in the second from 2\S+Z, with 300 requests: p99.9 and the maximum are not the server’s/,
  );
});

test('ten late requests of a thousand are no spoiled second', (t) => {
  t.is(summarize(minute({ late: 10, latency: 0.1 }), 'end of profile', true).spoiled.seconds, 0);
});

test('a bad second counts, though elsewhere a slow server makes the latencies of the whole run long', (t) => {
  // The 99th percentile of all latencies alone would excuse a lateness of a hundred milliseconds.
  const tally = minute({ late: 900, latency: 0.1 });
  for (let i = 0; i < 20_000; i++) tally.op(0).latency.record(1e6 * 5000);
  const { valid, spoiled } = summarize(tally, 'end of profile', true);
  t.false(valid);
  t.is(spoiled.requests, 900);
  t.regex(warningsOf(tally), /the client was late in the second from/);
});

test('the seconds of several threads are put together', (t) => {
  const start = aSecond();
  const [one, other] = [new Punctuality(), new Punctuality()];
  for (let i = 0; i < 100; i++) {
    one.answer(start + i, i < 50);
    other.answer(start + i, i < 20);
    other.answer(start + 4000 + i, i < 30);
  }
  one.merge(other.toData());
  t.is(one.requests, 100);
  t.is(one.answered, 300);
  t.is(one.seconds, 2);
});
