/**
 * Recordings with the sizes and the limits that ship: whatever is taken of a capture is accounted for, and what a
 * limit leaves is the beginning of what there is without one. MEMBENCH_RUNS says how many captures (60).
 */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import type { CacheEvent } from 'membench/decoder';
import { wrongIn } from '../support/account.js';
import { randomBinaryConversation } from '../support/binary-model.js';
import { CUTS, interleave, packetsOf } from '../support/conversation.js';
import {
  type InProcessOptions,
  type InProcessResult,
  REAL_SIZES,
  recordInProcess,
} from '../support/in-process.js';
import { randomConversation } from '../support/model.js';
import { type Packet, pcapFile } from '../support/packets.js';

const RUNS = Number(process.env.MEMBENCH_RUNS ?? 60);
/** Packets of a microsecond each. */
const STEP = 1000n;

const recording = fc.record({
  seed: fc.nat(),
  connections: fc.integer({ min: 1, max: 4 }),
  exchanges: fc.integer({ min: 1, max: 30 }),
  cut: fc.constantFrom(...CUTS),
  workers: fc.constantFrom(1, 2, 3),
  /** The sizes of a recording, or small ones: in both, limits are met anywhere in a chunk. */
  sizes: fc.constantFrom(REAL_SIZES, { slotSize: 65536, blockEvents: 64 }),
  /** Chunks as large as there is room, or as they come out of a pipe. */
  schedule: fc.option(fc.nat(), { nil: undefined }),
  lateWriter: fc.boolean(),
  /** A packet behind the limit that is as large as they come, as a share of the capture. */
  large: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
});

type Recording = typeof recording extends fc.Arbitrary<infer T> ? T : never;

/** Packets of other ports, whose bytes fill chunks. */
function filler(packets: readonly Packet[], share: number): Packet[] {
  const at = Math.floor(share * packets.length);
  const data = new Uint8Array(200_000);
  const time = packets[Math.min(at, packets.length - 1)]!.time;
  return [
    ...packets.slice(0, at),
    ...Array.from({ length: 3 }, () => ({ time, data })),
    ...packets.slice(at),
  ];
}

function packetsIn({ seed, connections, exchanges, cut, large }: Recording): Packet[] {
  const conversations = Array.from({ length: connections }, (_, i) => {
    const conversation = i % 3 === 1 ? randomBinaryConversation : randomConversation;
    return packetsOf(conversation(seed + i, exchanges), { cut, seed: i, clientPort: 40000 + i, step: STEP });
  });
  const packets = interleave(...conversations);
  return large === undefined ? packets : filler(packets, large);
}

function record(packets: readonly Packet[], recording: Recording, more: InProcessOptions = {}) {
  const { workers, sizes, schedule, lateWriter } = recording;
  return recordInProcess(pcapFile(packets, { nanos: true }), {
    workers,
    lateWriter,
    map: { ...sizes, state: workers * (8 << 20) },
    ...(schedule !== undefined && { schedule }),
    ...more,
  });
}

/** What was asked, of events in their order. */
const asked = (events: readonly CacheEvent[]) =>
  events.map(({ ts_ns, op, key, value_size }) => JSON.stringify([ts_ns, op, key, value_size]));

/** The events with a limit are those of the packets before it; of every connection, what was answered is the beginning. */
function assertBeginning(
  { events, counters }: InProcessResult,
  { before, all }: { before: InProcessResult; all: InProcessResult },
): void {
  assert.deepEqual(events, before.events);
  assert.deepEqual(counters, before.counters);
  const answered = (list: readonly CacheEvent[]) =>
    [...new Set(list.map(({ conn }) => conn))].map((conn) =>
      asked(list.filter((event) => event.conn === conn && event.latency_ns !== null)),
    );
  // Connections are numbered by their first event, which may be of another one where the rest is missing. Each is the
  // beginning of one of its own, the longest first: what that could be, a shorter one with the same beginning could, too.
  const wholes = answered(all.events);
  for (const some of answered(events).sort((one, other) => other.length - one.length)) {
    const beginning = JSON.stringify(some);
    const at = wholes.findIndex((whole) => JSON.stringify(whole.slice(0, some.length)) === beginning);
    assert.ok(at >= 0, `not the beginning of a connection: ${beginning}`);
    wholes.splice(at, 1);
  }
}

test('a count limit on any capture: so many packets are seen, and their events are the first of all', (t) => {
  fc.assert(
    fc.property(recording, fc.double({ min: 0, max: 1.2, noNaN: true }), (recording, share) => {
      const packets = packetsIn(recording);
      const matching = packets.filter(({ data }) => data.length < 200_000);
      const limit = Math.max(1, Math.floor(share * matching.length));
      const all = record(packets, recording);
      const some = record(packets, recording, { limits: { packets: limit } });
      assert.deepEqual(wrongIn(all), []);
      assert.deepEqual(wrongIn(some), []);
      const { packets_seen: seen, skipped_other_port, skipped_not_ip } = some.counters;
      assert.equal(
        seen - skipped_other_port - skipped_not_ip,
        Math.min(limit, matching.length),
        'as many as asked for',
      );
      assert.ok(seen <= all.counters.packets_seen);
      assert.equal(all.counters.packets_seen, packets.length);
      const before = record(packets.slice(0, seen), recording);
      assertBeginning(some, { before, all });
    }),
    { numRuns: RUNS },
  );
  t.pass();
});

test('a duration on any capture: what is later is not seen, and the events are the first of all', (t) => {
  fc.assert(
    fc.property(recording, fc.double({ min: 0, max: 1.2, noNaN: true }), (recording, share) => {
      const packets = packetsIn(recording);
      const first = packets[0]!.time;
      const length = packets.at(-1)!.time - first;
      const duration = BigInt(Math.max(1, Math.floor(share * Number(length))));
      const all = record(packets, recording);
      const some = record(packets, recording, { limits: { duration } });
      assert.deepEqual(wrongIn(some), []);
      // The first packet that is later ends it.
      const end = packets.findIndex(({ time }) => time - first > duration);
      assert.equal(some.counters.packets_seen, end < 0 ? packets.length : end);
      const before = record(packets.slice(0, some.counters.packets_seen), recording);
      assertBeginning(some, { before, all });
    }),
    { numRuns: RUNS },
  );
  t.pass();
});

test('a snaplen and rotated files on any capture: nothing is missing in the books', (t) => {
  fc.assert(
    fc.property(
      recording,
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 4000, max: 60_000 }),
      (recording, snaplen, rotateSize) => {
        const packets = packetsIn(recording);
        const result = record(packets, recording, { snaplen, rotateSize });
        assert.deepEqual(wrongIn(result), []);
        assert.equal(result.counters.packets_seen, packets.length);
      },
    ),
    { numRuns: RUNS },
  );
  t.pass();
});
