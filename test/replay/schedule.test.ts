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
