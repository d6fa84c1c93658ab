import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Script } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import { temporary } from '../support/cli.js';

const LAUNCHER = resolve('dist/bin/membench.cjs');

/** Copies the program, changes its folder, and returns what it prints as its version. */
function versionAfter(t: ExecutionContext, change: (bin: string) => void): string {
  const folder = temporary(t);
  const bin = join(folder, 'dist/bin');
  cpSync('dist/bin', bin, { recursive: true });
  copyFileSync('package.json', join(folder, 'package.json'));
  change(bin);
  const { stdout, stderr } = spawnSync(process.execPath, [join(bin, 'membench.cjs'), '--version'], {
    encoding: 'utf8',
  });
  t.is(stderr, '');
  return stdout;
}

const { version } = createRequire(import.meta.url)(resolve('package.json'));

test('V8 takes the code that was kept by the build', (t) => {
  const { compile } = createRequire(import.meta.url)(LAUNCHER) as { compile(): Script };
  t.false(compile().cachedDataRejected);
});

test('without kept code the program starts, too', (t) => {
  t.is(
    versionAfter(t, (bin) => rmSync(join(bin, 'commands.code'))),
    `${version}\n`,
  );
});

for (const [what, bytes] of [
  ['empty', new Uint8Array(0)],
  ['that of something else', new Uint8Array(4096).fill(0xa5)],
] as const) {
  test(`kept code that is ${what} is not used`, (t) => {
    t.is(
      versionAfter(t, (bin) => writeFileSync(join(bin, 'commands.code'), bytes)),
      `${version}\n`,
    );
  });
}
