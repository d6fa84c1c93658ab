/** Parquet, read back by two readers that are not ours: hyparquet and DuckDB. */
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import test, { type ExecutionContext } from 'ava';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { analyze, exportProfiles, record } from 'membench';
import { generateCapture } from '#bench/generate/generate.js';
import { temporary } from '../support/cli.js';
import { recordInProcess } from '../support/in-process.js';
import { eventsOf, profiles } from './profiles.js';

const [paths, , remove] = profiles();
test.after.always(remove);

/** Answers of a query over a file. */
async function query(sql: string, path: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(sql.replaceAll('FILE', `'${path}'`));
    return reader.getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function into(t: ExecutionContext, files: string[]): Promise<string> {
  const output = join(temporary(t), 'out.parquet');
  const summary = await exportProfiles({ profiles: files, format: 'parquet', output });
  t.is(summary.bytes, statSync(output).size);
  return output;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('hyparquet reads every field of every event', async (t) => {
  for (const path of Object.values(paths)) {
    const file = await asyncBufferFromFile(await into(t, [path]));
    const rows = await parquetReadObjects({ file, utf8: false });
    const events = eventsOf(path);
    t.is(rows.length, events.length);
    rows.forEach((row, i) => {
      const event = events[i] as unknown as Record<string, unknown>;
      for (const [field, value] of Object.entries(row)) {
        const expected = (event[field] ?? null) as string | number | boolean | null;
        if (field === 'ts_ns') continue;
        if (field === 'key') t.is(value ? hex(value) : 'null', String(expected));
        else if (field === 'marks')
          t.is(value ?? null, (event.marks as string[] | undefined)?.join(' ') ?? null);
        else if (typeof expected === 'number' || typeof value === 'bigint')
          t.is(String(value), String(expected), field);
        else t.is(value ?? null, expected, `${i} ${field}`);
      }
    });
  }
});

test('DuckDB reads times to the nanosecond, keys, and the names of cat', async (t) => {
  const path = await into(t, [paths.hand]);
  const rows = await query(
    'SELECT epoch_ns(ts_ns) AS ns, lower(hex(key)) AS key, * EXCLUDE key FROM FILE',
    path,
  );
  const events = eventsOf(paths.hand);
  t.deepEqual(
    rows.map(({ ns, key, op, status }) => ({ ns: String(ns), key, op, status })),
    events.map(({ ts_ns, key, op, status }) => ({ ns: ts_ns, key, op, status })),
  );
  const columns = await query('DESCRIBE SELECT * FROM FILE', path);
  t.deepEqual(
    columns.map(({ column_name, column_type }) => `${column_name} ${column_type}`),
    [
      'ts_ns TIMESTAMP_NS',
      'conn INTEGER',
      'request BIGINT',
      'proto VARCHAR',
      'transport VARCHAR',
      'op VARCHAR',
      'key BLOB',
      'key_size INTEGER',
      'value_size BIGINT',
      'mode VARCHAR',
      'flags UBIGINT',
      'ttl BIGINT',
      'delta UBIGINT',
      'cas BOOLEAN',
      'quiet BOOLEAN',
      'status VARCHAR',
      'latency_ns BIGINT',
      'meta_flags VARCHAR',
      'marks VARCHAR',
      'initial UBIGINT',
      'cas_new UBIGINT',
      'vivify BIGINT',
      'recache BIGINT',
      'ttl_left BIGINT',
    ],
  );
});

test('of two row groups and more, DuckDB counts what analyze counts', async (t) => {
  const chunks: Uint8Array[] = [];
  generateCapture({ exchanges: 70_000, flows: 40, keys: 20_000, multiget: 0.3, seed: 5 }, (chunk) => {
    chunks.push(chunk.slice());
  });
  const source = join(temporary(t), 'large.mbp');
  writeFileSync(
    source,
    recordInProcess(Buffer.concat(chunks), { workers: 2, map: { blockEvents: 16_384 } }).profile,
  );
  const path = await into(t, [source]);
  const { events, ops, keys, hit_ratio } = await analyze([source]);
  t.true(events > 131_072);
  const counted = await query(
    `SELECT op, count(*)::INTEGER AS n, (count(*) FILTER (status IN ('hit', 'deleted')))::INTEGER AS hits
     FROM FILE GROUP BY op ORDER BY n DESC`,
    path,
  );
  t.deepEqual(
    counted,
    Object.entries(ops).map(([op, { count, hits }]) => ({ op, n: count, hits })),
  );
  const [totals] = await query(
    `SELECT count(*)::INTEGER AS events, count(DISTINCT key)::INTEGER AS keys,
       (count(*) FILTER (status = 'hit')) / (count(*) FILTER (status IN ('hit', 'miss') AND op IN ('get', 'mg'))) AS ratio
     FROM FILE`,
    path,
  );
  t.is(totals!.events, events);
  t.is(totals!.keys, keys.distinct);
  t.true(Math.abs(Number(totals!.ratio) - hit_ratio!) < 1e-9);
  // The keys of a row group have a bloom filter, which leaves out no key that is there.
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
  t.deepEqual(
    metadata.row_groups.map(({ num_rows }) => num_rows),
    [131_072n, BigInt(events - 131_072)],
  );
  for (const { columns } of metadata.row_groups) {
    const key = columns.find(({ meta_data }) => meta_data!.path_in_schema[0] === 'key')!.meta_data!;
    t.true(key.bloom_filter_offset! > 0n);
    const op = columns.find(({ meta_data }) => meta_data!.path_in_schema[0] === 'op')!.meta_data!;
    t.true(op.encodings.includes('RLE_DICTIONARY'));
  }
  for (const { key, count } of keys.top) {
    const [found] = await query(
      `SELECT count(*)::INTEGER AS n FROM FILE WHERE key = unhex('${key}')::BLOB`,
      path,
    );
    t.is(found!.n, count);
  }
});

test('a profile without events is a table without rows', async (t) => {
  const source = join(temporary(t), 'empty.mbp');
  writeFileSync(
    source,
    recordInProcess(Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex')).profile,
  );
  const path = await into(t, [source]);
  t.deepEqual(await query('SELECT count(*)::INTEGER AS n FROM FILE', path), [{ n: 0 }]);
});

test("the README's query gives the README's answer", async (t) => {
  const readme = readFileSync('README.md', 'utf8');
  const sql = /^\$ node query\.mjs "([^"]+)"$/m.exec(readme)![1]!;
  const answer = [...readme.matchAll(/^│ \d+ +│ '([^']+)' +│ (\d+) +│ (\d+) +│$/gm)].map(
    ([, status, events, keys]) => ({ status, events: Number(events), keys: Number(keys) }),
  );
  t.is(answer.length, 2);
  const at = temporary(t);
  const source = join(at, 'traffic.pcap');
  writeFileSync(source, '');
  // What `npm run demo` makes, which is where the other figures of the README are from.
  generateCapture(
    {
      exchanges: 250_000,
      seed: 1,
      flows: 200,
      multiget: 0.1,
      pipelined: 0.05,
      acks: 0.2,
      mss: 1448,
      reorder: 0.005,
    },
    (chunk) => appendFileSync(source, chunk),
  );
  const profile = join(at, 'out.mbp');
  await record({ source, profile, workers: 2 });
  const output = join(at, 'out.parquet');
  const { written } = await exportProfiles({ profiles: [profile], format: 'parquet', output });
  t.true(
    readme.includes(
      `\n${written.toLocaleString('en')} of ${written.toLocaleString('en')} events written: out.parquet`,
    ),
  );
  t.deepEqual(await query(sql.replace("'out.parquet'", 'FILE'), output), answer);
});
