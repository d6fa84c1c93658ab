/** Exports large enough for threads, of blocks so small that many are decoded ahead and their memory is used again. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type ExportOptions, exportProfiles } from 'membench';
import { generateCapture } from '#bench/generate/generate.js';
import { temporary } from '../support/cli.js';
import { recordInProcess } from '../support/in-process.js';
import { eventsOf } from './profiles.js';

const CHUNKS: Uint8Array[] = [];
generateCapture({ exchanges: 70_000, flows: 50, keys: 3000, multiget: 0.4, seed: 16 }, (chunk) => {
  CHUNKS.push(chunk.slice());
});
const CAPTURE = Buffer.concat(CHUNKS);

async function ndjson(options: Pick<ExportOptions, 'profiles'> & Partial<ExportOptions>): Promise<string> {
  const chunks: Uint8Array[] = [];
  await exportProfiles({ format: 'ndjson', ...options, output: (bytes) => void chunks.push(bytes) });
  return Buffer.concat(chunks).toString('latin1');
}

/** Whether two texts are equal, without a difference of megabytes where they are not. */
function differ(a: string, b: string): string | null {
  if (a === b) return null;
  const lines = b.split('\n');
  const at = a.split('\n').findIndex((line, i) => line !== lines[i]);
  return `line ${at}: ${a.split('\n')[at]} is not ${lines[at]}`;
}

test('the events of 1, 2 and 4 workers are the same bytes, and those of the reader', async (t) => {
  const at = temporary(t);
  let first: string | null = null;
  for (const workers of [1, 2, 4]) {
    const profile = join(at, `${workers}.mbp`);
    writeFileSync(profile, recordInProcess(CAPTURE, { workers, map: { blockEvents: 2048 } }).profile);
    const text = await ndjson({ profiles: [profile] });
    if (first === null) {
      const events = eventsOf(profile);
      t.true(events.length > 100_000);
      first = events.map((event) => `${JSON.stringify(event)}\n`).join('');
    }
    t.is(differ(text, first), null, `${workers} workers`);
  }
});

test('events that pass a filter keep their numbers, however few they are', async (t) => {
  const profile = join(temporary(t), 'a.mbp');
  writeFileSync(profile, recordInProcess(CAPTURE, { workers: 2, map: { blockEvents: 1024 } }).profile);
  const events = eventsOf(profile);
  const [from, to] = [events[50_000]!.ts_ns, events[90_000]!.ts_ns].map(BigInt) as [bigint, bigint];
  for (const filter of [{ ops: ['delete'] }, { from, to, ops: ['set', 'mg'] }]) {
    const { from: start = 0n, to: end = 2n ** 64n } = filter as { from?: bigint; to?: bigint };
    const expected = events.filter(
      ({ ts_ns, op }) => BigInt(ts_ns) >= start && BigInt(ts_ns) < end && filter.ops.includes(op),
    );
    t.true(expected.length > 0);
    const text = expected.map((event) => `${JSON.stringify(event)}\n`).join('');
    t.is(differ(await ndjson({ profiles: [profile], ...filter }), text), null);
  }
});
