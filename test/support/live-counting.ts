/** `membench count` beside the server of a test's network. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { CountReport } from 'membench';
import { DEVICE, type Network, PORT, until } from './network.js';

/** A running `membench count`. */
export class Counting {
  readonly child: ChildProcess;
  said = '';
  out = '';
  readonly #closed: Promise<unknown>;

  constructor(network: Network, options: readonly string[], by: readonly string[] = []) {
    const command = ['dist/bin/membench.cjs', 'count', '-p', String(PORT), ...options, `ebpf:${DEVICE}`];
    this.child = network.start(...by, process.execPath, ...command);
    this.child.stderr!.on('data', (data) => {
      this.said += data;
    });
    this.child.stdout!.on('data', (data) => {
      this.out += data;
    });
    this.#closed = once(this.child, 'close');
  }

  async running(): Promise<this> {
    await until(() => this.child.exitCode !== null || this.said.includes('counting on'));
    if (this.child.exitCode !== null) throw new Error(this.said);
    return this;
  }

  /** Stops it as a person would. Returns its exit code. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGINT');
    return this.ended();
  }

  async ended(): Promise<number | null> {
    await this.#closed;
    return this.child.exitCode;
  }

  get reports(): CountReport[] {
    return this.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }

  get total(): CountReport['total'] {
    return this.reports.at(-1)!.total;
  }
}
