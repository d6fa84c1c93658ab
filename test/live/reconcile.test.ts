import { join } from 'node:path';
import test from 'ava';
import { record } from 'membench';
import type { CacheEvent } from 'membench/decoder';
import { openProfile, readEvents } from 'membench/profile';
import { temporary } from '../support/cli.js';
import { Network, PORT, SERVER, takeTurns, whyNotLive } from '../support/network.js';

const OPERATIONS = Number(process.env.MEMBENCH_OPERATIONS ?? 200_000);
const CONNECTIONS = 64;

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;

const STORES = new Set(['set', 'add', 'replace', 'append', 'prepend', 'cas', 'ms']);

/**
 * What memcached 1.6 counts for one event: names of its counters. Found out by asking one after another:
 * a retrieval that touches counts as a touch where it hits, and for mg as a get where it does not.
 */
function countersOf({ proto, op, status, mode, cas, initial, meta_flags: flags = '' }: CacheEvent): string[] {
  if (STORES.has(op)) {
    // A binary set that is too large counts nowhere (process_bin_update in proto_bin.c).
    if (status === 'error') return proto === 'binary' ? [] : ['store_too_large'];
    if (!cas) return ['cmd_set'];
    if (status === 'exists') return ['cmd_set', 'cas_badval'];
    return ['cmd_set', status === 'not_found' ? 'cas_misses' : 'cas_hits'];
  }
  if (status === 'error') return [];
  // What a binary delete with another cas finds counts as nothing, and so does what an incr creates.
  if (proto === 'binary' && (status === 'exists' || initial !== undefined)) return [];
  const found = status !== 'miss' && status !== 'not_found';
  switch (op) {
    case 'get':
    case 'gets':
      return ['cmd_get', found ? 'get_hits' : 'get_misses'];
    case 'mg':
      if (flags.includes('T') && found) return ['cmd_touch', 'touch_hits'];
      return ['cmd_get', found ? 'get_hits' : 'get_misses'];
    case 'gat':
    case 'gats':
    case 'touch':
      return ['cmd_touch', found ? 'touch_hits' : 'touch_misses'];
    case 'delete':
    case 'md':
      return [found ? 'delete_hits' : 'delete_misses'];
    case 'incr':
    case 'decr':
      return [`${op}_${found ? 'hits' : 'misses'}`];
    case 'ma':
      return [`${mode === 'decr' ? 'decr' : 'incr'}_${found ? 'hits' : 'misses'}`];
    case 'me':
      return ['cmd_meta'];
    default:
      return [];
  }
}

const COUNTERS = [
  ...['cmd_get', 'get_hits', 'get_misses', 'cmd_set', 'cmd_touch', 'touch_hits', 'touch_misses', 'cmd_meta'],
  ...['delete_hits', 'delete_misses', 'incr_hits', 'incr_misses', 'decr_hits', 'decr_misses'],
  ...['cas_hits', 'cas_misses', 'cas_badval', 'store_too_large'],
];

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
