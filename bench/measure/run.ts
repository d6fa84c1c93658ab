import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { ROOT } from '../root.js';
import { ended } from './child.js';

/** Resources that a process used. */
export interface Usage {
  /** Wall time from start to exit, seconds. */
  wall: number;
  /** User and system time of all threads, seconds; null where it cannot be measured. */
  cpu: number | null;
  /** Peak resident memory, bytes; null where it cannot be measured. */
  peak: number | null;
}

/** Settings for measuring processes. */
export interface Bench {
  /** Temporary folder. */
  folder: string;
  signal: AbortSignal;
  /** The compiled bench/native/rusage.c; undefined where it could not be compiled. */
  rusage: string | undefined;
}

/** Lines of a failed command's output that are shown. */
const SAID_LINES = 5;

/** Runs a command in the project's folder. @throws Error where it fails */
export async function run(
  bench: Bench,
  command: readonly string[],
): Promise<{ usage: Usage; stdout: string }> {
  const result = join(bench.folder, 'rusage.json');
  const [program, ...args] = bench.rusage === undefined ? command : [bench.rusage, result, ...command];
  const start = performance.now();
  const child = spawn(program!, args, { cwd: ROOT, signal: bench.signal, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended(child)]);
  const wall = (performance.now() - start) / 1000;
  if (code !== 0) {
    const said = stderr.trim().split('\n').slice(-SAID_LINES).join('\n');
    throw new Error(`${command.join(' ')} ended with ${code}\n${said}`);
  }
  if (bench.rusage === undefined) return { usage: { wall, cpu: null, peak: null }, stdout };
  const measured = JSON.parse(readFileSync(result, 'utf8'));
  return {
    usage: {
      wall: measured.wall,
      cpu: Math.round((measured.user + measured.system) * 1e6) / 1e6,
      peak: measured.peak,
    },
    stdout,
  };
}
