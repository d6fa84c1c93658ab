/** Every format, read back by a reader written from its description, against what `cat` and `analyze` say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { analyze, type ExportFormat, type ExportOptions, type ExportSummary, exportProfiles } from 'membench';
import type { CacheEvent } from 'membench/decoder';
import { temporary } from '../support/cli.js';
import { eventsOf, profiles, secondsOf } from './profiles.js';
import { readCachelib, readCsv, readOracle, readTwitter } from './readers.js';

const [paths, , remove] = profiles();
test.after.always(remove);
const ALL = Object.values(paths);

/** Exports into a file of a folder that goes with the test. */
async function into(t: ExecutionContext, options: Omit<ExportOptions, 'output'>, name = 'out.oracleGeneral') {
  const path = join(temporary(t), name);
  const summary = await exportProfiles({ ...options, output: path });
  t.deepEqual(JSON.parse(readFileSync(`${path}.json`, 'utf8')), summary);
  return { path, summary, text: () => readFileSync(path, 'latin1') };
}

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);

/** Nothing is unaccounted for, and what `analyze` counts is what is here. */
async function totalsFit(t: ExecutionContext, files: string[], summary: ExportSummary): Promise<void> {
  const { events, requests, ops } = await analyze(files);
  const { left_out, filtered, written } = summary;
  t.is(summary.events, events);
  t.is(summary.requests, requests);
  t.is(written + sum(left_out.ops) + left_out.no_key + left_out.size_unknown + sum(filtered), events);
  t.is(sum(summary.ops) - left_out.size_unknown, written);
  if (left_out.no_key > 0 || sum(filtered) > 0) return;
  const counts = Object.fromEntries(Object.entries(ops).map(([op, { count }]) => [op, count]));
  const told = { ...summary.ops };
  for (const [op, count] of Object.entries(left_out.ops)) told[op] = (told[op] ?? 0) + count;
  t.deepEqual(sorted(told), sorted(counts));
}

const sorted = (counts: Record<string, number>) => Object.fromEntries(Object.entries(counts).sort());

for (const [name, path] of Object.entries(paths)) {
  test(`ndjson of ${name} is what cat prints`, async (t) => {
    const { text, summary } = await into(t, { profiles: [path], format: 'ndjson' });
    const lines = eventsOf(path).map((event) => `${JSON.stringify(event)}\n`);
    t.is(text(), lines.join(''));
    t.is(summary.written, lines.length);
    await totalsFit(t, [path], summary);
  });

  test(`csv of ${name} has all fields of cat`, async (t) => {
    const { text, summary } = await into(t, { profiles: [path], format: 'csv' });
    const show = (value: unknown) => (Array.isArray(value) ? value.join(' ') : String(value ?? ''));
    const rows = readCsv(text());
    const events = eventsOf(path);
    t.is(rows.length, events.length);
    rows.forEach((row, i) => {
      const event = events[i] as unknown as Record<string, unknown>;
      for (const field of Object.keys(event)) t.true(field in row, field);
      for (const [field, value] of Object.entries(row)) t.is(value, show(event[field]), `${i} ${field}`);
    });
    await totalsFit(t, [path], summary);
  });

  for (const format of ['twitter', 'cachelib', 'oracleGeneral'] as const) {
    test(`what ${format} of ${name} has, and has not, is all there is`, async (t) => {
      const { summary, text, path: file } = await into(t, { profiles: [path], format });
      const rows = { twitter: readTwitter, cachelib: readCachelib, oracleGeneral: () => readOracle(file) };
      t.is(rows[format](text()).length, summary.written);
      await totalsFit(t, [path], summary);
    });
  }
}

/** The command Twitter's format has for an event, by docs/export.md; null where it has none. */
function twitterCommand({ op, key, mode, cas }: CacheEvent): string | null {
  if (key === null) return null;
  if (op === 'ms' && mode !== null && mode !== 'set') return mode;
  if (op === 'ms' || op === 'set') return cas ? 'cas' : 'set';
  const same = 'get gets add replace append prepend cas delete incr decr'.split(' ');
  if (same.includes(op)) return op;
  const others: Record<string, string> = { gat: 'get', gats: 'gets', mg: 'get', md: 'delete' };
  if (op === 'ma') return mode === 'decr' ? 'decr' : 'incr';
  return others[op] ?? null;
}

const STORES = new Set(['set', 'add', 'replace', 'cas', 'append', 'prepend']);

/** Seconds to live, by memcached's rule: what is longer than 30 days is a date. */
function lifetime({ ttl }: CacheEvent, now: number): number {
  const sent = Number(ttl ?? 0);
  if (sent === 0) return 0;
  return Math.max(1, sent > 2_592_000 ? sent - now : sent);
}

test('twitter: every row is its event', async (t) => {
  for (const path of ALL) {
    const { text } = await into(t, { profiles: [path], format: 'twitter' });
    const expected = eventsOf(path).flatMap((event) => {
      const operation = twitterCommand(event);
      if (operation === null) return [];
      const time = secondsOf(event);
      return {
        time,
        key: event.key,
        keySize: event.key_size,
        valueSize: event.value_size ?? 0,
        client: String(event.conn),
        operation,
        ttl: STORES.has(operation) ? lifetime(event, time) : 0,
      };
    });
    t.deepEqual(readTwitter(text()), expected as ReturnType<typeof readTwitter>);
  }
});

test('cachelib: every row is its event', async (t) => {
  const operations: Record<string, 'GET' | 'SET' | 'DELETE'> = { get: 'GET', gets: 'GET', delete: 'DELETE' };
  for (const path of ALL) {
    const { text } = await into(t, { profiles: [path], format: 'cachelib' });
    const expected = eventsOf(path).flatMap((event) => {
      const command = twitterCommand(event);
      const op = STORES.has(command ?? '') ? 'SET' : operations[command ?? ''];
      if (op === undefined) return [];
      const time = secondsOf(event);
      return {
        time,
        key: event.key,
        keySize: event.key_size,
        op,
        count: 1,
        size: event.value_size ?? 0,
        hits: op === 'GET' && event.status === 'hit' ? 1 : 0,
        ttl: op === 'SET' ? lifetime(event, time) : 0,
      };
    });
    t.deepEqual(readCachelib(text()), expected as ReturnType<typeof readCachelib>);
    t.is(text().split('\n', 1)[0], 'op_time,key,key_size,op,op_count,size,cache_hits,ttl');
  }
});

/** Requests as oracleGeneral has them, by brute force; those of objects without any size left out. */
function oracleOf(events: readonly CacheEvent[]) {
  const whole = (event: CacheEvent): number | null => {
    const { op, status, mode, value_size: size } = event;
    if (size === null) return null;
    if (['get', 'gets', 'gat', 'gats', 'mg'].includes(op)) return Math.max(1, size);
    if (!['set', 'add', 'replace', 'cas', 'ms'].includes(op) || mode === 'append' || mode === 'prepend')
      return null;
    return ['stored', 'silent', 'unanswered'].includes(status) ? Math.max(1, size) : null;
  };
  const requests = events.filter(({ op, key }) => key !== null && !['delete', 'md', 'me'].includes(op));
  const sized = requests.map((event, i) => {
    const later = requests.slice(i).find((other) => other.key === event.key && whole(other) !== null);
    const earlier = requests
      .slice(0, i)
      .findLast((other) => other.key === event.key && whole(other) !== null);
    const found = later ?? earlier;
    return { event, size: found === undefined ? null : whole(found) };
  });
  const kept = sized.filter(({ size }) => size !== null);
  return kept.map(({ event, size }, i) => {
    const next = kept.findIndex(({ event: other }, j) => j > i && other.key === event.key);
    return {
      time: secondsOf(event),
      object: BigInt(`0x${event.key}`),
      size: size!,
      next: next < 0 ? -1n : BigInt(next + 1),
    };
  });
}

test('oracleGeneral: sizes and next requests are those brute force finds', async (t) => {
  for (const path of ALL) {
    const { path: file, summary } = await into(t, { profiles: [path], format: 'oracleGeneral' });
    const records = readOracle(file);
    t.deepEqual(records, oracleOf(eventsOf(path)));
    t.true(records.every(({ size }) => size > 0));
    t.is(summary.bytes, records.length * 24);
  }
});

test('what has no place is counted by its name', async (t) => {
  const { summary } = await into(t, { profiles: [paths.odd], format: 'twitter' });
  t.deepEqual(summary.left_out, { ops: { me: 1, touch: 1 }, no_key: 2, size_unknown: 0 });
  t.deepEqual(summary.mapped, {
    ms: { append: 1, cas: 1 },
    gat: { get: 1 },
    ma: { decr: 1 },
    md: { delete: 1 },
  });
  t.deepEqual(summary.changed, { ttl_of_dates: 3, ttl_expired_as_1: 2, value_size_unknown_as_0: 6 });
  const oracle = await into(t, { profiles: [paths.odd], format: 'oracleGeneral' });
  // `never` once, `missing` and `count` twice, and `new`, which was not stored.
  t.is(oracle.summary.left_out.size_unknown, 1 + 2 + 2 + 1);
  t.is(oracle.summary.changed.size_0_as_1, 2);
});

test('several profiles are merged by time, connections and requests apart', async (t) => {
  for (const format of ['csv', 'ndjson'] as ExportFormat[]) {
    const { text, summary } = await into(t, { profiles: ALL, format });
    const rows =
      format === 'csv'
        ? readCsv(text())
        : text()
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line));
    const events = ALL.flatMap(eventsOf);
    t.is(rows.length, events.length);
    const times = rows.map(({ ts_ns }) => BigInt(ts_ns));
    t.true(times.every((time, i) => i === 0 || time >= times[i - 1]!));
    const distinct = (list: { conn: unknown }[]) => new Set(list.map(({ conn }) => String(conn))).size;
    const conns = ALL.reduce((all, path) => all + distinct(eventsOf(path)), 0);
    t.is(distinct(rows), conns);
    t.is(Number(rows.at(-1)!.request) + 1, summary.requests);
    // Without what depends on the others, they are the same events.
    const bare = (row: Record<string, unknown>) => `${row.ts_ns} ${row.op} ${row.key ?? ''} ${row.status}`;
    const bares = (list: object[]) => list.map((row) => bare(row as Record<string, unknown>)).sort();
    t.deepEqual(bares(rows), bares(events));
    await totalsFit(t, ALL, summary);
    t.is(summary.key_id, null);
  }
});

test('the parts of one recording are one', async (t) => {
  const { summary } = await into(t, { profiles: [paths.one, paths.one], format: 'csv' });
  // The same file twice is counted twice, as analyze does; its connections are the same.
  const { connections } = await analyze([paths.one, paths.one]);
  t.is(summary.events, 2 * eventsOf(paths.one).length);
  t.is(connections, new Set(eventsOf(paths.one).map(({ conn }) => conn)).size);
});
