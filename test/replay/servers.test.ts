/** Two real servers compared, and one at several speeds. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import test from 'ava';
import { compareServers } from '#src/replay/duel.js';
import { sweep } from '#src/replay/sweep.js';
import { temporary } from '../support/cli.js';
import { load } from './load.js';
import { hasMemcached, Memcached, profileOf } from './server.js';

const live = hasMemcached ? test.serial : test.serial.skip;

const CONNECTIONS = 4;
const REQUESTS = CONNECTIONS * 250;
const small = load({ connections: CONNECTIONS, requests: 250, keys: 50, gap: 1000 });

live('one server under two names does not differ from itself', async (t) => {
  const { server } = await Memcached.start(t);
  const profiles = [profileOf(temporary(t), small)];
  const compare = (seed: number) => compareServers({ profiles, servers: [server, server], seed, asap: true });
  let found = await compare(11);
  t.true(found.changes.length > 4, found.too_little ?? '');
  // One of a hundred comparisons may find a difference by chance; of ten thousand, one finds it twice.
  if (found.verdict !== 'no_difference') found = await compare(12);
  t.is(found.verdict, 'no_difference', JSON.stringify(found.changes));
  t.is(found.ended, 'end of profile');
});

live('a server with too little memory has the lower hit ratio, and both got the same', async (t) => {
  const a = await Memcached.start(t);
  const b = await Memcached.start(t, '-m', '2');
  const packets = load({ requests: 400, keys: 100, size: 12_000, gap: 1000 });
  const profiles = [profileOf(temporary(t), packets)];
  const before = [await a.stats(), await b.stats()];
  const found = await compareServers({ profiles, servers: [a.server, b.server], seed: 3, speed: 4 });
  const after = [await a.stats(), await b.stats()];
  for (const name of ['cmd_get', 'cmd_set']) {
    const [one, other] = [0, 1].map((side) => after[side]![name]! - before[side]![name]!);
    t.is(one, other, name);
    t.true(one! > 0);
  }
  t.is(found.a.summary.requests, 1600);
  const ratio = found.changes.find(({ name }) => name === 'hit ratio')!;
  t.true(ratio.beyond_noise && ratio.worse!, JSON.stringify(ratio));
  t.true(ratio.low <= ratio.change && ratio.change <= ratio.high && ratio.high < 0);
  t.true(found.verdict === 'worse' || found.verdict === 'mixed', found.verdict);
  // By the servers' own counters, too; they count the warm-up.
  const hits = after.map((stats) => stats.get_hits! / stats.cmd_get!);
  t.is(hits[0], 1);
  t.true(hits[1]! < 0.9 && Math.abs(hits[1]! - found.b.summary.hit_ratio!) < 0.001);
});

/** A way to a server that takes longer by so many milliseconds. */
async function slowWay(
  t: { teardown(fn: () => void): void },
  server: string,
  delay: number,
): Promise<string> {
  const [host, port] = server.split(':');
  const sockets = new Set<Socket>();
  const proxy = createServer((from) => {
    const to = connect(Number(port), host);
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        from.destroy();
        to.destroy();
      });
    }
    from.on('data', (data) => setTimeout(() => to.write(data), delay));
    to.on('data', (data) => from.write(data));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return `127.0.0.1:${(proxy.address() as { port: number }).port}`;
}

live('a slow way to a server is told as latency, and not as hit ratio', async (t) => {
  const a = await Memcached.start(t);
  const b = await Memcached.start(t);
  const profiles = [profileOf(temporary(t), small)];
  const servers = [a.server, await slowWay(t, b.server, 10)] as const;
  const found = await compareServers({ profiles, servers, seed: 5, asap: true });
  const p50 = found.changes.find(({ name }) => name === 'get: latency p50')!;
  t.true(p50.beyond_noise && p50.worse!, JSON.stringify(p50));
  // Timers are never early, but for the fraction of a millisecond that they drop.
  t.true(p50.b >= 9e6);
  t.false(found.changes.find(({ name }) => name === 'hit ratio')!.beyond_noise);
  t.is(found.verdict, 'worse', JSON.stringify(found.changes));
});

live('a comparison that is stopped, or whose server dies, tells what was found until then', async (t) => {
  const a = await Memcached.start(t);
  const b = await Memcached.start(t);
  const profiles = [profileOf(temporary(t), small)];
  const servers = [a.server, b.server] as const;
  const abort = new AbortController();
  const asked = { profiles, servers, seed: 7, speed: 4, timeout: 0.5 };
  const stopped = await compareServers({
    ...asked,
    signal: abort.signal,
    onStage: (stage) => stage.startsWith('pair 6,') && abort.abort(),
  });
  t.is(stopped.ended, 'stopped');
  t.is(stopped.verdict, 'none');
  t.true(stopped.a.summary.requests > 0 && stopped.a.summary.requests < REQUESTS);
  t.regex(stopped.too_little!, /^5 pairs of slices/);
  const dead = await compareServers({
    ...asked,
    onStage: (stage) => stage.startsWith('pair 3,') && b.kill(),
    loop: 200,
    duration: 60,
  });
  t.is(dead.ended, 'errors');
  t.is(dead.b.summary.ended, 'errors');
});

live('a sweep sends each speed once a round, and tells the rates', async (t) => {
  const memcached = await Memcached.start(t);
  const profiles = [profileOf(temporary(t), small)];
  const stages: string[] = [];
  const before = await memcached.stats();
  const found = await sweep({
    ...{
      profiles,
      server: memcached.server,
      from: 0.5,
      to: 1.5,
      step: 0.5,
      repeats: 3,
      duration: 3,
      seed: 1,
    },
    onStage: (stage) => stages.push(stage),
  });
  const after = await memcached.stats();
  t.is(found.ended, 'duration');
  t.deepEqual(
    found.sweep.map(({ speed, slices }) => [speed, slices]),
    [0.5, 1, 1.5].map((speed) => [speed, 3]),
  );
  const grown = (name: string) => after[name]! - before[name]!;
  t.is(grown('cmd_get') + grown('cmd_set'), found.summary.requests);
  const measured = stages
    .filter((stage) => stage.startsWith('slice'))
    .map((stage) => stage.split(' speed ')[1]);
  for (let round = 0; round < 3; round++)
    t.deepEqual(measured.slice(3 * round, 3 * round + 3).sort(), ['0.5', '1', '1.5']);
  t.is(stages.length - measured.length, found.warm_up!.slices);
  // The recording has 4,000 requests a second, and every slice the same stretch of it.
  for (const { speed, offered, rate, latency_ns } of found.sweep) {
    t.true(Math.abs(offered / (4000 * speed) - 1) < 0.1, `${speed}: ${offered}`);
    t.true(rate.value > 0 && rate.low! <= rate.value && rate.high! >= rate.value);
    t.true(latency_ns.p50!.low! > 0 && latency_ns.p50!.low! <= latency_ns.p50!.high!);
  }
});
