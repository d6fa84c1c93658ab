import { spawnSync } from 'node:child_process';
import test from 'ava';

for (const [what, script] of [
  ['the code threads start from', 'src/pool/build.mjs'],
  ['the code of the export threads', 'src/export/build.mjs'],
  ['the code of the thread that follows the order of events', 'src/analyze/build.mjs'],
  ['the command line that is run', 'src/cli/build.mjs'],
] as const) {
  test(`${what} is that of this build`, (t) => {
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    t.is(status, 0, stderr);
  });
}
