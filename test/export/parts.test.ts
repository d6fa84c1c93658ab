/** The parts an export is made of, each against the plain way to say the same. */
import test from 'ava';
import fc from 'fast-check';
import { type Batch, createBatch } from '#src/export/batch.js';
import { CsvEncoder } from '#src/export/csv.js';
import { type Encoder, OutputBuffer } from '#src/export/encoder.js';
import { NdjsonEncoder } from '#src/export/ndjson.js';
import { ObjectTable } from '#src/export/object-table.js';
import {
  Clock,
  PAST,
  putDouble,
  putHash,
  putInt64,
  putNumber,
  putUint32,
  putUint64,
} from '#src/export/text.js';
import { TraceNumbers } from '#src/export/trace.js';
import { compareRows, type Ordered, orderRows } from '#src/profile/order.js';
import { type EventShape, HAS } from '#src/profile/shapes.js';
import type { SortedBlock } from '#src/profile/sorted-block.js';

/** What a function writes, as text. */
function written(put: (out: DataView) => number): string {
  const out = new Uint8Array(64).fill(0x2a);
  const end = put(new DataView(out.buffer));
  // The room that is made for a row ends PAST bytes behind it.
  for (const byte of out.subarray(end + PAST)) if (byte !== 0x2a) throw new Error('it writes behind its end');
  return Buffer.from(out.subarray(0, end)).toString('latin1');
}

const low = (value: bigint) => Number(BigInt.asUintN(32, value));
const high = (value: bigint) => Number(BigInt.asUintN(64, value) >> 32n);

/** Numbers near the powers of ten and of two, where digits and words begin. */
const edges = [
  ...Array.from({ length: 20 }, (_, i) => 10n ** BigInt(i)),
  ...Array.from({ length: 64 }, (_, i) => 2n ** BigInt(i)),
].flatMap((value) => [value - 1n, value, value + 1n]);

test('digits are those of String()', (t) => {
  const check = (value: bigint) => {
    const text = String(value);
    if (value < 2n ** 32n)
      t.is(
        written((out) => putUint32(out, 0, Number(value))),
        text,
      );
    if (value < 2n ** 53n) {
      t.is(
        written((out) => putNumber(out, 0, Number(value))),
        text,
      );
      t.is(
        written((out) => putDouble(out, 0, Number(value))),
        text,
      );
    }
    if (value < 2n ** 64n)
      t.is(
        written((out) => putUint64(out, 0, low(value), high(value))),
        text,
      );
    for (const signed of [value, -value]) {
      if (BigInt.asIntN(64, signed) !== signed) continue;
      t.is(
        written((out) => putInt64(out, 0, low(signed), high(signed))),
        String(signed),
      );
    }
    t.is(
      written((out) => putHash(out, 0, low(value), high(value))),
      BigInt.asUintN(64, value).toString(16).padStart(16, '0'),
    );
  };
  edges.forEach(check);
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), check));
  for (const value of [2 ** 53, 1e21, 1.5e300])
    t.is(
      written((out) => putDouble(out, 0, value)),
      String(value),
    );
});

test('seconds and nanoseconds of any time, in any order', (t) => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
          fc.bigInt({ min: 1_767_225_600_000_000_000n, max: 1_767_225_603_000_000_000n }),
          fc.constantFrom(...edges.filter((value) => value < 2n ** 64n)),
        ),
        { minLength: 1, maxLength: 50 },
      ),
      (times) => {
        const clock = new Clock();
        for (const time of times) {
          clock.set(low(time), high(time));
          t.is(clock.seconds, Number(time / 1_000_000_000n));
          t.is(clock.nanos, Number(time % 1_000_000_000n));
          t.is(
            written((out) => clock.putNanoseconds(out, 0)),
            String(time),
          );
          t.is(
            written((out) => clock.putSeconds(out, 0)),
            String(time / 1_000_000_000n),
          );
        }
      },
    ),
  );
});

/** A block of rows whose columns have so few values that many are equal. */
const blocks = fc
  .tuple(fc.constantFrom(1n, 1000n, 2n ** 20n, 2n ** 34n), fc.integer({ min: 1, max: 400 }))
  .chain(([step, rows]) =>
    fc.record({
      times: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: rows, maxLength: rows }),
      others: fc.array(fc.integer({ min: 0, max: 15 }), { minLength: rows, maxLength: rows }),
      step: fc.constant(step),
    }),
  )
  .map(({ times, others, step }): Ordered => {
    const words = (values: bigint[]) => new Uint32Array(BigUint64Array.from(values).buffer);
    return {
      run: 0,
      worker: 0,
      time: words(times.map((time) => 1_767_225_600_000_000_000n + BigInt(time) * step)),
      ordinal: words(others.map((other) => BigInt(other >> 3) << 31n)),
      conn: Uint32Array.from(others, (other) => (other >> 2) & 1),
      // A column without values stands for zeros.
      sub: others.includes(2) ? Uint32Array.from(others, (other) => (other >> 1) & 1) : null,
      keyIndex: others.includes(1) ? Uint32Array.from(others, (other) => other & 1) : null,
    };
  });

test('rows come in the order of their comparison, over short spans and long, all or some', (t) => {
  fc.assert(
    fc.property(blocks, fc.integer({ min: 1, max: 3 }), fc.boolean(), (block, every, isNearly) => {
      // Only the last few rows are out of order: another way of sorting.
      if (isNearly) new BigUint64Array(block.time.buffer).subarray(3).sort().subarray(-3).reverse();
      const all = Uint32Array.from(block.conn.keys()).filter((row) => row % every === 0);
      const rows = all.length;
      const order = all.slice();
      const isThousands = new BigUint64Array(block.time.buffer).every((time) => time % 1000n === 0n);
      orderRows(order, block, isThousands ? 1000 : 1);
      t.deepEqual(order.slice().sort(), all);
      for (let i = 1; i < rows; i++) {
        if (compareRows(block, order[i - 1]!, block, order[i]!) > 0) t.fail(`${i}`);
      }
    }),
  );
});

test('the table of objects is a Map', (t) => {
  const table = new ObjectTable();
  const map = new Map<string, { size: number; number: number }>();
  for (let i = 0; i < 20_000; i++) {
    // Most low words are equal, as in a profile that is made to fall on one place.
    const [l, h] = [i % 7 === 0 ? i : 5, (i * 7919) % 6000];
    const place = table.place(l, h);
    const known = map.get(`${l} ${h}`) ?? { size: 0, number: 0 };
    if (table.size(place) !== known.size || table.number(place) !== known.number) t.fail(`${i}`);
    table.setSize(place, i);
    table.setNumber(place, 2 ** 40 + i);
    map.set(`${l} ${h}`, { size: i, number: 2 ** 40 + i });
  }
  t.is(table.count, map.size);
  table.clearNumbers();
  for (const [name, { size }] of map) {
    const [l, h] = name.split(' ').map(Number) as [number, number];
    const place = table.place(l, h);
    if (table.size(place) !== size || table.number(place) !== 0) t.fail(name);
  }
});

test('what is not seconds to live becomes some', (t) => {
  const now = 1_767_225_600;
  const of = (ttl: bigint) => new TraceNumbers().secondsOf(low(ttl), high(ttl), now);
  t.deepEqual(
    [0n, 1n, 2_592_000n, 2_592_001n, BigInt(now), BigInt(now + 60), -1n, 2n ** 40n, -(2n ** 63n)].map(of),
    [0, 1, 2_592_000, 1, 1, 60, 1, 2 ** 31 - 1, 1],
  );
});

const EDGE_NUMBERS = [
  0n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 64n - 1n,
  1n - 2n ** 53n,
  -(2n ** 53n),
  -1n,
  -(2n ** 63n),
];

/** What an encoder makes of one event. */
function encoded(encoder: Encoder, block: Partial<SortedBlock>, shape: EventShape): string {
  const batch: Batch = { ...createBatch(1), rows: 1, blocks: [block as SortedBlock] };
  return Buffer.from(
    encoder.encode(batch, [shape], new OutputBuffer(new SharedArrayBuffer(8))).bytes,
  ).toString('latin1');
}

test('numbers beyond 2^53 are strings in ndjson, and digits in csv', (t) => {
  const shape: EventShape = {
    op: 'ma',
    status: 'value',
    proto: 'meta',
    transport: 'tcp',
    mode: 'incr',
    cas: true,
    quiet: false,
    metaFlags: 'vJ',
    marks: ['won', 'stale'],
    has: Object.values(HAS).reduce((all, bit) => all | bit, 0),
  };
  for (const value of EDGE_NUMBERS) {
    const word = Uint32Array.of(0);
    const pair = Uint32Array.of(low(value), high(value));
    const names = ['flags', 'ttl', 'delta', 'initial', 'cas_new', 'vivify', 'recache', 'ttl_left'] as const;
    const block: Partial<SortedBlock> = {
      time: Uint32Array.of(1, 0),
      shape: word,
      key: word,
      keyHash: Uint32Array.of(0, 0),
      keySize: word,
      valueSize: word,
      latency: Float64Array.of(0),
      wide: Object.fromEntries(names.map((name) => [name, pair])) as SortedBlock['wide'],
    };
    const [unsigned, signed] = [BigInt.asUintN(64, value), BigInt.asIntN(64, value)];
    const exact = (number: bigint) =>
      number >= 1n - 2n ** 53n && number <= 2n ** 53n - 1n ? Number(number) : String(number);
    const line = encoded(new NdjsonEncoder(), block, shape);
    t.like(JSON.parse(line), {
      ts_ns: '1',
      flags: exact(unsigned),
      ttl: exact(signed),
      delta: exact(unsigned),
      meta_flags: 'vJ',
      marks: ['won', 'stale'],
      initial: exact(unsigned),
      cas_new: exact(unsigned),
      vivify: exact(signed),
      recache: exact(signed),
      ttl_left: exact(signed),
    });
    const row = encoded(new CsvEncoder(), block, shape);
    t.is(
      row,
      `1,0,0,meta,tcp,ma,0000000000000000,0,0,incr,${unsigned},${signed},${unsigned},true,false,value,0,vJ,won stale,${unsigned},${unsigned},${signed},${signed},${signed}\n`,
    );
  }
});
