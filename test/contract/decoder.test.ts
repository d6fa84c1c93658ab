/** The decoder stands alone: what it needs is found by following its imports, and nothing else is there. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test from 'ava';
import { record } from 'membench';
import { type CacheEvent, createDecoder } from 'membench/decoder';
import { openProfile, readEvents } from 'membench/profile';
import { temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';

const ENTRY = 'dist/decoder.js';
const PCAP = pcapFile(
  interleave(
    ...[1, 2, 3, 4].map((i) =>
      packetsOf(randomConversation(i, 80), { cut: 'random', clientPort: 44000 + i }),
    ),
  ),
);
const KEY = new Uint8Array(16).fill(3);

/** Every file a module imports, itself included, and every package. */
function graph(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, name] of text.matchAll(/(?:from|import\(|^import)\s*['"]([^'"]+)['"]/gm)) {
      if (name!.startsWith('.')) visit(join(dirname(file), name!));
      else packages.add(name!);
    }
  };
  visit(entry);
  return { files, packages };
}

test('its files import each other and nothing else, none of Node either', (t) => {
  const { files, packages } = graph(ENTRY);
  t.deepEqual([...packages], []);
  t.true(files.has('dist/decode/embedded-scalar.js'));
});

for (const simd of ['1', '0']) {
  test(`it runs where no package can be resolved, ${simd === '1' ? 'with vectors' : 'scalar'}`, (t) => {
    const folder = temporary(t);
    for (const file of graph(ENTRY).files) {
      const copy = join(folder, relative('dist', file));
      mkdirSync(dirname(copy), { recursive: true });
      copyFileSync(file, copy);
    }
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'capture'), PCAP);
    writeFileSync(
      join(folder, 'run.js'),
      `import { readFileSync } from 'node:fs';
       import { createDecoder } from './decoder.js';
       for (const name of ['cap', 'koffi', 'piscina']) await import(name).then(() => process.exit(9), () => {});
       const decoder = await createDecoder({ key: new Uint8Array(16).fill(3) });
       process.stdout.write(JSON.stringify([...decoder.decode(readFileSync('capture')), ...decoder.end()]));`,
    );
    const options = { cwd: folder, env: { ...process.env, MEMBENCH_SIMD: simd }, maxBuffer: 1 << 28 };
    const events = JSON.parse(execFileSync(process.execPath, ['run.js'], { ...options, encoding: 'utf8' }));
    t.true(events.length > 300);
  });
}

test('its events are those of record', async (t) => {
  const folder = temporary(t);
  const [source, profile, keyFile] = ['a.pcap', 'a.mbp', 'key'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(source, PCAP);
  writeFileSync(keyFile, KEY, { mode: 0o600 });
  await record({ source, profile, keyFile, workers: 2 });
  const decoder = await createDecoder({ key: KEY });
  // Each comes when its answer does, and is numbered so.
  const bare = (events: Iterable<CacheEvent>) =>
    [...events].map((event) => JSON.stringify({ ...event, conn: 0, request: 0 })).sort();
  using reader = openProfile(profile);
  t.deepEqual(bare([...decoder.decode(PCAP), ...decoder.end()]), bare(readEvents(reader)));
});
