/** Each answer against looking at every event, one by one, in order. */
import test from 'ava';
import {
  type Analysis,
  type AnalyzeOptions,
  analyze,
  renderReport,
  SECTIONS,
  type SectionName,
  traceSlowest,
} from 'membench';
import type { Histogram } from '#src/analyze/histogram.js';
import { file, frames, type TestConn, type TestEvent } from '../profile/support.js';
import { seeded } from '../support/random.js';

type Percentiles = ReturnType<Histogram['percentiles']>;

/** 2023-11-14T22:13:20Z, in microseconds. */
const START = 1_700_000_000_000_000n;
const SECOND = 1_000_000;

interface Made {
  events: TestEvent[];
  conns: TestConn[];
  /** Of worker and connection. */
  port(event: TestEvent): number;
}

/** Random events of two workers, some seconds of them, as they would be recorded; keys are few. */
function make(seed: number, requests: number): Made {
  const random = seeded(seed);
  const whole = (below: number) => Math.floor(random() * below);
  const events: TestEvent[] = [];
  const free = new Map<string, bigint>();
  const port = ({ worker, conn }: { worker: number; conn: number }) => 11211 + ((worker + conn) % 3);
  for (let i = 0; i < requests; i++) {
    const worker = whole(2);
    const conn = whole(4);
    // On a connection requests keep their order; they may be under way together.
    const place = `${worker} ${conn}`;
    const at = START + BigInt(whole(25 * SECOND));
    const time =
      free.get(place) === undefined
        ? at
        : max(free.get(place)! + 1n, START + BigInt(((i * 25 * SECOND) / requests) | 0));
    free.set(place, time);
    const shared = { worker, conn, time, ordinal: i, latency: BigInt(whole(3_000_000)) };
    const key = () => {
      const hash = BigInt(1 + Math.floor(60 * random() ** 2));
      return { hash: (hash * 0x0123_4567_89ab_cdefn) & 0xffff_ffff_ffff_ffffn, size: 5 + Number(hash) };
    };
    const kind = random();
    if (kind < 0.5) {
      const width = random() < 0.3 ? 3 : 1;
      for (let index = 0; index < width; index++) {
        const hit = random() < 0.7;
        events.push({
          ...shared,
          op: 'get',
          status: hit ? 'hit' : 'miss',
          key: key(),
          ...(hit && { value_size: whole(2000) }),
          ...(index > 0 && { key_index: index }),
        });
      }
    } else if (kind < 0.8) {
      const ttl = [0n, 3n, 2n, -1n, 1_700_000_005n][whole(5)]!;
      const status = random() < 0.9 ? 'stored' : 'error';
      events.push({
        ...shared,
        op: 'set',
        status,
        key: key(),
        value_size: whole(2000),
        ttl,
        shape_flags: 0n,
      });
    } else if (kind < 0.9) {
      events.push({ ...shared, op: 'delete', status: random() < 0.6 ? 'deleted' : 'not_found', key: key() });
    } else if (kind < 0.95) {
      events.push({
        ...shared,
        op: 'touch',
        status: random() < 0.6 ? 'touched' : 'not_found',
        key: key(),
        ttl: 4n,
      });
    } else events.push({ ...shared, op: 'version', status: 'ok' });
  }
  const conns = [...free.keys()].map((place): TestConn => {
    const [worker, conn] = place.split(' ').map(Number) as [number, number];
    return {
      conn,
      kind: 'open_syn',
      time: START,
      client: BigInt(conn),
      server: BigInt(worker),
      port: port({ worker, conn }),
    };
  });
  return { events, conns, port };
}

const max = (a: bigint, b: bigint) => (a > b ? a : b);

/** The events as a profile of blocks of at most so many rows. */
function profile(t: Parameters<typeof file>[0], { events, conns }: Made, rows: number): string {
  const blocks = [0, 1].flatMap((worker) => {
    const own = events.filter((event) => event.worker === worker);
    const parts = Math.max(1, Math.ceil(own.length / rows));
    return Array.from({ length: parts }, (_, seq) => ({
      worker,
      seq,
      events: own.slice(seq * rows, (seq + 1) * rows),
      // Openings come last: whose a connection is may be known only later.
      options: {
        conns: seq === parts - 1 ? conns.filter(({ server }) => server === BigInt(worker)) : [],
      },
    }));
  });
  return file(t, frames({ blocks }));
}

/** Everything in the order of FORMAT.md. */
function ordered(events: readonly TestEvent[]): TestEvent[] {
  return [...events].sort((a, b) => Number(a.time - b.time) || a.ordinal - b.ordinal);
}

const nsOf = (event: TestEvent) => Number(event.time - START) * 1000;

/** Percentiles of values, where analysis may be a thousandth above. */
function near(
  t: { true(actual: boolean, message?: string): void },
  found: Percentiles,
  values: number[],
  what: string,
  error = 1 / 1024,
): void {
  const sorted = [...values].sort((a, b) => a - b);
  for (const [name, share] of [
    ['p50', 0.5],
    ['p90', 0.9],
    ['p99', 0.99],
    ['p999', 0.999],
    ['max', 1],
  ] as const) {
    const want = sorted[Math.ceil(share * sorted.length - 1e-9) - 1];
    if (want === undefined) t.true(found[name] === null, what);
    else
      t.true(
        found[name]! >= want && found[name]! <= want * (1 + error),
        `${what} ${name}: ${found[name]} for ${want}`,
      );
  }
}

const SEEDS = [1, 2, 3, 4, 5, 6];

/** One profile for each seed, cut into blocks of several sizes. */
async function each(
  t: Parameters<typeof file>[0],
  options: AnalyzeOptions,
  check: (made: Made, found: Analysis) => void,
): Promise<void> {
  for (const seed of SEEDS) {
    const made = make(seed, 400);
    check(made, await analyze([profile(t, made, [7, 50, 1000][seed % 3]!)], options));
  }
  t.pass();
}

const hashOf = (event: TestEvent) => event.key!.hash.toString(16).padStart(16, '0');

test('the busiest keys by every measure, shares, and what came once or in vain', async (t) => {
  await each(t, { top: 5 }, ({ events }, { keys }) => {
    const keyed = events.filter(({ key }) => key);
    const rank = (weigh: (event: TestEvent) => number) => {
      const sums = new Map<string, number>();
      for (const event of keyed) sums.set(hashOf(event), (sums.get(hashOf(event)) ?? 0) + weigh(event));
      return [...sums]
        .filter(([, sum]) => sum > 0)
        .sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
    };
    const listed = (ranked: [string, number][]) => ranked.slice(0, 5).map(([key, count]) => ({ key, count }));
    const counts = rank(() => 1);
    t.deepEqual(keys.top, listed(counts));
    t.deepEqual(keys.by_bytes, listed(rank((e) => e.key!.size + (e.value_size ?? 0))));
    t.deepEqual(keys.by_misses, listed(rank((e) => Number(e.op === 'get' && e.status === 'miss'))));
    t.deepEqual(keys.by_writes, listed(rank((e) => Number(e.op === 'set'))));
    const share = (n: number) => counts.slice(0, n).reduce((sum, [, count]) => sum + count, 0) / keyed.length;
    t.deepEqual(keys.shares, {
      top1: share(1),
      top10: share(10),
      top100: share(100),
      top1pct: share(Math.ceil(counts.length / 100)),
    });
    t.is(keys.one_hit, counts.filter(([, count]) => count === 1).length);
    t.deepEqual(
      keys.ranks,
      [1, 2, 5, 10, 20, 50].filter((at) => at <= counts.length).map((at) => [at, counts[at - 1]![1]]),
    );
    const reads = new Map(rank((e) => Number(e.op === 'get')));
    const unread = rank((e) => Number(e.op === 'set')).filter(([key]) => !reads.has(key));
    t.deepEqual(keys.never_read, { keys: unread.length, writes: unread.reduce((sum, [, n]) => sum + n, 0) });
  });
});

test('intervals add up what lies in them, and requests are not keys', async (t) => {
  await each(t, { interval: 0.5 }, ({ events }, { series, bursts, first_ts_ns }) => {
    const first = Number(first_ts_ns!) === 0 ? 0n : BigInt(first_ts_ns!) / 1000n;
    const at = (event: TestEvent, length: number) => Math.floor(Number(event.time - first) / length);
    const count = (own: TestEvent[]) => {
      const having = (test: (e: TestEvent) => boolean) => own.filter(test).length;
      const sum = (weigh: (e: TestEvent) => number) => own.reduce((all, e) => all + weigh(e), 0);
      return {
        requests: having((e) => !e.key_index),
        events: own.length,
        hits: having((e) => e.op === 'get' && e.status === 'hit'),
        misses: having((e) => e.op === 'get' && e.status === 'miss'),
        errors: having((e) => e.status === 'error'),
        bytes_in: sum((e) => (e.key?.size ?? 0) + (e.op === 'set' ? e.value_size! : 0)),
        bytes_out: sum((e) => (e.op === 'get' ? (e.value_size ?? 0) : 0)),
      };
    };
    const last = Math.max(...events.map((event) => at(event, SECOND / 2)));
    t.is(series.length, last + 1);
    for (const [i, { ts_ns, latency_ns, ops, ...counts }] of series.entries()) {
      const own = events.filter((event) => at(event, SECOND / 2) === i);
      t.is(ts_ns, ((first + BigInt(i * (SECOND / 2))) * 1000n).toString());
      t.deepEqual(counts, count(own));
      const names = [...new Set(own.map(({ op }) => op))].sort();
      t.deepEqual(ops, Object.fromEntries(names.map((op) => [op, count(own.filter((e) => e.op === op))])));
      near(
        t,
        latency_ns,
        own.map((e) => Number(e.latency) * 1000),
        'latency',
        1 / 16,
      );
    }
    const perSecond = new Map<number, number>();
    for (const event of events) {
      if (!event.key_index) perSecond.set(at(event, SECOND), (perSecond.get(at(event, SECOND)) ?? 0) + 1);
    }
    t.is(bursts.busiest!.requests, Math.max(...perSecond.values()));
  });
});

test('sizes of values and items, and the chunks they take', async (t) => {
  await each(t, {}, ({ events }, { sizes }) => {
    near(
      t,
      sizes.stored,
      events.filter((e) => e.op === 'set').map((e) => e.value_size!),
      'stored',
    );
    near(
      t,
      sizes.fetched,
      events.filter((e) => e.op === 'get' && e.status === 'hit').map((e) => e.value_size!),
      'fetched',
    );
    // Blocks are counted one by one, so a worker's last word on a key stands: here one worker has all of a key's events.
    t.is(
      sizes.items.count + sizes.items.unknown,
      new Set(events.flatMap((e) => (e.key ? [e.key.hash] : []))).size,
    );
    t.is(
      sizes.slabs.reduce((sum, { bytes }) => sum + bytes, 0),
      sizes.items.bytes,
    );
    for (const { chunk, items, bytes, chunk_bytes } of sizes.slabs) {
      t.is(chunk_bytes, items * chunk);
      t.true(bytes <= chunk_bytes);
    }
  });
});

test('an item takes what memcached takes for it', async (t) => {
  // 48 header, 8 cas, key and its end, value and CRLF; flags that are not 0 take 4 more.
  const event = (hash: bigint, size: number, value_size: number, flags: bigint): TestEvent => ({
    worker: 0,
    conn: 0,
    time: START,
    ordinal: Number(hash),
    op: 'set',
    status: 'stored',
    key: { hash, size },
    value_size,
    shape_flags: flags,
  });
  const events = [
    event(1n, 10, 27, 0n),
    event(2n, 10, 28, 0n),
    event(3n, 10, 23, 7n),
    event(4n, 10, 600_000, 0n),
  ];
  const { sizes } = await analyze([file(t, frames({ blocks: [{ worker: 0, seq: 0, events }] }))]);
  t.deepEqual(sizes.slabs, [
    { chunk: 96, items: 2, bytes: 96 + 96, chunk_bytes: 192 },
    { chunk: 120, items: 1, bytes: 97, chunk_bytes: 120 },
    { chunk: 524_288, items: 1, bytes: 600_069, chunk_bytes: 2 * 524_288 },
  ]);
});

test('times to live as asked for, and what became of items', async (t) => {
  await each(t, {}, ({ events }, { ttl, lifetimes }) => {
    const asked = events.filter((e) => e.ttl !== undefined);
    const absolute = (e: TestEvent) => Math.max(0, Math.round((1_700_000_005e6 - Number(e.time)) / 1e6));
    const seconds = asked
      .filter((e) => e.ttl! > 0n)
      .map((e) => (e.ttl! > 2_592_000n ? absolute(e) : Number(e.ttl)));
    near(
      t,
      ttl,
      seconds.filter((s) => s > 0),
      'ttl',
    );
    t.is(ttl.none, asked.filter((e) => e.ttl === 0n).length);
    t.is(ttl.past, asked.filter((e) => e.ttl! < 0n).length + seconds.filter((s) => s === 0).length);
    // One item after the other, by hand.
    const items = new Map<bigint, { since: number; expiry: number; read: boolean }>();
    const want = { stored: 0, ended: 0, expired: 0, overwritten: 0, deleted: 0 };
    const ages: number[] = [];
    const expiry = (ttl: bigint, now: number) =>
      ttl === 0n
        ? Infinity
        : ttl < 0n
          ? now
          : ttl > 2_592_000n
            ? Number(ttl) * 1e9 - Number(START) * 1000
            : now + Number(ttl) * 1e9;
    const expire = (hash: bigint, now: number) => {
      const item = items.get(hash);
      if (item === undefined || item.expiry > now) return;
      want.ended++;
      if (!item.read) want.expired++;
      items.delete(hash);
    };
    for (const event of ordered(events)) {
      if (!event.key) continue;
      const { hash } = event.key;
      const now = nsOf(event);
      expire(hash, now);
      const item = items.get(hash);
      if (event.op === 'set' && event.status === 'stored') {
        want.stored++;
        if (item) want.ended++;
        if (item && !item.read) want.overwritten++;
        items.set(hash, { since: now, expiry: expiry(event.ttl!, now), read: false });
      } else if (item === undefined) continue;
      else if (event.op === 'get' && event.status === 'hit') {
        ages.push(Math.floor((now - item.since) / 1e6));
        item.read = true;
      } else if (event.op === 'get') items.delete(hash);
      else if (event.op === 'delete' && event.status === 'deleted') {
        want.ended++;
        if (!item.read) want.deleted++;
        items.delete(hash);
      } else if (event.op === 'touch' && event.status === 'touched') item.expiry = expiry(event.ttl!, now);
    }
    const end = Math.max(...events.map(nsOf));
    for (const hash of [...items.keys()]) expire(hash, end);
    t.like(lifetimes, {
      stored: want.stored,
      ended: want.ended,
      expired_unread: want.expired,
      overwritten_unread: want.overwritten,
      deleted_unread: want.deleted,
      sampled: 1,
    });
    near(t, lifetimes.age_at_hit_ms, ages, 'age');
  });
});

test('the working set is what whole windows touch', async (t) => {
  await each(t, {}, ({ events }, { working_set }) => {
    const inOrder = ordered(events).filter(({ key }) => key);
    const first = Math.min(...events.map(nsOf));
    const end = Math.max(...events.map(nsOf)) - first;
    t.deepEqual(
      working_set.map(({ seconds }) => seconds),
      [...[1, 10].filter((s) => s < end / 1e9), Math.ceil(end / 1e9)],
    );
    for (const [i, { seconds, keys, bytes, keys_max, bytes_max }] of working_set.entries()) {
      const isLast = i === working_set.length - 1;
      const windows = new Map<number, Map<bigint, number>>();
      const known = new Map<bigint, number>();
      for (const event of inOrder) {
        const size =
          event.op === 'set' || (event.op === 'get' && event.status === 'hit')
            ? 59 + event.key!.size + event.value_size!
            : undefined;
        if (size !== undefined) known.set(event.key!.hash, size);
        const at = isLast ? 0 : Math.floor((nsOf(event) - first) / (seconds * 1e9));
        if (!windows.has(at)) windows.set(at, new Map());
        windows.get(at)!.set(event.key!.hash, known.get(event.key!.hash) ?? 0);
      }
      const whole = isLast ? 1 : Math.floor(end / (seconds * 1e9));
      const counted = [...windows].filter(([at]) => at < whole).map(([, touched]) => touched);
      const byteSums = counted.map((touched) => [...touched.values()].reduce((sum, size) => sum + size, 0));
      t.is(keys, Math.round(counted.reduce((sum, { size }) => sum + size, 0) / whole), `${seconds} s`);
      t.is(keys_max, Math.max(0, ...counted.map(({ size }) => size)));
      t.is(bytes, Math.round(byteSums.reduce((sum, n) => sum + n, 0) / whole));
      t.is(bytes_max, Math.max(0, ...byteSums));
    }
  });
});

test('connections: requests, gaps, requests under way, widths', async (t) => {
  await each(t, {}, ({ events }, { connection_use: use, connections }) => {
    const own = new Map<string, TestEvent[]>();
    for (const event of events) {
      if (event.key_index) continue;
      const name = `${event.worker} ${event.conn}`;
      own.set(name, [...(own.get(name) ?? []), event]);
    }
    t.is(connections, own.size);
    near(
      t,
      use.requests,
      [...own.values()].map((requests) => requests.length),
      'requests',
    );
    const gaps: number[] = [];
    const depths: number[] = [];
    for (const requests of own.values()) {
      for (const [i, request] of requests.entries()) {
        if (i > 0) gaps.push(nsOf(request) - nsOf(requests[i - 1]!));
        const before = requests
          .slice(0, i)
          .filter((one) => nsOf(one) + Number(one.latency) * 1000 > nsOf(request));
        depths.push(before.length + 1);
      }
    }
    near(t, use.interarrival_ns, gaps, 'gaps');
    near(t, use.pipelining, depths, 'under way');
    const gets = events.filter(({ op, key_index }) => op === 'get' && !key_index);
    const width = (request: TestEvent) =>
      events.filter((e) => e.op === 'get' && e.ordinal === request.ordinal).length;
    near(t, use.keys_per_request, gets.map(width), 'widths');
  });
});

test('a workload is split by server and port, wherever the connection was opened', async (t) => {
  for (const by of ['port', 'server'] as const) {
    await each(t, { by }, ({ events, port }, { groups, requests }) => {
      const nameOf = (event: TestEvent) =>
        by === 'port' ? `${port(event)}` : event.worker.toString().padStart(16, '0');
      const names = [...new Set(events.map(nameOf))];
      const want = names.map((name) => {
        const own = events.filter((event) => nameOf(event) === name);
        const firsts = own.filter(({ key_index }) => !key_index);
        return {
          name,
          connections: new Set(own.map(({ worker, conn }) => `${worker} ${conn}`)).size,
          requests: firsts.length,
          events: own.length,
          hits: own.filter((e) => e.op === 'get' && e.status === 'hit').length,
          latency_mean_ns: firsts.reduce((sum, e) => sum + Number(e.latency) * 1000, 0) / firsts.length,
        };
      });
      t.is(
        groups!.reduce((sum, group) => sum + group.requests, 0),
        requests,
      );
      for (const group of want)
        t.like(
          groups!.find(({ name }) => name === group.name),
          group,
        );
    });
  }
});

test('only what was asked for is counted', async (t) => {
  const made = make(9, 500);
  const path = profile(t, made, 60);
  const first = made.events.reduce((least, { time }) => (time < least ? time : least), made.events[0]!.time);
  const inside = (e: TestEvent) => e.time >= first + 5_000_000n && e.time < first + 12_000_000n;
  const found = await analyze([path], { from: 5, to: 12, ops: ['get', 'set'] });
  const own = made.events.filter((e) => inside(e) && (e.op === 'get' || e.op === 'set'));
  t.is(found.events, own.length);
  t.is(found.requests, own.filter((e) => !e.key_index).length);
  t.is(found.keys.distinct, new Set(own.map((e) => e.key!.hash)).size);
  t.deepEqual(Object.keys(found.ops).sort(), ['get', 'set']);
  t.is(found.connections, new Set(own.map(({ worker, conn }) => `${worker} ${conn}`)).size);
  t.is(found.first_ts_ns, (own.map(({ time }) => time).sort((a, b) => Number(a - b))[0]! * 1000n).toString());
  const from = new Date(Number((first + 5_000_000n) / 1000n));
  const byDate = await analyze([path], { from });
  const ms = ((first + 5_000_000n) / 1000n) * 1000n;
  t.is(byDate.events, made.events.filter((e) => e.time >= ms).length);
  t.is((await analyze([path], { from: 1000 })).events, 0);
});

test('options that cannot be met are refused', async (t) => {
  const path = profile(t, make(1, 20), 60);
  for (const options of [
    { top: 0 },
    { top: 1.5 },
    { interval: 1e-6 },
    { interval: -1 },
    { from: 5, to: 5 },
    { from: 'soon' },
    { tops: 1 },
  ]) {
    await t.throwsAsync(
      analyze([path], options as AnalyzeOptions),
      { code: 'ERR_MEMBENCH_USAGE' },
      JSON.stringify(options),
    );
  }
  await t.throwsAsync(analyze([path], { signal: AbortSignal.abort() }), { code: 'ERR_MEMBENCH_ABORTED' });
});

test('progress is told, and what is missing says what it means', async (t) => {
  const counts = {
    lost_worker_failed: 5,
    gaps: 6,
    payload_seen: 100,
    payload_unsynced_mid_stream: 10,
    payload_missing: 9,
  };
  const blocks = [{ worker: 0, seq: 0, events: make(1, 20).events.filter(({ worker }) => worker === 0) }];
  const { caveats } = await analyze([file(t, frames({ blocks, footer: { counts }, header: { sample: 4 } }))]);
  const text = caveats.map(({ what }) => what).join('\n');
  for (const part of ['5 packets were lost', 'one of 4 connections', '10 B of payload', '9 B of payload'])
    t.true(text.includes(part), text);
});

test('latency by what may explain it, and the slowest requests', async (t) => {
  await each(t, { slowest: 7 }, ({ events }, { latency }) => {
    const requests = events.filter(({ key_index }) => !key_index);
    const ns = (event: TestEvent) => Number(event.latency) * 1000;
    const inFlight = (event: TestEvent) =>
      1 +
      requests.filter((one) => {
        const start = nsOf(one);
        return one !== event && start <= nsOf(event) && start + ns(one) > nsOf(event);
      }).length;
    const { by_outcome, by_in_flight, by_value_size, worst } = latency!;
    for (const { op, status, count, latency_ns } of by_outcome) {
      const own = requests.filter((one) => one.op === op && one.status === status);
      t.is(count, own.length);
      near(t, latency_ns, own.map(ns), `${op} ${status}`);
    }
    t.is(
      by_in_flight.reduce((sum, { count }) => sum + count, 0),
      requests.length,
    );
    for (const { from, to, count, latency_ns } of by_in_flight) {
      const own = requests.filter((one) => inFlight(one) >= from && inFlight(one) <= to);
      t.is(count, own.length, `${from} to ${to}`);
      near(t, latency_ns, own.map(ns), `${from} to ${to}`, 1 / 64);
    }
    for (const { below, count } of by_value_size) {
      const least = below <= 16 ? 0 : below / 4;
      const own = requests.filter(
        ({ value_size: size }) => size !== undefined && size >= least && size < below,
      );
      t.is(count, own.length, `${below}`);
    }
    const slowest = [...requests].sort((a, b) => ns(b) - ns(a)).slice(0, 7);
    t.deepEqual(
      worst.map(({ latency_ns }) => latency_ns),
      slowest.map(ns),
    );
    const first = slowest[0]!;
    const before = requests.filter(
      (one) => one.worker === first.worker && one.conn === first.conn && nsOf(one) < nsOf(first),
    );
    t.like(worst[0], {
      ts_ns: (first.time * 1000n).toString(),
      op: first.op,
      status: first.status,
      in_flight: inFlight(first),
      gap_ns: before.length === 0 ? null : nsOf(first) - Math.max(...before.map(nsOf)),
    });
  });
});

test('a trace has the slowest requests and what was under way with them', async (t) => {
  const made = make(3, 150);
  const path = profile(t, made, 50);
  const { traceEvents } = await traceSlowest([path], await analyze([path], { slowest: 3 }));
  const requests = made.events.filter(({ key_index }) => !key_index);
  const slow = [...requests].sort((a, b) => Number(b.latency! - a.latency!)).slice(0, 3);
  const overlaps = (a: TestEvent, b: TestEvent) =>
    a.time <= b.time + b.latency! && b.time <= a.time + a.latency!;
  const neighbours = requests.filter(
    (one) => !slow.includes(one) && slow.some((other) => overlaps(one, other)),
  );
  const lengths = (cat: string) =>
    traceEvents
      .filter((event) => event.cat === cat)
      .map(({ dur }) => dur)
      .sort((a, b) => a - b);
  const wanted = (list: TestEvent[]) => list.map(({ latency }) => Number(latency)).sort((a, b) => a - b);
  t.deepEqual(lengths('slow'), wanted(slow));
  t.deepEqual(lengths('neighbour'), wanted(neighbours));
  t.true(traceEvents.every(({ ts, pid, ph }) => ts >= 0 && pid === 1 && ph === 'X'));
});

test('a section is the same whether the others are worked out or not', async (t) => {
  const path = profile(t, make(4, 300), 40);
  const all = await analyze([path]);
  const lines = (analysis: Analysis, section: SectionName) => renderReport(analysis, { show: [section] });
  for (const section of SECTIONS) {
    const some = await analyze([path], { sections: [section] });
    t.deepEqual(lines(some, section), lines(all, section), section);
  }
});
