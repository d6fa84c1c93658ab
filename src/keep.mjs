import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a bundle. With --check among the arguments it only checks that the bundle is up to date with its
 * sources.
 */
export function keep(path, text, command) {
  if (process.argv.includes('--check')) {
    if (readFileSync(path, 'utf8') === text) return;
    process.stderr.write(`${path} is out of date: ${command}\n`);
    process.exit(1);
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o755 });
}
