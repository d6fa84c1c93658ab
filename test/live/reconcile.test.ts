import { join } from 'node:path';
import test from 'ava';
import { record } from 'membench';
import { openProfile, readEvents } from 'membench/profile';
import { temporary } from '../support/cli.js';
import { COUNTERS, countersOf } from '../support/counters.js';
import { Network, PORT, SERVER, takeTurns, whyNotLive } from '../support/network.js';

const OPERATIONS = Number(process.env.MEMBENCH_OPERATIONS ?? 200_000);
const CONNECTIONS = 64;

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;

live(
  `${OPERATIONS} mixed operations: no difference with any counter of memcached${reason && ` (${reason})`}`,
  async (t) => {
    t.timeout(600_000);
    const folder = temporary(t);
    const network = new Network(t);
    await network.memcached();
    const capture = join(folder, 'all.pcap');
    const tcpdump = await network.capture(capture);
    const before = network.stats();
    const seed = Number(process.env.MEMBENCH_SEED ?? Date.now() % 1_000_000);
    t.log(`seed ${seed}`);
    const client = 'build/test/live/reconcile-client.js';
    const sent = Number(
      network.client(
        process.execPath,
        client,
        SERVER,
        String(PORT),
        String(OPERATIONS),
        String(CONNECTIONS),
        String(seed),
      ),
    );
    const after = network.stats();
    t.regex(await tcpdump.stop(), /\n0 packets dropped by kernel/);

    const profile = join(folder, 'out.mbp');
    const summary = await record({ source: capture, profile, workers: 2, ports: [[PORT, PORT]] });
    t.is(summary.gaps, 0);
    // In sync from the first byte on; commands no server knows are sent on purpose.
    t.deepEqual(Object.keys(summary.payload.unsynced), ['not_understood']);
    t.true(summary.counters.unknown_commands > 0);
    t.is(summary.payload.gap + summary.payload.missing, 0);
    t.is(summary.counters.ambiguous_lengths, 0);
    const counted: Record<string, number> = Object.fromEntries(COUNTERS.map((name) => [name, 0]));
    let unanswered = 0;
    const protocols: Record<string, number> = { text: 0, meta: 0, binary: 0 };
    using reader = openProfile(profile);
    for (const event of readEvents(reader)) {
      if (event.status === 'unanswered') unanswered++;
      protocols[event.proto]!++;
      for (const name of countersOf(event)) counted[name]!++;
    }
    t.is(unanswered, 0);
    t.deepEqual(counted, Object.fromEntries(COUNTERS.map((name) => [name, after[name]! - before[name]!])));
    t.true(sent >= OPERATIONS);
    for (const [name, events] of Object.entries(protocols)) t.true(events > OPERATIONS / 20, name);
    t.log(`${sent} operations, ${summary.packets.seen} packets, ${COUNTERS.length} counters`);
    t.log(
      Object.entries(protocols)
        .map(([name, events]) => `${events} ${name}`)
        .join(', '),
    );
  },
);
