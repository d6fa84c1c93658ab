import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { emitAll } from '#src/layout/emit.js';
import { schema } from '#src/layout/schema.js';

for (const [path, text] of emitAll(schema)) {
  test(`${path} is what the schema gives`, (t) => {
    t.is(readFileSync(path, 'utf8'), text);
  });
}

const compiler = ['clang', 'cc'].find((name) => spawnSync(name, ['--version']).status === 0);
(compiler ? test : test.skip)(
  `bpf/layout.h compiles, and its assertions hold${compiler ? '' : ' (no C compiler here)'}`,
  (t) => {
    t.notThrows(() =>
      execFileSync(compiler!, ['-fsyntax-only', '-Wall', '-Werror', '-x', 'c', 'bpf/layout.h'], {
        stdio: 'pipe',
      }),
    );
  },
);
