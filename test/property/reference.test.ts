import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { referenceEvents } from '../reference/reference.js';
import { randomBinaryConversation } from '../support/binary-model.js';
import { CUTS, interleave, packetsOf, shuffleWithin } from '../support/conversation.js';
import { REAL_SIZES, recordInProcess } from '../support/in-process.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i * 7);

const conversation = fc.record({
  seed: fc.integer(),
  size: fc.integer({ min: 1, max: 25 }),
  cut: fc.constantFrom(...CUTS),
  workers: fc.constantFrom(1, 2, 3),
  version: fc.constantFrom(4 as const, 6 as const),
  connections: fc.integer({ min: 1, max: 5 }),
  /** Every so many-th connection speaks binary. */
  binary: fc.constantFrom(1, 2, 1000),
  /** Values of a multiget come in any order. */
  proxy: fc.boolean(),
  window: fc.constantFrom(0, 0, 2, 6),
  clientSeq: fc.constantFrom(1, 0xfffffff0, 0x7fffff00),
  /** The sizes that ship, or small ones. */
  map: fc.constantFrom(REAL_SIZES, {}, { slotSize: 65536, blockEvents: 7 }),
  /** Chunks cut anywhere, and workers that take their steps in any order. */
  schedule: fc.option(fc.nat(), { nil: undefined }),
  lateWriter: fc.boolean(),
});

test('the parser and the reference agree under every cut, reordering and number of workers', (t) => {
  fc.assert(
    fc.property(
      conversation,
      ({ seed, size, cut, version, connections, binary, proxy, window, clientSeq, schedule, ...options }) => {
        const captures = Array.from({ length: connections }, (_, i) =>
          shuffleWithin(
            packetsOf(
              i % binary === binary - 1
                ? randomBinaryConversation(seed + i, size)
                : randomConversation(seed + i, size, true, proxy),
              {
                cut,
                seed: seed + i,
                version,
                clientSeq,
                clientPort: 40000 + i,
                start: 1_767_225_600_000_000_000n + BigInt(i) * 3000n,
              },
            ),
            cut === 'bytes' ? 0 : window,
            seed,
            3,
          ),
        );
        const packets = window ? captures.flat() : interleave(...captures);
        const { events, counters } = recordInProcess(pcapFile(packets), {
          ...options,
          ...(schedule !== undefined && { schedule }),
          key: KEY,
        });
        assert.deepEqual(events, referenceEvents(packets, KEY));
        assert.equal(counters.packets_seen, packets.length);
        assert.equal(counters.packets_decoded, packets.length);
        assert.equal(counters.gaps, 0);
        // All is in sync from the first byte on: what is not understood are commands no server knows.
        assert.equal(counters.unsynced_bytes, counters.payload_unsynced_not_understood);
        if (counters.unsynced_bytes > 0) assert.ok(counters.unknown_commands > 0);
        assert.equal(counters.payload_missing + counters.payload_gap, 0);
      },
    ),
    { numRuns: Number(process.env.MEMBENCH_RUNS ?? 200) },
  );
  t.pass();
});
