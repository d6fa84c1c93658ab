import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ended } from '../measure/child.js';
import { ROOT } from '../root.js';

/** Time between two checks of a condition, ms. */
const LOOK = 10;

/** Waits until a condition is true. @throws Error with `what` where it takes too long */
export async function until(
  isTrue: () => boolean,
  what: string,
  signal: AbortSignal,
  seconds = 20,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await sleep(LOOK, undefined, { signal });
  }
}

/** A running program, which ends with this process, for any reason. */
export class Process {
  readonly command: readonly string[];
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #gone = false;

  constructor(command: readonly string[], signal: AbortSignal) {
    this.command = command;
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
      cwd: ROOT,
      signal,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout!.on('data', (data) => {
      this.stdout += data;
    });
    this.#child.stderr!.on('data', (data) => {
      this.stderr += data;
    });
    this.#ended = ended(this.#child).finally(() => {
      this.#gone = true;
    });
    // The error is reported by `wait`.
    this.#ended.catch(() => {});
  }

  /** Process id: setpriv and the other wrappers exec the program, so that it has theirs. */
  get pid(): number {
    return this.#child.pid!;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Waits for the end of the program. @throws Error where it fails */
  async done(): Promise<void> {
    const code = await this.#ended;
    if (code !== 0) throw new Error(`${this.command.join(' ')} ended with ${code}\n${this.stderr.trim()}`);
  }

  /** Asks the program to end, and waits for it. @throws Error where it fails */
  async stop(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    await this.done();
  }

  /** Kills the program, and waits for its end. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended.catch(() => {});
  }
}
