import { closeSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { OwnFile } from '#src/profile/own-file.js';
import { temporary } from '../support/cli.js';

function opened(t: { teardown(fn: () => void): void }) {
  const folder = temporary(t);
  const path = join(folder, 'a.mbp');
  const fd = openSync(path, 'wx');
  t.teardown(() => closeSync(fd));
  return { path, other: join(folder, 'b.mbp'), fd };
}

test('a file that is where it was made is all right, by whatever other names it goes', (t) => {
  const { path, other, fd } = opened(t);
  const file = new OwnFile(path, fd);
  linkSync(path, other);
  t.notThrows(() => file.check(fd));
});

test('one that was removed, replaced or moved is told, however soon that was', (t) => {
  const ways: [away: (path: string, other: string) => void, why: RegExp][] = [
    [(path) => rmSync(path), /removed or replaced/],
    [(path, other) => renameSync(path, other), /moved .* is in .*b\.mbp$/],
  ];
  for (const [away, why] of ways) {
    for (const early of [false, true]) {
      const { path, other, fd } = opened(t);
      // Early: between the opening of the file and the first look at its path.
      if (early) away(path, other);
      const file = new OwnFile(path, fd);
      if (!early) away(path, other);
      t.throws(() => file.check(fd), { message: why, code: 'ERR_MEMBENCH_PROFILE_WRITE' });
    }
  }
  const { path, fd } = opened(t);
  const file = new OwnFile(path, fd);
  rmSync(path);
  writeFileSync(path, '');
  t.throws(() => file.check(fd), { message: /removed or replaced/ });
});
