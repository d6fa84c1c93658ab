/** When requests are due, by hand. */
import test from 'ava';
import type { Commands } from '#src/replay/commands.js';
import type { Pace } from '#src/replay/options.js';
import { Schedule, type Slice } from '#src/replay/schedule.js';

/** Milliseconds after the start at which requests recorded at these nanoseconds are due. */
function dues(ats: readonly number[], options: Partial<Slice> & { pace: Pace }): number[] {
  const startMs = performance.timeOrigin + 1000;
  const slice = { maxRate: null, startMs, durationMs: Infinity, requests: Infinity, ...options };
  const commands = { step: 'waiting', at: 77, requests: 5 };
  const schedule = new Schedule(slice, commands as Commands);
  return ats.map((at, i) => {
    Object.assign(commands, { step: 'request', at, requests: 5 + i });
    return Math.round((schedule.due(commands as Commands) - 1000) * 1e6) / 1e6;
  });
}

const AT = [3e6, 4e6, 4e6, 10e6];

test('a slice begins with its first request, whenever that was recorded', (t) => {
  t.deepEqual(dues(AT, { pace: { kind: 'speed', factor: 1 } }), [0, 1, 1, 7]);
  t.deepEqual(dues(AT, { pace: { kind: 'speed', factor: 2 } }), [0, 0.5, 0.5, 3.5]);
  t.deepEqual(dues(AT, { pace: { kind: 'speed', factor: 0.5 } }), [0, 2, 2, 14]);
});

test('a rate spaces requests evenly, and a cap moves later what comes too soon', (t) => {
  t.deepEqual(dues(AT, { pace: { kind: 'rate', rate: 500 } }), [0, 2, 4, 6]);
  t.deepEqual(dues(AT, { pace: { kind: 'asap' } }), [0, 0, 0, 0]);
  t.deepEqual(dues(AT, { pace: { kind: 'speed', factor: 1 }, maxRate: 500 }), [0, 2, 4, 7]);
  t.deepEqual(dues(AT, { pace: { kind: 'asap' }, maxRate: 250 }), [0, 4, 8, 12]);
});

test('what is due at the end of a slice, or after its last request, belongs to the next', (t) => {
  const speed = { kind: 'speed', factor: 1 } as const;
  t.deepEqual(dues(AT, { pace: speed, durationMs: 7 }), [0, 1, 1, Infinity]);
  t.deepEqual(dues(AT, { pace: speed, requests: 2 }), [0, 1, Infinity, Infinity]);
});

/** Requests that are due before the slice is over; one comes every 0.41 ms. */
function requestsOf(startMs: number, pace: Pace, maxRate: number | null): number {
  const commands = { at: 5e6, requests: 5, step: 'request' } as Commands;
  const limits = { durationMs: 4.1, requests: Number.POSITIVE_INFINITY };
  const schedule = new Schedule({ pace, maxRate, startMs, ...limits }, commands);
  while (schedule.due(commands) < Number.POSITIVE_INFINITY) {
    commands.at += 410_000;
    commands.requests++;
  }
  return commands.requests - 5;
}

test('whatever the clock shows, a slice has the same requests', (t) => {
  for (let i = 0; i < 300; i++) {
    const start = performance.timeOrigin + 0.1 + i * 1234.567891;
    t.is(requestsOf(start, { kind: 'speed', factor: 1 }, null), 10);
    t.is(requestsOf(start, { kind: 'speed', factor: 0.5 }, null), 5);
    t.is(requestsOf(start, { kind: 'rate', rate: 1e3 / 0.41 }, null), 10);
    t.is(requestsOf(start, { kind: 'speed', factor: 1 }, 500), 3);
  }
});
