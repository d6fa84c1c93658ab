/** Replays to a real memcached, whose own counters say what came. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { generateCapture } from '#bench/generate/generate.js';
import { openRun, replay } from '#src/replay/replay.js';
import { parseServer } from '#src/replay/safety.js';
import { temporary } from '../support/cli.js';
import { client, server as fromServer, interleave, packetsOf, type Turn } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { hasMemcached, Memcached, profileOf } from './server.js';

const live = hasMemcached ? test : test.skip;

const key = (number: number) => `key-${String(number).padStart(16, '0')}`;

/** Sets, gets that hit and miss, multigets, arithmetic, deletions: what a fresh memcached would answer. */
function conversation(seed: number): Turn[] {
  const k = (number: number) => key(seed * 100 + number);
  const value = (number: number, size: number) => `VALUE ${k(number)} 5 ${size}\r\n${'v'.repeat(size)}\r\n`;
  const turns: Turn[] = [];
  const say = (request: string, answer: string) => turns.push(client(request), fromServer(answer));
  for (let i = 0; i < 10; i++) {
    say(`set ${k(i)} 5 600 ${100 + i}\r\n${'v'.repeat(100 + i)}\r\n`, 'STORED\r\n');
    say(`get ${k(i)}\r\n`, `${value(i, 100 + i)}END\r\n`);
    say(`get ${k(50 + i)}\r\n`, 'END\r\n');
  }
  say(
    `get ${[0, 1, 60, 2, 61].map(k).join(' ')}\r\n`,
    `${value(0, 100)}${value(1, 101)}${value(2, 102)}END\r\n`,
  );
  say(`add ${k(0)} 0 0 5\r\nvvvvv\r\n`, 'NOT_STORED\r\n');
  say(`set ${k(20)} 0 0 2\r\n10\r\n`, 'STORED\r\n');
  say(`incr ${k(20)} 5\r\n`, '15\r\n');
  say(`incr ${k(70)} 5\r\n`, 'NOT_FOUND\r\n');
  say(`delete ${k(1)}\r\n`, 'DELETED\r\n');
  say(`get ${k(1)}\r\n`, 'END\r\n');
  say(`touch ${k(2)} 60\r\n`, 'TOUCHED\r\n');
  say(`mg ${k(2)} v t\r\n`, `VA 102 t60\r\n${'v'.repeat(102)}\r\n`);
  say(`mg ${k(2)} v k q\r\nmg ${k(71)} v k q\r\nmn\r\n`, `VA 102 k${k(2)}\r\n${'v'.repeat(102)}\r\nMN\r\n`);
  return turns;
}

const CONNECTIONS = 5;
/** Of each connection, and in all: requests, gets and hits by key. */
const GETS = CONNECTIONS * (10 + 10 + 5 + 1);
const HITS = CONNECTIONS * (10 + 3);

const packets = interleave(
  ...Array.from({ length: CONNECTIONS }, (_, i) => packetsOf(conversation(i), { clientPort: 40000 + i })),
);

for (const protocol of ['as-recorded', 'text', 'meta', 'binary'] as const) {
  live(`every outcome is as recorded, by the server's counters, too: ${protocol}`, async (t) => {
    const memcached = await Memcached.start(t);
    const profiles = [profileOf(temporary(t), packets)];
    const before = await memcached.stats();
    const summary = await replay({ profiles, server: memcached.server, protocol, threads: 2 });
    const after = await memcached.stats();
    const grown = (name: string) => after[name]! - before[name]!;
    t.is(summary.ended, 'end of profile');
    t.deepEqual(summary.errors, {});
    t.deepEqual(summary.outcome, {
      same: summary.commands - barriers(summary),
      hit_to_miss: 0,
      miss_to_hit: 0,
      other: 0,
      unknown: 0,
    });
    t.is(summary.hit_ratio, summary.recorded_hit_ratio);
    t.is(summary.connections, CONNECTIONS);
    t.is(grown('cmd_set'), CONNECTIONS * 12);
    t.is(grown('delete_hits'), CONNECTIONS);
    t.is(grown('incr_hits'), CONNECTIONS);
    t.is(grown('incr_misses'), CONNECTIONS);
    // Three of the gets are meta gets, one of them a miss.
    t.is(grown('cmd_get'), GETS + 3 * CONNECTIONS);
    t.is(grown('get_hits'), HITS + 2 * CONNECTIONS);
    // The question before the replay, and the two of this test, are connections, too.
    t.is(grown('total_connections'), CONNECTIONS + 2);
  });
}

/** Requests without a key, which have no recorded outcome to be compared with. */
function barriers({ ops }: Awaited<ReturnType<typeof replay>>): number {
  return (ops.mn?.count ?? 0) + (ops.noop?.count ?? 0);
}

live('requests are sent when they are due, and connections opened', async (t) => {
  const memcached = await Memcached.start(t);
  const profiles = [profileOf(temporary(t), packets)];
  const asked = { profiles, server: memcached.server, threads: 1 };
  const all = await replay(asked);
  const slow = await replay({ ...asked, rate: 500 });
  // Nothing is sent early: the last of n requests at 500 a second is due after (n - 1) / 500 seconds.
  t.true(slow.elapsed_s >= (all.requests - 1) / 500);
  t.is(slow.requests, all.requests);
  const capped = await replay({ ...asked, asap: true, maxRate: 500 });
  t.true(capped.elapsed_s >= (all.requests - 1) / 500);
  t.is(capped.requests, all.requests);
  const few = await replay({ ...asked, requests: 17, speed: 1000 });
  t.is(few.requests, 17);
  t.is(few.ended, 'requests');
  const looped = await replay({ ...asked, loop: 3, speed: 1000 });
  t.is(looped.requests, 3 * all.requests);
  const short = await replay({ ...asked, loop: Number.POSITIVE_INFINITY, duration: 0.3 });
  t.is(short.ended, 'duration');
  t.true(short.requests > all.requests);
  const folded = await replay({ ...asked, clients: 2, threads: 2, asap: true });
  t.is(folded.connections, 2);
  t.is(folded.requests, all.requests);
  const halves = await replay({ ...asked, sample: 2 });
  t.true(halves.requests < all.requests && halves.requests % (all.requests / CONNECTIONS) === 0);
});

live('slices go on where the one before ended, on the same connections', async (t) => {
  const memcached = await Memcached.start(t);
  const profiles = [profileOf(temporary(t), packets)];
  const whole = await replay({ profiles, server: memcached.server });
  const before = await memcached.stats();
  const { run, close } = await openRun(
    { profiles, server: memcached.server, threads: 2 },
    parseServer(memcached.server),
  );
  t.teardown(close);
  const first = await run.slice({ requests: 40, pace: { kind: 'rate', rate: 2000 } });
  const second = await run.slice({ pace: { kind: 'speed', factor: 50 } });
  const third = await run.slice();
  t.deepEqual([first.end, second.end, third.end], ['requests', 'end of profile', 'end of profile']);
  t.is(first.tally.requests, 40);
  t.is(first.tally.requests + second.tally.requests, whole.requests);
  t.is(third.tally.requests, 0);
  t.is((await memcached.stats()).total_connections! - before.total_connections!, CONNECTIONS + 1);
});

live('a replay that is stopped tells what was done', async (t) => {
  const memcached = await Memcached.start(t);
  const profiles = [profileOf(temporary(t), packets)];
  const abort = new AbortController();
  const summary = await replay({
    ...{ profiles, server: memcached.server, rate: 20, signal: abort.signal },
    onProgress: ({ requests }) => requests > 0 && abort.abort(),
  });
  t.is(summary.ended, 'stopped');
  t.true(summary.requests > 0 && summary.requests < CONNECTIONS * 30);
  t.deepEqual(summary.errors, {});
});

live('what was there before is loaded, misses are filled, and values are checked', async (t) => {
  const memcached = await Memcached.start(t);
  const value = (name: string, size: number) => `VALUE ${name} 3 ${size}\r\n${'v'.repeat(size)}\r\n`;
  const [a, b, c] = [1, 2, 3].map(key) as [string, string, string];
  const turns: Turn[] = [
    client(`get ${a}\r\n`),
    fromServer(`${value(a, 500)}END\r\n`),
    client(`get ${b}\r\n`),
    fromServer('END\r\n'),
    client(`set ${b} 0 0 70000\r\n${'v'.repeat(70000)}\r\n`),
    fromServer('STORED\r\n'),
    client(`get ${b} ${a}\r\n`),
    fromServer(`${value(b, 70000)}${value(a, 500)}END\r\n`),
    client(`set ${c} 0 0 100\r\n${'v'.repeat(100)}\r\n`),
    fromServer('STORED\r\n'),
    client(`append ${c} 0 0 10\r\n${'v'.repeat(10)}\r\n`),
    fromServer('STORED\r\n'),
    client(`get ${c}\r\n`),
    fromServer(`${value(c, 110)}END\r\n`),
  ];
  const profiles = [profileOf(temporary(t), packetsOf(turns))];
  const asked = { profiles, server: memcached.server, threads: 1, verify: true };
  for (const protocol of ['text', 'binary', 'meta'] as const) {
    await memcached.talk('flush_all\r\n');
    const summary = await replay({ ...asked, protocol, warm: true });
    t.is(summary.warmed, 1);
    t.is(summary.hit_ratio, summary.recorded_hit_ratio);
    t.is(summary.outcome.same, 8);
    // That of c is not known, because it was appended to.
    t.deepEqual(summary.values, { right: 3, wrong: 0, unknown: 1 });
  }
  await memcached.talk('flush_all\r\n');
  const filled = await replay({ ...asked, miss: 'fill', rate: 10 });
  t.is(filled.outcome.hit_to_miss, 1);
  // a was a hit in the recording, so that its size is known; that of b is not yet.
  t.is(filled.ops.fill?.count, 1);
  t.is(filled.hit_ratio, 3 / 5);
  t.deepEqual(filled.values, { right: 2, wrong: 0, unknown: 1 });
});

live('a request whose keys are in two blocks is sent as one', async (t) => {
  const memcached = await Memcached.start(t);
  const chunks: Buffer[] = [];
  generateCapture({ exchanges: 2000, flows: 50, keys: 500, multiget: 0.5, multigetKeys: 12 }, (chunk) => {
    chunks.push(Buffer.from(chunk));
  });
  const { profile, events } = recordInProcess(Buffer.concat(chunks), { map: { blockEvents: 64 } });
  const path = join(temporary(t), 'small-blocks.mbp');
  writeFileSync(path, profile);
  const summary = await replay({ profiles: [path], server: memcached.server, asap: true, maxErrors: 1 });
  t.is(summary.requests, new Set(events.map(({ request }) => request)).size);
  t.is(summary.commands, events.length);
  t.deepEqual(summary.left_out, {});
});
