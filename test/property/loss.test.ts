/**
 * Lost packets and mid-stream starts, with values full of protocol text: no event that is not in the truth,
 * and most of what was captured whole. The truth are the events of the whole capture, which another test
 * compares with an independent parser. MEMBENCH_STARTS says how many mid-stream starts (300).
 */
import test from 'ava';
import type { CacheEvent } from 'membench/decoder';
import { packetsOf, START } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { invented, whole } from '../support/invented.js';
import { randomConversation } from '../support/model.js';
import { type Packet, pcapFile } from '../support/packets.js';
import { seeded } from '../support/random.js';

const STARTS = Number(process.env.MEMBENCH_STARTS ?? 300);
/** Packets of one conversation are 10 µs apart, and each begins a microsecond after the one before. */
const CONVERSATIONS = 10;
const EXCHANGES = 150;

/** Conversations beside each other; every packet has a time of its own, which names it. */
function traffic(seed: number, exchanges = EXCHANGES): Packet[] {
  return Array.from({ length: CONVERSATIONS }, (_, i) =>
    packetsOf(randomConversation(seed + i, exchanges), {
      clientPort: 40000 + i,
      start: START + BigInt(i) * 1000n,
      seed: seed + i,
    }),
  )
    .flat()
    .sort((a, b) => Number(a.time - b.time));
}

const eventsOf = (packets: readonly Packet[]) => recordInProcess(pcapFile(packets)).events;

interface Loss {
  /** Operations whose packets were all captured, and how many of these were recorded with their outcome. */
  captured: number;
  recorded: number;
  /** Of each time that operations were missed: how many in a row, on one connection. */
  missed: number[];
}

function compare(
  events: readonly CacheEvent[],
  truth: readonly CacheEvent[],
  captured: ReadonlySet<string>,
): Loss {
  const have = new Map<string, number>();
  for (const event of events) have.set(whole(event), (have.get(whole(event)) ?? 0) + 1);
  const loss: Loss = { captured: 0, recorded: 0, missed: [] };
  const rows = new Map<number, number>();
  for (const event of truth) {
    const answer =
      event.latency_ns === null ? event.ts_ns : (BigInt(event.ts_ns) + BigInt(event.latency_ns)).toString();
    if (!captured.has(event.ts_ns) || !captured.has(answer)) continue;
    loss.captured++;
    const row = rows.get(event.conn) ?? 0;
    if (have.get(whole(event))) {
      have.set(whole(event), have.get(whole(event))! - 1);
      loss.recorded++;
      if (row > 0) loss.missed.push(row);
      rows.set(event.conn, 0);
    } else {
      rows.set(event.conn, row + 1);
    }
  }
  return loss;
}

const at = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

for (const [percent, wanted] of [
  [0.1, 0.99],
  [1, 0.95],
  [5, 0],
  [20, 0],
] as const) {
  test(`${percent} % of the packets lost: nothing is invented, and what was captured is recorded`, (t) => {
    const sums: Loss = { captured: 0, recorded: 0, missed: [] };
    for (let seed = 0; seed < 8; seed++) {
      const packets = traffic(1000 * seed);
      const random = seeded(seed + 17);
      const left = packets.filter(() => random() >= percent / 100);
      const truth = eventsOf(packets);
      const events = eventsOf(left);
      t.deepEqual(invented(events, truth), []);
      const loss = compare(events, truth, new Set(left.map(({ time }) => time.toString())));
      sums.captured += loss.captured;
      sums.recorded += loss.recorded;
      sums.missed.push(...loss.missed);
    }
    const recall = sums.recorded / sums.captured;
    sums.missed.sort((a, b) => a - b);
    t.log(
      `${(100 * recall).toFixed(2)} % of ${sums.captured} operations captured whole are recorded; ` +
        `missed in a row: median ${at(sums.missed, 0.5)}, p99 ${at(sums.missed, 0.99)}`,
    );
    t.true(recall >= wanted, `${recall}`);
  });
}

test(`${STARTS} captures that start in the middle: nothing is invented`, (t) => {
  t.timeout(3_600_000);
  const random = seeded(STARTS);
  for (let done = 0; done < STARTS; ) {
    const packets = traffic(77_000 + done, 40);
    const truth = eventsOf(packets);
    for (let i = 0; i < 10 && done < STARTS; i++, done++) {
      const from = Math.floor(random() * packets.length);
      const found = invented(eventsOf(packets.slice(from)), truth);
      t.deepEqual(found, [], `from packet ${from} of seed ${77_000 + done}`);
    }
  }
});
