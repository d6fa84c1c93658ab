import { mkdtempSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string | undefined;
let used = false;

/**
 * Lends an empty folder for files, which are gone afterwards. It is the same one as long as the thread lives: to make
 * and remove a folder takes as long as to record a short capture, and some tests do that thousands of times.
 */
export function inScratch<T>(use: (folder: string) => T): T {
  if (used) throw new Error('the folder is in use');
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'membench-test-'));
    folder = made;
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  used = true;
  try {
    return use(folder);
  } finally {
    for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
    used = false;
  }
}
