import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { analyze } from 'membench';
import * as arbitraries from '../profile/arbitraries.js';
import { type BlockSpec, file, frames, type TestEvent } from '../profile/support.js';

/** Bytes that are no frame. */
const RUBBISH = Buffer.alloc(50, 0x93);

/** Percentiles as analysis tells them, of values nothing was lost of: those below 2048 are exact. */
function percentiles(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil((sorted.length * share) / 1000) - 1] ?? null;
  return { p50: at(500), p90: at(900), p99: at(990), p999: at(999), max: sorted.at(-1) ?? null };
}

const RETRIEVALS = ['get', 'gets', 'gat', 'gats', 'mg'];

/** The analysis of events by looking at each. */
function expected(events: readonly TestEvent[]) {
  const times = events.map(({ time }) => time * 1000n).sort((a, b) => (a < b ? -1 : 1));
  const tally = (op: string) => {
    const own = events.filter((event) => event.op === op);
    const having = (...statuses: string[]) => own.filter(({ status }) => statuses.includes(status)).length;
    return {
      count: own.length,
      hits: having('hit', 'deleted', 'touched', 'value', ...(op === 'ma' ? ['ok'] : [])),
      misses: having('miss', 'not_found'),
      errors: having('error'),
      unanswered: having('unanswered'),
      latency_ns: percentiles(
        own.filter((e) => e.latency !== undefined).map((e) => Number(e.latency) * 1000),
      ),
      value_size: percentiles(own.filter((e) => e.value_size !== undefined).map((e) => e.value_size!)),
    };
  };
  const names = [...new Set(events.map(({ op }) => op))].map((op) => [op, tally(op)] as const);
  const ops = names.sort(([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1));
  const answered = ops.filter(([op]) => RETRIEVALS.includes(op)).map(([, found]) => found);
  const hits = answered.reduce((sum, op) => sum + op.hits, 0);
  const all = answered.reduce((sum, op) => sum + op.hits + op.misses, 0);
  const keys = new Map<bigint, number>();
  for (const { key } of events) if (key) keys.set(key.hash, (keys.get(key.hash) ?? 0) + 1);
  const byCount = [...keys].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
  return {
    events: events.length,
    requests: events.filter(({ key_index }) => !key_index).length,
    sample: 1,
    connections: new Set(events.map(({ worker, conn }) => `${worker} ${conn}`)).size,
    duration_s: events.length > 0 ? Number(times.at(-1)! - times[0]!) / 1e9 : 0,
    first_ts_ns: times[0]?.toString() ?? null,
    last_ts_ns: times.at(-1)?.toString() ?? null,
    ops: Object.fromEntries(ops),
    payload: { seen: 0, recorded: 0, repeated: 0, unsynced: {}, gap: 0, skipped: {}, missing: 0 },
    hit_ratio: all > 0 ? hits / all : null,
    notes: [],
    keys: {
      distinct: keys.size,
      zipf_alpha: null,
      top: byCount.slice(0, 20).map(([hash, count]) => ({ key: hash.toString(16).padStart(16, '0'), count })),
      secrets: 1,
    },
    key_size: percentiles(events.flatMap(({ key }) => (key ? [key.size] : []))),
  };
}

/** The fields of one object that another has, too: answers with tests of their own stand aside. */
function pick<T extends object>(from: T, like: Partial<Record<keyof T, unknown>>): Partial<T> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => name in like)) as Partial<T>;
}

/** Large numbers are told to a thousandth: brings those of a within reach of b's. */
function near(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number' && a > b && a <= b * (1 + 1 / 1024)) return b;
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return a;
  return Array.isArray(a)
    ? a.map((item, i) => near(item, (b as unknown[])[i]))
    : Object.fromEntries(Object.entries(a).map(([key, item]) => [key, near(item, (b as never)[key])]));
}

test('the numbers are those of looking at every event', async (t) => {
  await fc.assert(
    fc.asyncProperty(arbitraries.blocks, async ({ events, blocks }) => {
      const { loss, complete, ...found } = await analyze([file(t, frames({ blocks }))]);
      const { zipf_alpha } = found.keys;
      assert.equal(zipf_alpha === null, found.keys.distinct < 10 || found.keys.top[0]!.count === 1);
      const want = expected(events);
      const keys = pick({ ...found.keys, zipf_alpha: null }, want.keys);
      assert.deepEqual(near({ ...pick(found, want), keys }, want), want);
      assert.deepEqual(Object.keys(found.ops), Object.keys(want.ops));
      assert.ok(complete);
      assert.equal(loss.damaged_bytes, 0);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

const event = (worker: number, conn: number, at: number, hash = 1n): TestEvent => ({
  worker,
  conn,
  time: BigInt(at),
  ordinal: at,
  op: 'get',
  status: 'hit',
  key: { hash, size: 10 },
});

const counts = {
  events: 3,
  skipped_esp: 4,
  lost_worker_failed: 5,
  gaps: 6,
  unsynced_bytes: 7,
  bound_keys: 8,
  bound_lines: 0,
  payload_seen: 100,
  payload_recorded: 80,
  payload_repeated: 5,
  payload_unsynced_mid_stream: 3,
  payload_unsynced_after_gap: 4,
  payload_gap: 2,
  payload_skipped_tls: 6,
  payload_missing: 9,
};

test('several profiles are added up', async (t) => {
  const first = [event(0, 0, 1), event(1, 0, 2), event(0, 1, 3)];
  const second = [event(0, 0, 2_000_000), event(0, 0, 2_000_001, 2n)];
  // Another recording: its connections are others, whatever their numbers.
  const other = Buffer.alloc(16, 9);
  const paths = [
    file(t, frames({ blocks: [{ worker: 0, seq: 0, events: first }], footer: { counts } })),
    file(
      t,
      frames({
        header: { run: other },
        blocks: [{ worker: 0, seq: 0, events: second, options: { override: { run: other } } }],
        footer: { counts },
      }),
    ),
  ];
  const found = await analyze(paths);
  t.like(found, {
    events: 5,
    requests: 5,
    connections: 3,
    duration_s: 2,
    first_ts_ns: '1000',
    last_ts_ns: '2000001000',
    complete: true,
  });
  t.like(found.keys, { distinct: 2, secrets: 1 });
  t.deepEqual(found.loss, {
    lost: { worker_failed: 10 },
    skipped: { esp: 8 },
    gaps: 12,
    unsynced_bytes: 14,
    bounds: { keys: 16 },
    missing_blocks: 0,
    damaged_bytes: 0,
  });
  t.deepEqual(found.payload, {
    seen: 200,
    recorded: 160,
    repeated: 10,
    unsynced: { mid_stream: 6, after_gap: 8 },
    gap: 4,
    skipped: { tls: 12 },
    missing: 18,
  });
});

test('keys hashed with different secrets are told', async (t) => {
  const blocks = [{ worker: 0, seq: 0, events: [event(0, 0, 1)] }];
  const header = { key_id: Buffer.alloc(8, 1) };
  const { keys } = await analyze([file(t, frames({ blocks })), file(t, frames({ header, blocks }))]);
  t.is(keys.secrets, 2);
});

test('only what is good is counted, and what is missing is told', async (t) => {
  const blocks: BlockSpec[] = [0, 1, 2].map((seq) => ({ worker: 0, seq, events: [event(0, seq, seq)] }));
  const parts = frames({ blocks });
  const [header, first, second, third, footer] = parts as [Buffer, Buffer, Buffer, Buffer, Buffer];
  const hit = Buffer.from(second);
  hit[hit.length - 9]! ^= 4;
  const lying = frames({
    blocks: blocks.map((block) => ({ ...block, options: { columns: { key: Uint8Array.of(7) } } })),
  });
  for (const [what, bytes, events, missing, damaged, complete] of [
    ['all of it', parts, 3, 0, 0, true],
    ['a block cut out', [header, first, third, footer], 2, 1, 0, false],
    ['a flipped bit', [header, first, hit, third, footer], 2, 1, second.length, false],
    ['no footer', [header, first, second, third], 3, 0, 0, false],
    ['an end still being written', [header, first, second, third.subarray(0, 40)], 2, 0, 0, false],
    ['rubbish between', [header, RUBBISH, first, second, third, footer], 3, 0, 50, true],
    ['all blocks lie', lying, 0, 3, lying.slice(1, 4).reduce((sum, part) => sum + part.length, 0), false],
  ] as const) {
    const found = await analyze([file(t, bytes)]);
    t.like(found, { events, requests: events, complete }, what);
    t.like(found.loss, { missing_blocks: missing, damaged_bytes: damaged }, what);
  }
});

test('a profile without events has numbers where there are any', async (t) => {
  const found = await analyze([file(t, frames({ blocks: [] }))]);
  const none = { p50: null, p90: null, p99: null, p999: null, max: null };
  t.like(found, {
    events: 0,
    requests: 0,
    connections: 0,
    duration_s: 0,
    first_ts_ns: null,
    hit_ratio: null,
    complete: true,
  });
  t.deepEqual(found.ops, {});
  t.like(found.keys, { distinct: 0, zipf_alpha: null, top: [], secrets: 1, ranks: [], one_hit: 0 });
  t.deepEqual(found.series, []);
  t.deepEqual(found.caveats, []);
  t.deepEqual(found.key_size, none);
});
