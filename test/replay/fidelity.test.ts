/** A load on one server, recorded, replayed to a fresh one and recorded again: the two recordings say the same. */
import { join } from 'node:path';
import test from 'ava';
import type { CacheEvent } from 'membench/decoder';
import { openProfile, readEvents } from 'membench/profile';
import { temporary } from '../support/cli.js';
import { DEVICE, Network, PORT, SERVER, takeTurns, until, whyNotLive } from '../support/network.js';

const why = whyNotLive();
const live = why === '' ? test : test.skip;
test.before(takeTurns);

/** Of all protocols and kinds of requests; what a memcached answers depends on what came before. */
const SPOKEN = [
  'set first-key-of-all 7 100 5\\r\\nabcde\\r\\n',
  'get first-key-of-all missing-key-of-all\\r\\n',
  'gets first-key-of-all\\r\\n',
  'add first-key-of-all 0 0 3\\r\\nabc\\r\\n',
  'append first-key-of-all 0 0 2 noreply\\r\\nfg\\r\\n',
  'gat 50 first-key-of-all\\r\\n',
  'touch first-key-of-all 0\\r\\n',
  'set number-of-things 0 0 2\\r\\n10\\r\\nincr number-of-things 5\\r\\ndecr number-of-things 3\\r\\n',
  'incr number-of-nothing 1\\r\\n',
  'delete first-key-of-all noreply\\r\\nget first-key-of-all\\r\\n',
  'ms meta-key-of-all 4 T60 F9 c\\r\\nabcd\\r\\n',
  'mg meta-key-of-all v f t k O123 q\\r\\nmg meta-key-of-none v q O124\\r\\nmn\\r\\n',
  'ma meta-count-of-all N0 J13 D2\\r\\n',
  'md meta-key-of-all q\\r\\nmn\\r\\n',
  'me meta-key-of-all\\r\\n',
].join('');

function eventsOf(path: string): CacheEvent[] {
  using profile = openProfile(path);
  // The question before a replay, and those of this test, are no part of the load.
  return [...readEvents(profile)].filter(({ op }) => !['stats', 'version', 'quit'].includes(op));
}

/** What was sent on a connection, with numbers for its keys and requests. */
interface Sent {
  keys: Map<string, number>;
  requests: Map<number, number>;
  lines: unknown[];
}

/** What was sent, by connection: everything but times, and keys by their first appearance on the connection. */
function sent(events: readonly CacheEvent[]): string[] {
  const conns = new Map<number, Sent>();
  for (const event of events) {
    const conn: Sent = conns.get(event.conn) ?? { keys: new Map(), requests: new Map(), lines: [] };
    conns.set(event.conn, conn);
    const { proto, transport, op, key_size, mode, flags, ttl, delta, cas, quiet, meta_flags } = event;
    const key = event.key === null ? null : numberOf(conn.keys, event.key);
    // The flags of a hit and its size are the server's.
    const isStore = !['get', 'gets', 'gat', 'gats', 'mg'].includes(op);
    const store = isStore ? { flags, value_size: event.value_size } : {};
    const more = {
      vivify: event.vivify,
      recache: event.recache,
      initial: event.initial,
      cas_new: event.cas_new,
    };
    conn.lines.push({
      ...{ request: numberOf(conn.requests, event.request), key, key_size },
      ...{ proto, transport, op, mode, ttl, delta, cas, quiet, meta_flags, ...more, ...store },
    });
  }
  return [...conns.values()].map(({ lines }) => JSON.stringify(lines)).sort();
}

function numberOf<Key>(numbers: Map<Key, number>, key: Key): number {
  const number = numbers.get(key) ?? numbers.size;
  numbers.set(key, number);
  return number;
}

/** How often each key was asked for, the most first. */
function popularity(events: readonly CacheEvent[]): number[] {
  const counts = new Map<string, number>();
  for (const { key } of events) if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts.values()].sort((a, b) => b - a);
}

function hitRatio(events: readonly CacheEvent[]): number {
  const hits = events.filter(({ status }) => status === 'hit').length;
  return hits / (hits + events.filter(({ status }) => status === 'miss').length);
}

const statuses = (events: readonly CacheEvent[]) => {
  const counts: Record<string, number> = {};
  for (const { op, status } of events) counts[`${op} ${status}`] = (counts[`${op} ${status}`] ?? 0) + 1;
  return counts;
};

live(
  'commands, keys, sizes, flags, expiry times, popularity and outcomes of a replay are those of the load',
  async (t) => {
    const network = new Network(t);
    const folder = temporary(t);
    const [a, b] = [join(folder, 'a.mbp'), join(folder, 'b.mbp')];
    const record = async (path: string, load: () => void) => {
      const options = ['-u', 'nobody', '-p', String(PORT), '-m', '64', '-t', '1'];
      const memcached = network.start('memcached', ...options);
      await until(() => network.stats().pid !== undefined);
      const recording = network.record(`ebpf:${DEVICE}`, path);
      await recording.running();
      load();
      const { kernel, gaps } = await recording.stop();
      t.is(kernel.dropped, 0);
      t.is(gaps, 0);
      await network.kill(memcached);
    };
    await record(a, () => {
      network.load(3000, 6);
      network.talk(SPOKEN);
    });
    let summary: { requests: number; errors: object; outcome: object } | undefined;
    await record(b, () => {
      const command = [
        network.node,
        network.main,
        'replay',
        '--json',
        '-q',
        '-t',
        '1',
        a,
        '-s',
        `${SERVER}:${PORT}`,
      ];
      summary = JSON.parse(network.client(...command));
    });
    const [before, after] = [eventsOf(a), eventsOf(b)];
    t.true(before.length > 3000);
    t.is(after.length, before.length);
    t.deepEqual(sent(after), sent(before));
    t.deepEqual(popularity(after), popularity(before));
    t.true(Math.abs(hitRatio(after) - hitRatio(before)) < 0.001, `${hitRatio(before)}, ${hitRatio(after)}`);
    t.deepEqual(statuses(after), statuses(before));
    t.deepEqual(summary!.errors, {});
    t.is(summary!.requests, new Set(before.map(({ request }) => request)).size);
  },
);
