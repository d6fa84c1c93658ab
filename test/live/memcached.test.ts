import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { analyze, record } from 'membench';
import { temporary } from '../support/cli.js';

const PORT = 11711;
const TOOLS = ['memcached', 'memcaslap', 'tcpdump', 'ip'];
const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
const reason = process.getuid?.() !== 0 ? 'needs root' : missing.length ? `needs ${missing.join(', ')}` : '';
const live = reason === '' ? test.serial : test.serial.skip;

/** A network namespace of our own with nothing but loopback; removed at the end with all that runs in it. */
class Namespace {
  readonly #name = `membench-test-${process.pid}`;
  readonly #children: ChildProcess[] = [];

  constructor(t: ExecutionContext) {
    execFileSync('ip', ['netns', 'add', this.#name]);
    t.teardown(async () => {
      for (const child of this.#children) await this.stop(child, 'SIGKILL');
      execFileSync('ip', ['netns', 'delete', this.#name]);
    });
    this.run('ip', 'link', 'set', 'lo', 'up');
  }

  run(...command: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.#name, ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  start(...command: string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.#name, ...command], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#children.push(child);
    return child;
  }

  async stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  /** Sends lines to the server and returns all it answers until it closes. */
  talk(request: string): string {
    return this.run(
      'bash',
      '-c',
      `exec 3<>/dev/tcp/127.0.0.1/${PORT}; printf '${request}quit\\r\\n' >&3; cat <&3`,
    );
  }

  stats(): Record<string, number> {
    const lines = this.talk('stats\\r\\n').matchAll(/^STAT (\w+) (\d+)\r$/gm);
    return Object.fromEntries([...lines].map(([, name, value]) => [name!, Number(value)]));
  }
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 100; i++) {
    try {
      if (what()) return;
    } catch {
      // Not there yet.
    }
    await sleep(50);
  }
  throw new Error('waited in vain');
}

live(
  `a real memcached under memcaslap: the profile gives exactly its own stats${reason && ` (${reason})`}`,
  async (t) => {
    t.timeout(120_000);
    const folder = temporary(t);
    const space = new Namespace(t);
    const capture = join(folder, 'traffic.pcap');
    space.start('memcached', '-u', 'nobody', '-l', '127.0.0.1', '-p', String(PORT), '-m', '64', '-t', '2');
    await until(() => space.stats().pid !== undefined);
    const tcpdump = space.start(
      'tcpdump',
      '-i',
      'lo',
      '-Z',
      'root',
      '-B',
      '262144',
      '-s',
      '0',
      '-U',
      '-w',
      capture,
      `tcp port ${PORT}`,
    );
    let said = '';
    tcpdump.stderr!.on('data', (data) => {
      said += data;
    });
    await until(() => said.includes('listening'));
    const before = space.stats();
    space.run('memcaslap', '-s', `127.0.0.1:${PORT}`, '-x', '40000', '-c', '16', '-T', '2');
    space.talk(
      'get none\\r\\nget none nothing\\r\\nset a 0 0 1\\r\\nx\\r\\nget a none a\\r\\nmg a v\\r\\nmg none v\\r\\nms b 1\\r\\ny\\r\\n',
    );
    const after = space.stats();
    // Interrupted, tcpdump leaves what it has not read yet in the kernel: wait until it has nothing to do.
    for (let size = -1; size !== statSync(capture).size; await sleep(1500)) size = statSync(capture).size;
    await space.stop(tcpdump);
    t.regex(said, /\n0 packets dropped by kernel/);

    const profile = join(folder, 'out.mbp');
    const summary = await record({ source: capture, profile, workers: 2, ports: [[PORT, PORT]] });
    t.is(summary.gaps, 0);
    t.is(summary.unanswered, 0);
    t.is(summary.packets.seen, summary.packets.decoded);
    const { ops } = await analyze([profile]);
    const delta = (name: string) => after[name]! - before[name]!;
    const get = {
      count: ops.get!.count + ops.mg!.count,
      hits: ops.get!.hits + ops.mg!.hits,
      misses: ops.get!.misses + ops.mg!.misses,
    };
    t.deepEqual(get, { count: delta('cmd_get'), hits: delta('get_hits'), misses: delta('get_misses') });
    t.is(ops.set!.count + ops.ms!.count, delta('cmd_set'));
    t.true(get.hits > 30_000);
    t.is(get.misses, 5);
  },
);
