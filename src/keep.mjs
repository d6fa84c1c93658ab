import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes a bundle; with --check among the arguments it says only whether it is up to date: what it is made of may be newer. */
export function keep(path, text, command) {
  if (process.argv.includes('--check')) {
    if (readFileSync(path, 'utf8') === text) return;
    process.stderr.write(`${path} is not of these sources: ${command}\n`);
    process.exit(1);
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o755 });
}
