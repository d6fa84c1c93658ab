import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { createDecoder } from 'membench/decoder';
import { wrongIn } from '../support/account.js';
import { randomBinaryConversation } from '../support/binary-model.js';
import { CUTS, interleave, packetsOf } from '../support/conversation.js';
import { type InProcessResult, REAL_SIZES, recordInProcess } from '../support/in-process.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';

const KEY = new Uint8Array(16);
/** Bytes that mean something to the parser. */
const MEANINGFUL = [0, 10, 13, 32, 0x30, 0x39, 0x80, 0xff];

const hostile = fc.record({
  seed: fc.integer(),
  cut: fc.constantFrom(...CUTS),
  /** Packets taken out, doubled or exchanged, as shares of the capture. */
  lost: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
  doubled: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
  /** Bytes overwritten anywhere behind the file header. */
  mutations: fc.array(
    fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.oneof(fc.constantFrom(...MEANINGFUL), fc.integer({ min: 0, max: 255 })),
    ),
    { maxLength: 20 },
  ),
});

function capture(value: {
  seed: number;
  cut: (typeof CUTS)[number];
  lost: number[];
  doubled: number[];
  mutations: [number, number][];
}): Uint8Array {
  const { seed, cut, lost, doubled, mutations } = value;
  const packets = interleave(
    ...[randomConversation, randomBinaryConversation, randomConversation].map((conversation, i) =>
      packetsOf(conversation(seed + i, 15), { cut, seed: i, clientPort: 40000 + i }),
    ),
  );
  const at = (share: number) => Math.min(Math.floor(share * packets.length), packets.length - 1);
  for (const share of lost) packets.splice(at(share), 1);
  for (const share of doubled) packets.splice(at(share), 0, packets[at(share)]!);
  const bytes = pcapFile(packets);
  for (const [share, byte] of mutations) {
    bytes[Math.min(24 + Math.floor(share * (bytes.length - 24)), bytes.length - 1)] = byte;
  }
  return bytes;
}

function boundHit({ counters }: InProcessResult): boolean {
  return Object.entries(counters).some(([name, n]) => name.startsWith('bound_') && n > 0);
}

test('whatever a capture holds, it is counted, not crashed on', async (t) => {
  await fc.assert(
    fc.asyncProperty(hostile, async (value) => {
      const decoder = await createDecoder({ key: KEY });
      try {
        for (const _ of decoder.decode(capture(value)));
        for (const _ of decoder.end());
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'ERR_MEMBENCH_BROKEN_CAPTURE');
      }
      const { counters } = decoder;
      const sum = Object.entries(counters)
        .filter(([name]) => /^(skipped|lost)_/.test(name))
        .reduce((total, [, n]) => total + n, counters.packets_decoded);
      assert.equal(counters.packets_seen, sum, 'seen = decoded + skipped + lost');
      assert.equal(counters.requests, counters.answered + counters.unanswered);
    }),
    { numRuns: Number(process.env.MEMBENCH_RUNS ?? 100) },
  );
  t.pass();
});

test('a hostile capture gives the same events for any number of workers', (t) => {
  fc.assert(
    fc.property(hostile, (value) => {
      const bytes = capture(value);
      const one = recordInProcess(bytes, { key: KEY, workers: 1 });
      const three = recordInProcess(bytes, { key: KEY, workers: 3 });
      // Pools belong to workers: where one ran out, and said so, flows share their bounds differently.
      if ([one, three].some(boundHit)) return;
      assert.deepEqual(three.events, one.events);
      assert.deepEqual(three.counters, one.counters);
    }),
    { numRuns: Number(process.env.MEMBENCH_RUNS ?? 100) },
  );
  t.pass();
});

test('a hostile capture with limits, in the sizes that ship, while threads are ended: the books are right', (t) => {
  const conditions = fc.record({
    workers: fc.constantFrom(1, 2, 3),
    map: fc.constantFrom(REAL_SIZES, { slotSize: 65536, blockEvents: 7 }),
    limits: fc.record({
      packets: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 200 })),
      duration: fc.oneof(fc.constant(0n), fc.bigInt(1n, 2000n)),
    }),
    snaplen: fc.oneof(fc.constant(262144), fc.integer({ min: 1, max: 400 })),
    rotateSize: fc.integer({ min: 4000, max: 100_000 }),
    schedule: fc.nat(),
    lateWriter: fc.boolean(),
  });
  fc.assert(
    fc.property(hostile, conditions, fc.array(fc.nat(300), { maxLength: 3 }), (value, options, deaths) => {
      const left = [...deaths];
      let died = -1;
      const result = recordInProcess(capture(value), {
        ...options,
        beforeStep(_, { steps, rebuilt }) {
          if (rebuilt.length === died || left.length === 0) return;
          died = rebuilt.length;
          steps.dieAfter(left.shift()!);
        },
      });
      assert.deepEqual(wrongIn(result), []);
      if (deaths.length === 0) assert.equal(result.counters.lost_worker_failed, 0);
    }),
    { numRuns: Number(process.env.MEMBENCH_RUNS ?? 100) },
  );
  t.pass();
});
