import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { native } from '../root.js';

/** A program to run, or the reason why it is not available. */
export type Tool = { path: string } | { missing: string };

/** Looks up a program in PATH. */
export function findTool(name: string): Tool {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return { path };
    } catch {
      // The program may be in the next folder.
    }
  }
  return { missing: `${name} is not installed` };
}

/** Compiles a program of bench/native into `folder`. */
export function compile(source: string, folder: string, libraries: string[] = []): Tool {
  const compiler = process.env.CC ?? 'cc';
  const path = join(folder, basename(source, '.c'));
  const args = ['-O2', '-o', path, native(source), ...libraries.map((library) => `-l${library}`)];
  const { status, stderr, error } = spawnSync(compiler, args, { encoding: 'utf8' });
  if (error) return { missing: `${compiler} does not run: ${error.message}` };
  if (status === 0) return { path };
  const reason = stderr.split('\n').find((line) => line.includes('error')) ?? stderr.trim();
  return { missing: `${source} does not compile: ${reason}` };
}
