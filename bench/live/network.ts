import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { findTool } from '../measure/native.js';
import { Process, until } from './process.js';

export const ADDRESS = '10.99.0.1';
const CLIENT_ADDRESS = '10.99.0.2';
export const PORT = 11211;
/** Address of the server's end of the pair. */
export const DEVICE = 'srv0';
const CLIENT_DEVICE = 'cli0';

/** Programs that are needed. */
const NEEDED = ['ip', 'nsenter', 'unshare', 'setpriv', 'bash', 'memcached', 'memcaslap'];

/** Checks that live comparisons can run here, and that their contestants are known. @throws Error with the reason */
export function checkPlace(only: readonly string[], names: readonly string[]): void {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) throw new Error('needs Linux, and root');
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`--only knows no ${unknown.join()}, but ${names.join()}`);
  const missing = NEEDED.filter((tool) => 'missing' in findTool(tool));
  if (missing.length > 0) throw new Error(`needs ${missing.join(', ')}`);
}

const networkOf = (pid: number | string) => readlinkSync(`/proc/${pid}/ns/net`);

/**
 * Two network namespaces joined by a veth pair. They have no names, and end with the process that holds them.
 */
export class Network {
  readonly #server: Process;
  readonly #client: Process;
  readonly #signal: AbortSignal;
  readonly #running = new Set<Process>();

  private constructor(signal: AbortSignal) {
    const hold = ['unshare', '--net', 'sleep', 'infinity'];
    this.#signal = signal;
    this.#server = new Process(hold, signal);
    this.#client = new Process(hold, signal);
  }

  static async create(signal: AbortSignal): Promise<Network> {
    const network = new Network(signal);
    try {
      await network.#join();
    } catch (error) {
      await network.close();
      throw error;
    }
    return network;
  }

  async #join(): Promise<void> {
    const here = networkOf('self');
    const made = ({ pid }: Process) => networkOf(pid) !== here;
    await until(() => made(this.#server) && made(this.#client), 'network namespaces', this.#signal);
    execFileSync('ip', [
      ...['link', 'add', DEVICE, 'netns', String(this.#server.pid), 'type', 'veth'],
      ...['peer', 'name', CLIENT_DEVICE, 'netns', String(this.#client.pid)],
    ]);
    const ends = [
      [this.#server, DEVICE, ADDRESS],
      [this.#client, CLIENT_DEVICE, CLIENT_ADDRESS],
    ] as const;
    for (const [side, device, address] of ends) {
      this.#run(side, 'ip', 'address', 'add', `${address}/24`, 'dev', device);
      this.#run(side, 'ip', 'link', 'set', device, 'up');
    }
  }

  /** Ends all processes in the network. */
  async close(): Promise<void> {
    for (const program of [...this.#running, this.#client, this.#server]) await program.kill();
  }

  /** Packets over the pair in both directions, as counted by the device. */
  packets(): number {
    const [link] = JSON.parse(this.#run(this.#server, 'ip', '-s', '-j', 'link', 'show', DEVICE));
    return link.stats64.rx.packets + link.stats64.tx.packets;
  }

  /** Starts a program in the server's namespace. */
  startServer(command: readonly string[]): Process {
    return this.#start(this.#server, command);
  }

  /** Starts a program in the clients' namespace. */
  startClient(command: readonly string[]): Process {
    return this.#start(this.#client, command);
  }

  /** Whether a process listens on the server's port. */
  isServed(): boolean {
    try {
      this.#run(this.#client, 'bash', '-c', `exec 3<>/dev/tcp/${ADDRESS}/${PORT}`);
      return true;
    } catch {
      return false;
    }
  }

  /** Kills a program if it still runs, and forgets it. */
  async end(program: Process): Promise<void> {
    await program.kill();
    this.#running.delete(program);
  }

  #start(side: Process, command: readonly string[]): Process {
    const program = new Process(inside(side, command), this.#signal);
    this.#running.add(program);
    return program;
  }

  #run(side: Process, ...command: string[]): string {
    const [program, ...args] = inside(side, command);
    return execFileSync(program!, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }
}

function inside({ pid }: Process, command: readonly string[]): string[] {
  return ['nsenter', `--net=/proc/${pid}/ns/net`, ...command];
}
