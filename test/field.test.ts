/** Captures of servers and proxies as they are in the field; see test/fixtures/README.md for where each is from. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { recordInProcess } from './support/in-process.js';

/** Capture, its server's port, and every event in order: op and status. */
const CASES: [capture: string, port: number, events: string][] = [
  ['multiget-values-reordered', 11211, 'get hit, get hit, get miss, get miss, get hit, get miss'],
  [
    'late-plus-length',
    11999,
    'set error, set stored, get hit, get miss, delete deleted, get miss, set stored, get hit',
  ],
  [
    'late-noreply-as-length',
    11999,
    'set stored, set error, get miss, get hit, delete deleted, get miss, set stored',
  ],
  ['late-ms-badflag', 11999, 'ms error, mn ok, set stored, get hit, mg hit, delete deleted, get miss'],
  [
    'dump-ok-prefix',
    11999,
    'set stored, set stored, lru_crawler ok, get hit, lru_crawler ok, get hit, lru_crawler ok, delete deleted, get miss, get hit',
  ],
  [
    'get-error-extra-crlf',
    11999,
    'set stored, get error, mn ok, get hit, set stored, get error, set stored, get hit, mn ok, gets error, delete deleted, gat error, get hit',
  ],
];

for (const [capture, port, wanted] of CASES) {
  test(capture, (t) => {
    const bytes = readFileSync(`test/fixtures/field/${capture}.pcap`);
    const { events, counters } = recordInProcess(bytes, { ports: [[port, port]] });
    t.is(events.map(({ op, status }) => `${op} ${status}`).join(', '), wanted);
    t.is(counters.unanswered, 0);
    t.is(counters.unmatched_answers, 0);
    t.is(counters.gaps, 0);
    // Lines that are no command to the server, and what it answers them.
    t.is(counters.unsynced_bytes, counters.payload_unsynced_not_understood);
    if (counters.unsynced_bytes > 0) t.true(counters.unknown_commands > 0);
  });
}

/** The same connection twice, as two clocks and two addresses show it. */
for (const capture of ['twice-clock-skew', 'twice-translated']) {
  test(capture, (t) => {
    const bytes = readFileSync(`test/fixtures/field/${capture}.pcap`);
    for (const workers of [1, 2, 5]) {
      const { events, counters } = recordInProcess(bytes, { workers });
      t.is(
        events.map(({ op, status }) => `${op} ${status}`).join(', '),
        'set stored, get hit, get miss, get hit, get miss, get miss, mg hit, delete deleted',
      );
      t.is(counters.flows, 1);
      t.is(counters.requests, 6);
      t.is(counters.answered, 6);
      t.is(counters.duplicates, 12);
      t.is(counters.retransmitted, 0);
      t.is(counters.payload_repeated * 2, counters.payload_seen);
      t.is(counters.negative_latency, 0);
      t.is(counters.unsynced_bytes, 0);
    }
  });
}
