/** `exportProfiles` as programs call it. */
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type ExportOptions, type ExportProgress, exportProfiles, record } from 'membench';
import { generateCapture } from '#bench/generate/generate.js';
import { temporary } from '../support/cli.js';
import { profiles } from './profiles.js';

const [paths, folder, remove] = profiles();
/** Large enough for threads. */
const LARGE = join(folder, 'large.mbp');
test.before(async () => {
  const source = join(folder, 'large.pcap');
  const fd = openSync(source, 'w');
  generateCapture({ exchanges: 60_000, multiget: 0.3 }, (chunk) => {
    for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
  });
  closeSync(fd);
  await record({ source, profile: LARGE, workers: 1 });
});
test.after.always(remove);

test('options nobody knows are refused', async (t) => {
  const refused = (options: object, message: RegExp) =>
    t.throwsAsync(
      exportProfiles({ profiles: [paths.one], format: 'csv', output: () => {}, ...options } as ExportOptions),
      { code: 'ERR_MEMBENCH_USAGE', message },
    );
  await refused({ sampel: 2 }, /there is no option sampel/);
  await refused({ profiles: [] }, /profiles are given as a list/);
  await refused({ profiles: paths.one }, /profiles are given as a list/);
  await refused({ format: 'xml' }, /there is no format xml/);
  await refused({ sample: 0 }, /sample is a positive whole number/);
  await refused({ output: 1 }, /output is a path, or a function/);
  await refused({ format: 'parquet' }, /parquet needs a file/);
});

for (const [size, path] of [
  ['small', () => paths.one],
  ['large', () => LARGE],
] as const) {
  test(`what a sink throws is passed on, and waited for: a ${size} profile`, async (t) => {
    const failure = new Error('the sink is full');
    await t.throwsAsync(
      exportProfiles({
        profiles: [path()],
        format: 'csv',
        output: () => {
          throw failure;
        },
      }),
      { is: failure },
    );
    let bytes = 0;
    let isBusy = false;
    const { bytes: told } = await exportProfiles({
      profiles: [path()],
      format: 'csv',
      output: async (chunk) => {
        t.false(isBusy);
        isBusy = true;
        await new Promise((resolve) => setTimeout(resolve, 2));
        bytes += chunk.length;
        isBusy = false;
      },
    });
    t.is(bytes, told);
  });

  test(`a signal stops it, and nothing stays: a ${size} profile`, async (t) => {
    const at = temporary(t);
    const abort = new AbortController();
    abort.abort();
    for (const format of ['csv', 'parquet'] as const) {
      await t.throwsAsync(
        exportProfiles({ profiles: [path()], format, output: join(at, 'out'), signal: abort.signal }),
        { code: 'ERR_MEMBENCH_ABORTED' },
      );
    }
    t.deepEqual(readdirSync(at), []);
  });
}

test('progress rises', async (t) => {
  const told: ExportProgress[] = [];
  const output = async () => {
    await new Promise((resolve) => setTimeout(resolve, 60));
  };
  const { events } = await exportProfiles({
    profiles: [LARGE],
    format: 'ndjson',
    output,
    onProgress: (progress) => told.push(progress),
  });
  t.true(told.length > 0);
  told.forEach((now, i) => {
    t.is(now.eventsTotal, events);
    t.true(now.events <= events && now.events > (told[i - 1]?.events ?? 0));
  });
});

test('times count from the first request where they are asked so', async (t) => {
  const exported = async (more: Partial<ExportOptions>) => {
    const { written } = await exportProfiles({ profiles: [LARGE], format: 'csv', output: () => {}, ...more });
    return written;
  };
  const all = await exported({});
  const half = { afterFirst: 300_000_000n };
  t.is((await exported({ from: half })) + (await exported({ to: half })), all);
  t.is(await exported({ from: 0n, to: 2n ** 70n }), all);
  t.is(await exported({ to: 1n }), 0);
});
