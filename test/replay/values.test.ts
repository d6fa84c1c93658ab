import { deflateRawSync } from 'node:zlib';
import test from 'ava';
import { Values } from '#src/replay/values.js';
import { ByteWriter } from '#src/replay/writer.js';

function made(values: Values, size: number, low = 7, high = 9): Buffer {
  const writer = new ByteWriter();
  writer.reserve(size);
  values.write(writer, low, high, size);
  return Buffer.from(writer.buffer.subarray(writer.start, writer.end));
}

test('values have the size that is asked for, and are the same for the same key and size', (t) => {
  const [one, other] = [new Values(0), new Values(0)];
  for (const size of [0, 1, 20, 21, 100, 4096, 1 << 20, (1 << 21) + 77, 5_000_000]) {
    const value = made(one, size);
    t.is(value.length, size);
    t.true(value.equals(made(other, size)), `${size} bytes`);
  }
  t.false(made(one, 1000).equals(made(one, 1000, 8)));
  t.false(made(one, 1000).subarray(0, 900).equals(made(one, 900)));
});

test('small values are numbers that fit into 64 bits', (t) => {
  const values = new Values(0);
  for (let size = 1; size <= 20; size++) {
    for (let low = 0; low < 50; low++) {
      const text = made(values, size, low, low * 31).toString('latin1');
      t.regex(text, new RegExp(`^\\d{${size}}$`));
      t.true(BigInt(text) < 2n ** 64n);
    }
  }
});

test('a share of a value compresses away, by zlib', (t) => {
  for (const share of [0, 0.25, 0.5, 0.75]) {
    const value = made(new Values(share), 1 << 18);
    const compressed = deflateRawSync(value).length / value.length;
    t.true(Math.abs(compressed - (1 - share)) < 0.06, `${share}: ${compressed}`);
  }
});

test('a value is recognised in parts, and a changed byte is not', (t) => {
  const values = new Values(0);
  for (const size of [5, 20, 1000, (1 << 21) + 500]) {
    const value = made(values, size);
    const of = { low: 7, high: 9, size };
    for (let at = 0; at < size; at += Math.ceil(size / 3)) {
      const end = Math.min(size, at + Math.ceil(size / 3));
      t.true(values.matches(of, at, value, { at, end }));
      value[end - 1]! ^= 1;
      t.false(values.matches(of, at, value, { at, end }));
      value[end - 1]! ^= 1;
    }
  }
});
