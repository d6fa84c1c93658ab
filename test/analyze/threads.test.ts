/** A profile large enough for two threads: the analysis is that of one. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { analyze, record } from 'membench';
import { generateCapture } from '#bench/generate/generate.js';
import { analyzeReaders } from '#src/analyze/analyze.js';
import { openAll } from '#src/profile/open-all.js';
import { temporary } from '../support/cli.js';

test('two threads say what one says, tell their progress, and end together', async (t) => {
  const folder = temporary(t);
  const source = join(folder, 'in.pcap');
  writeFileSync(source, '');
  generateCapture({ exchanges: 90_000, seed: 3, multiget: 0.5, multigetKeys: 10 }, (chunk) =>
    appendFileSync(source, chunk),
  );
  const profile = join(folder, 'out.mbp');
  await record({ source, profile, workers: 2 });
  const alone = await analyzeReaders(openAll([profile]));
  t.true(alone.events > 200_000, `${alone.events} events`);
  const told: number[] = [];
  const onProgress = (done: number, all: number) => {
    t.true(done <= all);
    told.push(done);
  };
  t.deepEqual(await analyze([profile], { onProgress }), alone);
  t.true(told.length > 0);
  const stop = new AbortController();
  const stopped = analyze([profile], { signal: stop.signal, onProgress: () => stop.abort() });
  await t.throwsAsync(stopped, { code: 'ERR_MEMBENCH_ABORTED' });
});
