/**
 * memcached 1.6.45 under its own test scripts: each server's part of each capture, reconciled with the counters that
 * server dumped at its end. Exact where the wire tells; what it does not tell is a range: outcomes of noreply and quiet
 * operations, what arithmetic may have created, which of its counters a refused store was counted in.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { rangesOf } from './support/counters.js';
import { recordInProcess } from './support/in-process.js';

const FOLDER = 'test/fixtures/corpus';

interface Server {
  tcp: number;
  /** 0 where it has none. */
  udp: number;
  counters: Record<string, number>;
}

/** True differences: what the server counted besides, or less, than passed over the wire as that, and why. */
const DIFFERENCES: Record<string, { reason: string; counters: Record<string, number> }> = {
  'ascii-auth.pcap.gz': {
    reason: 'the set of a second login passes for a set: nothing on the wire says that it was one',
    counters: { cmd_set: -1 },
  },
  'issue_152.pcap.gz': {
    reason: 'a hit is counted, and dropped: the error for a key that is too long takes its place',
    counters: { cmd_get: 1, get_hits: 1 },
  },
};

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.json'))) {
  const { capture, servers } = JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')) as {
    capture: string;
    servers: Server[];
  };
  const bytes = gunzipSync(readFileSync(`${FOLDER}/${capture}`));
  const { reason, counters: differences } = DIFFERENCES[capture] ?? { reason: '', counters: {} };
  for (const [i, { tcp, udp, counters: dumped }] of servers.entries()) {
    test(`${capture}, server ${i + 1} of ${servers.length}${reason && `: ${reason}`}`, (t) => {
      const ports: [number, number][] = [[tcp, tcp]];
      if (udp) ports.push([udp, udp]);
      const { events, counters } = recordInProcess(bytes, { ports });
      const off = [...rangesOf(events)].flatMap(([name, [least, most]]) => {
        const count = dumped[name]! - (differences[name] ?? 0);
        return count < least || count > most ? [{ name, least, most, count }] : [];
      });
      t.deepEqual(off, []);
      t.is(counters.unmatched_answers, 0);
      t.is(counters.gaps, 0);
    });
  }
}
