import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = 'dist/bin/membench.cjs';

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs membench to its end. */
export function membench(args: readonly string[], env: NodeJS.ProcessEnv = {}): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 1 << 28,
  });
  return { code: status, stdout, stderr };
}

/**
 * Starts membench and leaves it running.
 *
 * @param before a command that runs it, nohup(1) for example
 */
export function startMembench(args: readonly string[], before: readonly string[] = []): ChildProcess {
  const [command, ...rest] = [...before, process.execPath, MAIN, ...args];
  return spawn(command!, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A folder for one test, removed at its end. */
export function temporary(t: { teardown(fn: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'membench-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
