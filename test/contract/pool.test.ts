import { spawnSync } from 'node:child_process';
import test from 'ava';

test('the code threads start from is that of this build', (t) => {
  const { status, stderr } = spawnSync(process.execPath, ['src/pool/build.mjs', '--check'], {
    encoding: 'utf8',
  });
  t.is(status, 0, stderr);
});
