import test from 'ava';
import fc from 'fast-check';
import { BlockError, decodeColumns, decodeConns, decodeKeys } from 'membench/profile';
import { readBlock } from '#src/profile/block.js';
import { decodeBody } from '#src/profile/body.js';
import { checkBlock } from '#src/profile/check-block.js';
import { EVENT_COLUMNS } from '#src/profile/columns.js';
import { upgradeBlock } from '#src/profile/upgrade.js';
import * as arbitraries from './arbitraries.js';
import { type BlockOptions, blockBody, NAMES, type TestConn, type TestEvent, varint } from './support.js';

const read = (body: Uint8Array, version = 2) => readBlock(upgradeBlock(decodeBody(body), version), NAMES);

const format = fc.oneof(
  fc.record({ version: fc.constant(1 as const) }),
  fc.record({ version: fc.constant(2 as const), repeat: fc.constantFrom(1, 2, 3, 1000) }),
);

test('columns hold every value in the row it belongs to, 0 where there is none, in either version', (t) => {
  fc.assert(
    fc.property(arbitraries.events, format, (events, options) => {
      const block = read(blockBody(0, 0, events, options), options.version);
      checkBlock(block);
      const columns = decodeColumns(block, EVENT_COLUMNS);
      const keys = decodeKeys(block);
      for (const [row, event] of events.entries()) {
        const shape = block.shapes[columns.shape[row]!]!;
        t.is(shape.op, event.op);
        t.is(shape.status, event.status);
        t.is(columns.time[row], event.time);
        t.is(columns.ordinal[row], BigInt(event.ordinal));
        t.is(columns.conn[row], event.conn);
        if (event.key) t.is(keys.hash[columns.key[row]!], event.key.hash);
        for (const name of EVENT_COLUMNS.slice(5)) {
          const bit = 1 << NAMES.present.indexOf(name);
          const value =
            name === 'flags' ? (event.flags ?? event.shape_flags) : event[name as keyof TestEvent];
          t.is((shape.present & bit) !== 0, value !== undefined, name);
          t.is(Number(columns[name][row]), Number(value ?? 0), name);
        }
      }
    }),
  );
});

test('connection records come back as they were', (t) => {
  const conns: TestConn[] = [
    { conn: 7, kind: 'open_syn', time: 5n, client: 2n ** 64n - 1n, server: 1n, port: 11211 },
    { conn: 300, kind: 'close_fin', time: 2n ** 60n, client: 3n, server: 4n, port: 65535 },
    { conn: 7, kind: 'close_fin', time: 4n, client: 5n, server: 6n, port: 1 },
  ];
  const block = read(blockBody(0, 0, [], { conns }));
  checkBlock(block);
  const { id, kind, time, client, server, port } = decodeConns(block);
  const rows = [...id].map((conn, i) => ({
    conn,
    kind: NAMES.conn_kind[kind[i]!]!,
    time: time[i]!,
    client: client[i]!,
    server: server[i]!,
    port: port[i]!,
  }));
  t.deepEqual(rows, conns);
});

const EVENT: TestEvent = {
  worker: 0,
  conn: 1,
  time: 10n,
  ordinal: 3,
  op: 'get',
  status: 'hit',
  key: { hash: 1n, size: 3 },
  value_size: 5,
};

const SHAPE_FLAGS = 1 << NAMES.present.indexOf('shape_flags');

const LIES: Record<string, BlockOptions> = {
  'more events than rows': { override: { events: 3 } },
  'fewer events than rows': { override: { events: 1 } },
  'so many events that memory would not do': { override: { events: 2 ** 50 } },
  'so many keys that memory would not do': { override: { keys: 2 ** 50 } },
  'so many connections that memory would not do': { override: { conns: 2 ** 50 } },
  'a negative count': { override: { events: -1n } },
  'a count above 2^53': { override: { keys: 2n ** 60n } },
  'another number of requests': { override: { requests: 7 } },
  'another first time': { override: { min_ns: 9999 } },
  'another last time': { override: { max_ns: 10001 } },
  'a shape outside the table': { columns: { shape: Uint8Array.of(0, 1) } },
  'a key outside the dictionary': { columns: { key: Uint8Array.of(0, 2) } },
  'more new keys than the dictionary has': { columns: { key: Uint8Array.of(0, 0) } },
  'a value too many': { columns: { value_size: Uint8Array.of(5, 5, 5) } },
  'a value too few': { columns: { value_size: Uint8Array.of(5) } },
  'no value column': { columns: { value_size: new Uint8Array(0) } },
  'a column nothing points to': { columns: { latency: Uint8Array.of(1) } },
  'no shapes': { override: { shapes: [] } },
  'a shape of no name': { override: { shapes: [[99, 0, 0, 0, 0, 0, 0, 0, 0]] } },
  'a shape too short': { override: { shapes: [[0, 0, 0]] } },
  'a shape whose flags are missing': { override: { shapes: [[0, 0, 0, 0, 0, 0, 0, SHAPE_FLAGS, 0]] } },
  'a shape with flags and a column of them': {
    override: { shapes: [[0, 0, 0, 0, 0, 0, 0, SHAPE_FLAGS | (1 << NAMES.present.indexOf('flags')), 0, 1]] },
  },
  'shapes that are no list': { override: { shapes: 'none' } },
  'columns longer than the payload': { override: { columns: [['shape', 1000]] } },
  'columns shorter than the payload': { override: { columns: [] } },
  'a column twice': {
    override: {
      columns: [
        ['shape', 1],
        ['shape', 1],
      ],
    },
  },
  'no run': { override: { run: 'x' } },
  'counts of no number': { override: { counts: { events: 'many' } } },
};

for (const [what, options] of Object.entries(LIES)) {
  test(`a block that lies is told: ${what}`, (t) => {
    t.notThrows(() => checkBlock(read(blockBody(0, 0, [EVENT, EVENT]))));
    t.throws(() => checkBlock(read(blockBody(0, 0, [EVENT, EVENT], options))), { instanceOf: BlockError });
  });
}

test('a key column of version 1 is told where it points outside, or has no end', (t) => {
  for (const column of [
    Buffer.of(0, 1),
    varint(2n ** 32n - 1n),
    varint(2n ** 64n - 1n),
    Buffer.of(0, 0x80),
  ]) {
    const options = { version: 1, columns: { key: column } } as const;
    t.throws(() => checkBlock(read(blockBody(0, 0, [EVENT, EVENT], options), 1)), { instanceOf: BlockError });
  }
});

test('entries of the dictionary keep their number from version 1 to 2, however many bytes it has', (t) => {
  // 127 and 16383 fill their bytes: one more takes another.
  const numbers = [0, 1, 126, 127, 128, 255, 16382, 16383, 16384, 20000];
  const count = numbers.at(-1)! + 1;
  const events = Array.from({ length: count }, (_, i) => ({ ...EVENT, key: { hash: BigInt(i), size: 9 } }));
  const again = numbers.map((i) => events[i]!);
  const block = read(blockBody(0, 0, [...events, ...again], { version: 1 }), 1);
  checkBlock(block);
  t.deepEqual([...decodeColumns(block, ['key']).key.subarray(count)], numbers);
});

test('a connection record of no kind is told', (t) => {
  const conns = [{ conn: 1, kind: 'open_syn', time: 5n, client: 1n, server: 1n, port: 1 }];
  const block = read(blockBody(0, 0, [], { conns, columns: { conn_kind: Uint8Array.of(9) } }));
  t.throws(() => decodeConns(block), { instanceOf: BlockError });
});
