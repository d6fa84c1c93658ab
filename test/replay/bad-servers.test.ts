/** Servers that are not there, end, say nonsense or nothing: each has its message and exit code, and nothing hangs. */
import { once } from 'node:events';
import { statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { ReplaySummary } from 'membench';
import { replay } from '#src/replay/replay.js';
import { membench, startMembench, temporary } from '../support/cli.js';
import { client, server as fromServer, interleave, packetsOf, type Turn } from '../support/conversation.js';
import { fakeServer, freePort, hasMemcached, Memcached, profileOf } from './server.js';

// One after the other: a server in this process that answers late would be another kind of bad server.
const serial = test.serial;
const live = hasMemcached ? serial : serial.skip;

/** So many requests on each of some connections. */
function load(folder: string, requests: number, connections = 2, size = 100): string {
  const turns = (number: number) =>
    Array.from({ length: requests }, (_, i): Turn[] => {
      const key = `key-${number}-${String(i).padStart(10, '0')}`;
      return i % 2 === 0
        ? [client(`set ${key} 0 0 ${size}\r\n${'v'.repeat(size)}\r\n`), fromServer('STORED\r\n')]
        : [client(`get ${key}\r\n`), fromServer('END\r\n')];
    }).flat();
  const packets = Array.from({ length: connections }, (_, i) =>
    packetsOf(turns(i), { clientPort: 40_000 + i }),
  );
  return profileOf(folder, interleave(...packets));
}

/** Answers text requests as an empty memcached would. */
function answerTo(data: string): string {
  return data
    .split('\r\n')
    .map((line) => (line.startsWith('set') ? 'STORED\r\n' : line.startsWith('get') ? 'END\r\n' : ''))
    .join('');
}

interface Ended {
  code: number | null;
  said: string;
  summary: ReplaySummary;
}

/** Runs the command line while servers of the test answer. */
async function run(args: readonly string[]): Promise<Ended> {
  const child = startMembench(['replay', '--json', '--no-progress', ...args]);
  let [said, printed] = ['', ''];
  child.stderr!.on('data', (data) => {
    said += data;
  });
  child.stdout!.on('data', (data) => {
    printed += data;
  });
  const [code] = await once(child, 'close');
  return {
    code,
    said,
    summary: printed === '' ? (undefined as unknown as ReplaySummary) : JSON.parse(printed),
  };
}

function stopped(t: ExecutionContext, { code, said, summary }: Ended, why: RegExp, reason: string): void {
  t.is(code, 1, said);
  const last = said.trimEnd().split('\n').at(-1)!;
  t.regex(last, why);
  t.regex(last, /^membench: .*\[ERR_MEMBENCH_SERVER\]$/);
  t.is(summary.ended, 'errors');
  t.true((summary.errors[reason] ?? 0) > 0, JSON.stringify(summary.errors));
}

serial('no server at all', async (t) => {
  const profile = load(temporary(t), 2);
  const { code, stderr } = membench(['replay', profile, '-s', `127.0.0.1:${await freePort()}`]);
  t.is(code, 1);
  t.regex(
    stderr,
    /^membench: 127\.0\.0\.1:\d+: nothing listens there \(connection refused\) \[ERR_MEMBENCH_SERVER\]\n$/,
  );
});

serial('no server is named, or none that can be', (t) => {
  const profile = load(temporary(t), 2);
  const { code, stderr } = membench(['replay', profile]);
  t.is(code, 2);
  t.regex(stderr, /required option '-s, --server/);
  t.is(membench(['replay', profile, '-s', 'host:99999']).code, 2);
  t.is(membench(['replay', profile, '-s', 'a:1', '-s', 'b:1', '-s', 'c:1']).code, 2);
  t.is(membench(['replay', profile, '-s', 'a:1', '--speed', '2', '--asap']).code, 2);
});

live('a server that dies on the way', async (t) => {
  const memcached = await Memcached.start(t);
  const profile = load(temporary(t), 1500);
  const ending = run([profile, '-s', memcached.server, '--rate', '1000']);
  while ((await memcached.stats()).cmd_set! < 100) await new Promise((resolve) => setTimeout(resolve, 20));
  await memcached.kill();
  const ended = await ending;
  stopped(t, ended, /the server does not take connections any more/, 'unconnected');
  t.true(ended.summary.ops.set!.latency_ns.p50! > 0);
});

serial('a server that answers nonsense', async (t) => {
  const { server } = await fakeServer(t, (_, socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const ended = await run([load(temporary(t), 800), '-s', server, '--rate', '500']);
  stopped(t, ended, /what the server answers is not memcached/, 'not_understood');
});

serial('a server that never answers', async (t) => {
  const { server } = await fakeServer(t, () => {});
  const ended = await run([load(temporary(t), 1000), '-s', server, '--rate', '500', '--timeout', '500ms']);
  stopped(t, ended, /the server does not answer within 0.5 s/, 'timeout');
});

serial('a server that accepts and closes', async (t) => {
  const { server } = await fakeServer(t, (_, socket) => socket.destroy());
  const ended = await run([load(temporary(t), 800), '-s', server, '--rate', '500']);
  t.is(ended.code, 1);
  t.regex(ended.said, /closes connections with requests unanswered|does not take connections/);
  t.true(ended.summary.errors.closed! > 0);
});

serial('with --asap, too, nothing hangs on a server that closes or never answers', async (t) => {
  const profile = load(temporary(t), 400);
  const closing = await fakeServer(t, (_, socket) => socket.destroy());
  const silent = await fakeServer(t, () => {});
  for (const { server } of [closing, silent]) {
    const summary = await replay({ profiles: [profile], server, asap: true, timeout: 0.3, threads: 1 });
    t.true(Object.values(summary.errors).some((count) => count! > 0));
    t.is(summary.hit_ratio, null);
  }
});

serial('a server that does not answer the question before is told from one that holds nothing', async (t) => {
  const { server, received } = await fakeServer(t, (data, socket) => socket.write(answerTo(data)), {
    stats: 'silent',
  });
  const summary = await replay({ profiles: [load(temporary(t), 10)], server, timeout: 1, threads: 1 });
  t.is(summary.requests, 20);
  t.is(received.length, 2);
});

serial('a slow server: latencies say so, from when requests were due', async (t) => {
  const { server } = await fakeServer(t, (data, socket) => {
    setTimeout(() => socket.write(answerTo(data)), 200);
  });
  const summary = await replay({ profiles: [load(temporary(t), 50)], server, rate: 1000, threads: 1 });
  t.deepEqual(summary.errors, {});
  t.true(summary.total.latency_ns.p50! > 150e6);
  t.is(summary.outcome.same, 100);
});

live('a server without memory for values', async (t) => {
  const memcached = await Memcached.start(t, '-m', '4', '-M');
  const ended = await run([load(temporary(t), 80, 2, 100_000), '-s', memcached.server, '--rate', '60']);
  stopped(t, ended, /the server is out of memory/, 'out_of_memory');
});

serial('one error more or less does not stop it, and what may fail can be said', async (t) => {
  const { server } = await fakeServer(t, (data, socket) => {
    socket.write(answerTo(data).replaceAll('END', 'SERVER_ERROR no'));
  });
  const ended = await run([
    load(temporary(t), 1500, 1),
    '-s',
    server,
    '--rate',
    '1000',
    '--max-errors',
    '100',
  ]);
  t.is(ended.code, 0, ended.said);
  t.deepEqual(ended.summary.errors, { server_error: 750 });
  t.regex(ended.said, /warning: failed: server error 750/);
});

serial('more connections than file descriptors', async (t) => {
  const { server } = await fakeServer(t, (data, socket) => socket.write(answerTo(data)));
  const profile = load(temporary(t), 4);
  const args = ['replay', '--json', '--no-progress', profile, '-s', server, '-c', '300'];
  const child = startMembench(args, ['prlimit', '--nofile=100:100']);
  let said = '';
  child.stderr!.on('data', (data) => {
    said += data;
  });
  const [code] = await once(child, 'close');
  t.is(code, 1, said);
  t.regex(said, /more connections than file descriptors \(raise ulimit -n, or fold the connections: -c N\)/);
});

serial('a profile that is cut, and what is none', async (t) => {
  const folder = temporary(t);
  const { server } = await fakeServer(t, (data, socket) => socket.write(answerTo(data)));
  const profile = load(folder, 1500);
  truncateSync(profile, Math.floor(statSync(profile).size * 0.7));
  const ended = await run([profile, '-s', server, '--asap']);
  t.is(ended.code, 0, ended.said);
  t.false(ended.summary.complete);
  t.true(ended.summary.requests > 0 && ended.summary.requests < 3000);
  t.regex(ended.said, /blocks of the profiles are missing or damaged: the rest was sent/);
  const foreign = join(folder, 'foreign');
  writeFileSync(foreign, 'something else');
  const { code, stderr } = membench(['replay', foreign, '-s', server]);
  t.is(code, 1);
  t.regex(stderr, /it does not start like a profile .*\[ERR_MEMBENCH_NOT_A_PROFILE\]/);
});

serial('what holds items is not written to without being told so', async (t) => {
  const { checkTarget } = await import('#src/replay/safety.js');
  const warnings: string[] = [];
  const check = (isLoopback: boolean, items: number | null, yes: boolean) =>
    checkTarget(
      's',
      { address: { host: 's', port: 1 }, isLoopback, items, version: null },
      yes,
      (warning) => {
        warnings.push(warning);
      },
    );
  check(false, 0, false);
  check(true, 0, false);
  t.deepEqual(warnings, []);
  check(true, 5, false);
  check(false, 5, true);
  t.is(warnings.length, 2);
  for (const items of [5, null])
    t.throws(() => check(false, items, false), {
      code: 'ERR_MEMBENCH_SERVER',
      message: /a replay writes to it/,
    });
});

serial('an interrupt ends it with the summary so far', async (t) => {
  const { server, received } = await fakeServer(t, (data, socket) => socket.write(answerTo(data)));
  const child = startMembench(['replay', load(temporary(t), 1000), '-s', server, '--rate', '200']);
  let [said, printed] = ['', ''];
  child.stderr!.on('data', (data) => {
    said += data;
  });
  child.stdout!.on('data', (data) => {
    printed += data;
  });
  while (received.join('').length < 500) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  t.is(code, 0, said);
  t.regex(printed, /^ +ops\/s +hits\/s +misses\/s +avg +p50 +p90 +p99 +p99\.9 +KB\/s\n/);
  t.regex(said, /requests in .* over 2 connections\n/);
});
