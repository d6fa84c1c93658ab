/**
 * Two network namespaces of our own joined by a veth pair, with a real memcached in one and its clients in
 * the other. Everything is gone at the test's end.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordSummary } from 'membench';

/** What tests need of AVA's context. */
interface Context {
  teardown(fn: () => void | Promise<void>): void;
}

export const SERVER = '10.99.0.1';
export const CLIENT = '10.99.0.2';
export const PORT = 11711;
/** The server's end of the pair. */
export const DEVICE = 'srv0';
export const CLIENT_DEVICE = 'cli0';

const TOOLS = ['memcached', 'memcaslap', 'tcpdump', 'ip', 'tc', 'bpftool', 'setpriv', 'setcap'];

/** Why live tests cannot run here, empty where they can. */
export function whyNotLive(): string {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  return missing.length ? `needs ${missing.join(', ')}` : '';
}

/**
 * Files of tests that look at what is in the kernel, or need the machine for themselves, run one after the
 * other: each holds a name for as long as its process lives. For `test.before`.
 */
export async function takeTurns(): Promise<void> {
  if (whyNotLive() !== '') return;
  while (!(await claim())) await sleep(100);
}

function claim(): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen('\0membench-live-tests', () => {
      server.unref();
      resolve(true);
    });
  });
}

/** Waits until something is true; what it throws means not yet. */
export async function until(what: () => boolean, seconds = 10): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    try {
      if (what()) return;
    } catch {
      // Not there yet.
    }
    await sleep(20);
  }
  throw new Error('waited in vain');
}

/** A running membench. */
export class Recording {
  readonly child: ChildProcess;
  said = '';
  #json = '';
  readonly #exit: Promise<unknown[]>;

  constructor(child: ChildProcess) {
    this.child = child;
    child.stderr!.on('data', (data) => {
      this.said += data;
    });
    child.stdout!.on('data', (data) => {
      this.#json += data;
    });
    this.#exit = once(child, 'close');
  }

  /** Resolves when packets are taken. */
  async running(): Promise<void> {
    await until(() => this.child.exitCode !== null || this.said.includes('recording '));
    if (this.child.exitCode !== null) throw new Error(this.said);
  }

  /** Pid of the process that decodes. */
  get recorderPid(): number {
    const out = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(this.child.pid)], {
      encoding: 'utf8',
    });
    return Number(/^ *(\d+) .*recorder\/main\.js\b/m.exec(out)![1]);
  }

  /** Waits for its end. */
  async ended(): Promise<number | null> {
    await this.#exit;
    return this.child.exitCode;
  }

  /** Stops it as a person would. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<RecordSummary> {
    this.child.kill(signal);
    const code = await this.ended();
    if (code !== 0) throw new Error(`exit ${code}: ${this.said}`);
    return this.summary;
  }

  get summary(): RecordSummary {
    return JSON.parse(this.#json);
  }
}

let networks = 0;

export class Network {
  readonly #server: string;
  readonly #client: string;
  readonly #children: ChildProcess[] = [];
  /** What runs membench. */
  node = process.execPath;
  /** The membench it runs. */
  main = 'dist/bin/membench.cjs';

  constructor(t: Context) {
    const id = `mb-${process.pid}-${networks++}`;
    this.#server = `${id}-s`;
    this.#client = `${id}-c`;
    execFileSync('ip', ['netns', 'add', this.#server]);
    execFileSync('ip', ['netns', 'add', this.#client]);
    t.teardown(async () => {
      for (const child of this.#children) await this.kill(child);
      for (const name of [this.#server, this.#client]) execFileSync('ip', ['netns', 'delete', name]);
    });
    this.addDevice();
    this.server('ip', 'link', 'set', 'lo', 'up');
    this.client('ip', 'link', 'set', 'lo', 'up');
  }

  /** Makes the pair, at the start or after it was deleted. */
  addDevice(): void {
    execFileSync('ip', [
      ...['link', 'add', DEVICE, 'netns', this.#server, 'type', 'veth'],
      ...['peer', 'name', CLIENT_DEVICE, 'netns', this.#client],
    ]);
    this.server('ip', 'address', 'add', `${SERVER}/24`, 'dev', DEVICE);
    this.client('ip', 'address', 'add', `${CLIENT}/24`, 'dev', CLIENT_DEVICE);
    this.server('ip', 'link', 'set', DEVICE, 'up');
    this.client('ip', 'link', 'set', CLIENT_DEVICE, 'up');
  }

  /** Name of the namespace the server is in. */
  get serverNamespace(): string {
    return this.#server;
  }

  /** Runs a command where the server is. */
  server(...command: string[]): string {
    return this.#run(this.#server, command);
  }

  /** Runs a command where the clients are. */
  client(...command: string[]): string {
    return this.#run(this.#client, command);
  }

  /** Starts a command where the server is. */
  start(...command: string[]): ChildProcess {
    return this.#startIn([], ...command);
  }

  #startIn(before: string[], ...command: string[]): ChildProcess {
    return this.#spawn([...before, 'ip', 'netns', 'exec', this.#server, ...command]);
  }

  #spawn([program, ...args]: string[]): ChildProcess {
    const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#children.push(child);
    return child;
  }

  async kill(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  memcached(...options: string[]): Promise<void> {
    return this.memcachedAs([], ...options);
  }

  /** The same behind another command, outside of the namespace. */
  async memcachedAs(before: string[], ...options: string[]): Promise<void> {
    this.#startIn(
      before,
      'memcached',
      '-u',
      'nobody',
      '-p',
      String(PORT),
      '-m',
      '256',
      '-t',
      '2',
      ...options,
    );
    await until(() => this.stats().pid !== undefined);
  }

  /** Starts `membench record`; --force and --json are given. */
  record(...args: string[]): Recording {
    return this.recordAs([], ...args);
  }

  /** The same behind another command, such as setpriv. */
  recordAs(before: string[], ...args: string[]): Recording {
    return new Recording(this.start(...before, ...this.#membench, ...args));
  }

  /** The same outside of the namespaces. */
  recordOutside(...args: string[]): Recording {
    return new Recording(this.#spawn([...this.#membench, ...args]));
  }

  get #membench(): string[] {
    return [this.node, this.main, 'record', '-p', String(PORT), '--json', '--force'];
  }

  /** Sends lines to the server and returns all it answers until it closes. */
  talk(request: string, host = SERVER): string {
    const script = `exec 3<>/dev/tcp/${host}/${PORT}; printf '${request}quit\\r\\n' >&3; cat <&3`;
    return host === SERVER ? this.client('bash', '-c', script) : this.server('bash', '-c', script);
  }

  stats(host = SERVER): Record<string, number> {
    const lines = this.talk('stats\\r\\n', host).matchAll(/^STAT (\w+) (\d+)\r$/gm);
    return Object.fromEntries([...lines].map(([, name, value]) => [name!, Number(value)]));
  }

  /**
   * Has tcpdump write everything of the server's port into a file. `stop()` waits until it has nothing to do:
   * interrupted, it leaves what it has not read yet in the kernel. It resolves to what tcpdump said.
   */
  async capture(path: string): Promise<{ stop(): Promise<string> }> {
    const filter = ['-s', '0', '-U', '-w', path, `tcp port ${PORT}`];
    const tcpdump = this.start('tcpdump', '-i', DEVICE, '-Z', 'root', '-B', '262144', ...filter);
    let said = '';
    tcpdump.stderr!.on('data', (data) => {
      said += data;
    });
    await until(() => said.includes('listening'));
    return {
      stop: async () => {
        for (let size = -1; size !== statSync(path).size; await sleep(1500)) size = statSync(path).size;
        await this.kill(tcpdump, 'SIGINT');
        return said;
      },
    };
  }

  /** So many gets and sets, nine to one, over so many connections. */
  load(requests: number, connections = 8, host = SERVER): void {
    const command = this.#memcaslap(host, connections, '-x', String(requests));
    if (host === SERVER) this.client(...command);
    else this.server(...command);
  }

  /** Such load, until the returned process is killed. */
  lastingLoad(connections: number): ChildProcess {
    const command = this.#memcaslap(SERVER, connections, '-t', '1h');
    return this.#spawn(['ip', 'netns', 'exec', this.#client, ...command]);
  }

  #memcaslap(host: string, connections: number, ...amount: string[]): string[] {
    return ['memcaslap', '-s', `${host}:${PORT}`, ...amount, '-c', String(connections), '-T', '1'];
  }

  #run(namespace: string, command: string[]): string {
    return execFileSync('ip', ['netns', 'exec', namespace, ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}
