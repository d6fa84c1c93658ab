/**
 * All conversations through the BPF program that parses and the parser behind it: the events are those of whole
 * packets.
 */
import test from 'ava';
import { RING_RECORD } from '#src/layout/generated.js';
import { packetsOf } from '../support/conversation.js';
import { invented } from '../support/invented.js';
import { loadConversations } from '../support/markdown.js';
import { isMessageRecord } from '../support/messages.js';
import { takeTurns, whyNotLive } from '../support/network.js';
import type { Packet } from '../support/packets.js';
import { loadProgram, type Program } from '../support/program.js';
import { decodeRecords } from '../support/ring-decode.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;
const titled = (title: string) => `${title}${reason && ` (${reason})`}`;

/** Largest frame that BPF_PROG_TEST_RUN takes. */
const FRAME_MAX = 3500;

/** What the program puts into the ring for a packet, with the ring's own head; no bytes where that is nothing. */
function recordOf(program: Program, { data, time }: Packet): Uint8Array {
  program.run(data);
  const [record] = program.takeBytes();
  if (record === undefined) return new Uint8Array(0);
  const bytes = new Uint8Array((8 + record.length + 7) & ~7);
  bytes.set(record, 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, record.length, true);
  view.setBigUint64(8 + RING_RECORD.time, time, true);
  return bytes;
}

live(titled('conversations: the same events as of whole packets'), async (t) => {
  t.timeout(300_000);
  // The secret of `decodeRecords`.
  const program = await loadProgram({ parseKey: new Uint8Array(16) });
  t.teardown(() => program.close());
  let segments = 0;
  let parsedSegments = 0;
  let withGaps = 0;
  const whole = (packet: Packet) => {
    program.uncut(true);
    const record = recordOf(program, packet);
    program.uncut(false);
    return record;
  };
  for (const { file, title, turns, datagrams } of loadConversations()) {
    if (datagrams.length > 0) continue;
    for (const cut of ['whole', 'merged', 'random'] as const) {
      const packets = packetsOf(turns, { cut });
      if (packets.some(({ data }) => data.length > FRAME_MAX)) continue;
      const copied = decodeRecords(packets.map(whole));
      const parsed = decodeRecords(
        packets.map((packet) => (isUncut: (hash: number) => boolean) => {
          const record = recordOf(program, packet);
          if (record.length === 0 || !isMessageRecord(record.subarray(8))) return record;
          return isUncut(new DataView(record.buffer).getUint32(8 + RING_RECORD.hash, true))
            ? whole(packet)
            : record;
        }),
        { parsed: true },
      );
      const name = `${file}: ${title}, ${cut}`;
      segments += parsed.counters.packets_decoded;
      parsedSegments += parsed.counters.parsed_segments;
      if (parsed.counters.parsed_gaps > 0) {
        withGaps++;
        // A first set without an answer may have been a login, where its value was not read.
        const strange = invented(parsed.events, copied.events).filter(
          ({ op, key, status }) => op !== 'set' || key !== null || status !== 'unanswered',
        );
        t.deepEqual(strange, [], name);
        continue;
      }
      t.deepEqual(parsed.events, copied.events, name);
      for (const counter of ['payload_seen', 'payload_recorded', 'requests', 'bytes'] as const) {
        t.is(parsed.counters[counter], copied.counters[counter], `${name}: ${counter}`);
      }
    }
  }
  t.log(`${parsedSegments} of ${segments} segments parsed; ${withGaps} conversations with a gap`);
  t.true(parsedSegments > 500);
});
