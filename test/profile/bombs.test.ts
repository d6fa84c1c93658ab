import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { MembenchError } from 'membench/profile';
import type { Ending } from './bomb-child.js';
import { BOMBS, LENGTHS, lyingLength } from './bombs.js';
import { readAll } from './read-all.js';
import { file } from './support.js';

/** Memory reading may take, whatever the profile says: a block of 16 MiB with all that is made of it. */
const GROWN_MAX = 384 * 1024 * 1024;

for (const [what, { ends, analyzed }] of Object.entries(BOMBS)) {
  test.serial(`bounded: ${what}`, async (t) => {
    t.timeout(60_000);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--max-old-space-size=512', 'build/test/profile/bomb-child.js', what],
      { timeout: 60_000 },
    );
    const { open, verify, analyze, grown } = JSON.parse(stdout) as Ending;
    t.log(`${Math.round(grown / 2 ** 20)} MiB`);
    t.true(grown < GROWN_MAX, `${grown} bytes more`);
    if (typeof open === 'string' || typeof verify === 'string' || typeof analyze === 'string') {
      t.is(ends, 'refused');
      t.deepEqual([open, verify, analyze], Array(3).fill('ERR_MEMBENCH_NOT_A_PROFILE'));
      return;
    }
    t.not(ends, 'refused');
    t.true(open.good, 'the good block is read');
    t.false(verify.perfect);
    t.is(analyze.events, analyzed ?? open.events);
    if (ends === 'passed over') t.is(open.events, 1);
    t.notRegex(analyze.report, /NaN|undefined|function|[^\P{Cc}\n]/u);
    for (const list of [open.damage, verify.problems, verify.damage]) t.true(list <= 10_000);
    t.true(open.notes <= 100_000);
  });
}

for (const length of LENGTHS) {
  test(`a frame that says it is ${length} bytes long`, async (t) => {
    const all = await readAll(file(t, lyingLength(length)));
    if (all instanceof MembenchError) throw all;
    t.is(all.events.length, 1);
    t.deepEqual(all.missing, [{ worker: 0, seq: 0 }]);
    t.deepEqual(all.verification.blocks.missing, all.missing);
    t.false(all.verification.perfect);
    t.like(all.analysis, { events: 1, complete: false, loss: { missing_blocks: 1 } });
  });
}
