/** Parts of the page that need no browser: they are bundled here as they are there. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { build } from 'esbuild';
import fc from 'fast-check';
import { analyze, record } from 'membench';
import { verifyProfile } from 'membench/profile';
import { temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';

async function load<Module>(entry: string): Promise<Module> {
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: 'esm' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`);
}

interface Bytes {
  size: number;
  read(offset: number, most: number): Uint8Array;
}
interface Capture {
  add(chunk: Uint8Array): void;
  end(): string | null;
  profile(name: string, done: boolean): Bytes;
}
type Axis = { kind: string; show(value: number): string };
interface Scales {
  marksOf(axis: Axis, range: [number, number], room: number): number[];
  rangeOf(axis: Axis, places: number[]): [number, number];
}

test('what the page makes of a capture is a profile, whole at any moment', async (t) => {
  const { CaptureProfile } = await load<{ CaptureProfile: { create(ports: number[][]): Promise<Capture> } }>(
    'src/page/capture.ts',
  );
  const packets = interleave(
    ...Array.from({ length: 20 }, (_, i) =>
      packetsOf(randomConversation(i, 60), { clientPort: 30000 + i, cut: 'random' }),
    ),
  );
  const bytes = pcapFile(packets);
  const folder = temporary(t);
  writeFileSync(join(folder, 'a.pcap'), bytes);
  await record({ source: join(folder, 'a.pcap'), profile: join(folder, 'a.mbp'), workers: 1 });
  const capture = await CaptureProfile.create([[11211, 11211]]);
  const save = (name: string, done: boolean) => {
    const made = capture.profile(name, done);
    const path = join(folder, name);
    writeFileSync(path, made.read(0, made.size));
    return path;
  };
  for (let at = 0; at < bytes.length; at += 10_007) {
    capture.add(bytes.subarray(at, at + 10_007));
    if (at > bytes.length / 2 && at < bytes.length / 2 + 10_007) {
      t.true(verifyProfile(save('half.mbp', false)).perfect);
    }
  }
  t.is(capture.end(), null);
  const path = save('page.mbp', true);
  t.deepEqual(verifyProfile(path).problems, []);
  const [own, wanted] = [await analyze([path]), await analyze([join(folder, 'a.mbp')])];
  // Names of keys depend on the secret, which is another one each time; how often there are, does not.
  for (const { keys } of [own, wanted]) {
    for (const list of [keys.top, keys.by_bytes, keys.by_misses, keys.by_writes]) {
      for (const one of list) one.key = '';
    }
    keys.stable_top100 = null;
  }
  t.deepEqual(own, wanted);
});

test('parts of a profile in memory read as one', async (t) => {
  const { PartBytes } = await load<{ PartBytes: new (name: string, parts: Uint8Array[]) => Bytes }>(
    'src/page/blob-bytes.ts',
  );
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 5 })), fc.nat(30), fc.nat(30), (parts, offset, most) => {
      const whole = Buffer.concat(parts);
      const made = new PartBytes('x', parts);
      return (
        made.size === whole.length && whole.subarray(offset, offset + most).equals(made.read(offset, most))
      );
    }),
  );
  t.pass();
});

test('an axis has marks that are inside, rising, and not too many, whatever it shows', async (t) => {
  const { marksOf, rangeOf } = await load<Scales>('src/page/scales.ts');
  const places = fc.array(fc.double({ min: 1e-3, max: 1e12, noNaN: true }), { maxLength: 6 });
  const kinds = fc.constantFrom('linear', 'log2', 'log10', 'time', 'names');
  fc.assert(
    fc.property(kinds, places, fc.integer({ min: 2, max: 14 }), (kind, values, room) => {
      const axis = { kind, show: String };
      const log = kind === 'log2' ? Math.log2 : kind === 'log10' ? Math.log10 : (value: number) => value;
      const own = kind === 'names' ? values.map((_, i) => i) : values.map(log);
      const range = rangeOf(axis, own);
      const marks = marksOf(axis, range, room);
      const slack = 1e-6 * (range[1] - range[0]);
      return (
        range[0] < range[1] &&
        marks.every((mark) => mark >= range[0] - slack && mark <= range[1] + slack) &&
        marks.every((mark, i) => i === 0 || mark > marks[i - 1]!) &&
        marks.length <= room + 1
      );
    }),
  );
  // A single value has an axis, too.
  const time = { kind: 'time', show: String };
  t.deepEqual(
    marksOf(time, rangeOf(time, [1_767_225_600]), 3),
    [1_767_225_599, 1_767_225_600, 1_767_225_601],
  );
});
