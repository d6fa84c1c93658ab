import { readFileSync } from 'node:fs';
import test from 'ava';

const EXPORTS = [
  'crc32c',
  'decodeBlock',
  'decodePerf',
  'decodeRing',
  'decodeSlot',
  'finish',
  'indexSlot',
  'init',
  'lagOfBlock',
  'lagOfPerf',
  'lagOfRing',
  'layoutHash',
  'sealNow',
];

/** Sections of a WASM module by id (WebAssembly core specification, section 5.5). */
function sections(bytes: Uint8Array): Map<number, Uint8Array> {
  const out = new Map<number, Uint8Array>();
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at++]!;
    const [size, next] = leb(bytes, at);
    out.set(id, bytes.subarray(next, next + size));
    at = next + size;
  }
  return out;
}

function leb(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, at];
  }
}

const START_SECTION = 8;
const DATA_SECTION = 11;

/** Where the last byte of any active data segment with a constant offset lies. */
function dataEnd(data: Uint8Array | undefined): number {
  if (data === undefined) return 0;
  let [count, at] = leb(data, 0);
  let end = 0;
  for (; count > 0; count--) {
    let mode: number;
    [mode, at] = leb(data, at);
    if (mode > 1) throw new Error('a segment of another memory than the only one');
    let offset = 0;
    if (mode === 0) {
      // i32.const, offset, end
      [offset, at] = leb(data, at + 1);
      at++;
    }
    let size: number;
    [size, at] = leb(data, at);
    end = Math.max(end, offset + size);
    at += size;
  }
  return end;
}

for (const [name, shared] of [
  ['pipeline', true],
  ['pipeline-scalar', true],
  ['standalone', false],
  ['standalone-scalar', false],
] as const) {
  const bytes = readFileSync(`dist/wasm/${name}.wasm`);
  const module = new WebAssembly.Module(bytes);

  test(`${name}: exports are the ABI and nothing else`, (t) => {
    t.deepEqual(
      WebAssembly.Module.exports(module)
        .map((entry) => entry.name)
        .filter((entry) => entry !== 'memory')
        .sort(),
      EXPORTS,
    );
  });

  test(`${name}: imports are its memory and the two calls to the host`, (t) => {
    t.deepEqual(
      WebAssembly.Module.imports(module)
        .map((entry) => `${entry.module}.${entry.name}`)
        .sort(),
      ['env.memory', 'env.onBlock', 'env.onEvents'],
    );
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared });
    const other = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: !shared });
    const env = { onBlock() {}, onEvents() {} };
    t.notThrows(() => new WebAssembly.Instance(module, { env: { ...env, memory } }));
    t.throws(() => new WebAssembly.Instance(module, { env: { ...env, memory: other } }));
  });

  test(`${name}: instances that share a memory do not disturb each other`, (t) => {
    const parts = sections(bytes);
    t.false(parts.has(START_SECTION), 'a start function would run once for each instance');
    t.true(dataEnd(parts.get(DATA_SECTION)) <= 65536, 'constants stay in the first page');
  });
}
