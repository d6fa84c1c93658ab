/**
 * Message records under loss, reordering, repetition, reuse of ports and starts in mid-stream: no event that is
 * not in the truth, which is the whole capture as packets. And bytes at random in place of messages.
 */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { copiedRecord, decodeCopied, decodeParsed } from '../support/as-parsed.js';
import { randomBinaryConversation } from '../support/binary-model.js';
import { packetsOf, START, shuffleWithin, type Turn } from '../support/conversation.js';
import { invented } from '../support/invented.js';
import { randomConversation } from '../support/model.js';
import type { Packet } from '../support/packets.js';
import { recordOf } from '../support/parsed.js';
import { between, seeded } from '../support/random.js';
import { decodeRecords } from '../support/ring-decode.js';

const RUNS = Number(process.env.MEMBENCH_RUNS ?? 100);
const CONNECTIONS = 3;

/** Cuts what a side says into segments of a usual size, and sometimes behind a line. */
function segments(turns: readonly Turn[], seed: number): Turn[] {
  const random = seeded(seed);
  return turns.flatMap(({ from, bytes }) => {
    const parts: Turn[] = [];
    for (let at = 0; at < bytes.length; ) {
      const feed = bytes.indexOf(10, at + between(random, 0, 400)) + 1;
      const end = Math.min(random() < 0.3 && feed > 0 ? feed : bytes.length, at + 1448);
      parts.push({ from, bytes: bytes.subarray(at, end) });
      at = end;
    }
    return parts;
  });
}

/** Connections beside each other, the later ones of a port after the earlier ones. */
function traffic(seed: number): Packet[] {
  return Array.from({ length: CONNECTIONS }, (_, i) => {
    let start = START + BigInt(i) * 1000n;
    return [0, 1].flatMap((reuse) => {
      const talk =
        i === 2 ? randomBinaryConversation(seed + i, 20) : randomConversation(seed + i + reuse, 20);
      const packets = packetsOf(segments(talk, seed + i), {
        clientPort: 40000 + i,
        start,
        clientSeq: 0xffffff00 + 100_000 * reuse,
        serverSeq: 77 + 1_000_000 * reuse,
        fin: (seed & 1) === 0,
      });
      start = packets.at(-1)!.time + 1_000_000n;
      return packets;
    });
  })
    .flat()
    .sort((a, b) => Number(a.time - b.time));
}

const disturbance = fc.record({
  seed: fc.nat(1_000_000),
  lost: fc.constantFrom(0, 0.005, 0.02, 0.1),
  /** Places by which packets change their order. */
  window: fc.constantFrom(0, 0, 2, 6),
  repeated: fc.constantFrom(0, 0.05),
  /** Share of the packets before the start. */
  from: fc.constantFrom(0, 0, 0.3, 0.7),
  /** Packets by which the program sees late of which flows whole packets are asked for. */
  late: fc.constantFrom(0, 3, 40),
});

test('whatever happens to packets on their way, message records invent nothing', (t) => {
  let same = 0;
  let events = 0;
  let found = 0;
  fc.assert(
    fc.property(disturbance, ({ seed, lost, window, repeated, from, late }) => {
      const packets = traffic(seed);
      const random = seeded(seed);
      const truth = decodeCopied(packets);
      let left = packets.slice(Math.floor(from * packets.length)).filter(() => random() >= lost);
      if (window > 0) left = shuffleWithin(left, window, seed);
      left = left.flatMap((packet) => (random() < repeated ? [packet, packet] : [packet]));
      const parsed = decodeParsed(left, late);
      assert.deepEqual(invented(parsed.events, truth.events), []);
      const { counters } = parsed;
      assert.equal(counters.packets_seen, left.length);
      const skipped = Object.entries(counters).reduce(
        (n, [name, c]) => n + (/^skipped_/.test(name) ? c : 0),
        0,
      );
      assert.equal(counters.packets_decoded + skipped, left.length);
      events += truth.events.length;
      found += parsed.events.length;
      if (counters.parsed_gaps > 0) return;
      same++;
      assert.deepEqual(parsed.events, decodeCopied(left).events);
    }),
    { numRuns: RUNS },
  );
  t.log(`${same} of ${RUNS} without a gap of messages; ${found} of ${events} events`);
  t.true(same > 0);
});

test('bytes at random in place of messages are bounded, counted and not believed', (t) => {
  const junk = fc.array(
    fc.oneof(
      // What may pass for the head of a message, and any bytes.
      fc
        .tuple(
          fc.oneof(fc.nat(13), fc.nat(255)),
          fc.constantFrom(0, 1, 3, 250, 255),
          fc.constantFrom(0, 1, 2, 5, 6, 8, 12, 13, 24, 50, 51),
          fc.nat(60),
          fc.oneof(fc.nat(20), fc.nat(0xffffffff)),
        )
        .map(([form, key, line, at, value]) => {
          const bytes = new Uint8Array(8);
          bytes.set([form, key, line, at]);
          new DataView(bytes.buffer).setUint32(4, value, true);
          return bytes;
        }),
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
    ),
    { maxLength: 40 },
  );
  const head = fc.array(fc.tuple(fc.integer({ min: 8, max: 39 }), fc.nat(255)), { maxLength: 2 });
  fc.assert(
    fc.property(
      fc.nat(1_000_000),
      fc.array(fc.tuple(fc.nat(), junk, head), { maxLength: 8 }),
      (seed, lies) => {
        const packets = packetsOf(segments(randomConversation(seed, 12), seed));
        const records = packets.map(copiedRecord);
        for (const [place, messages, changes] of lies) {
          const at = place % packets.length;
          records[at] = recordOf(packets[at]!, messages, (record) => {
            for (const [offset, byte] of changes) record.setUint8(offset, offset === 27 ? 255 : byte);
          });
        }
        const { counters } = decodeRecords(records, { parsed: true });
        assert.equal(counters.packets_seen, packets.length);
        assert.ok(counters.parsed_segments + counters.skipped_malformed <= lies.length);
      },
    ),
    { numRuns: RUNS },
  );
  t.pass();
});
