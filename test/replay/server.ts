/** Servers and profiles for tests of replay. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packetsOf, type Turn } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { type Packet, pcapFile } from '../support/packets.js';

interface Context {
  teardown(fn: () => void | Promise<void>): void;
}

/** Writes a profile of conversations, one a connection, and returns its path. */
export function profileOf(folder: string, packets: readonly Packet[], name = 'load.mbp'): string {
  const path = join(folder, name);
  writeFileSync(path, recordInProcess(pcapFile(packets)).profile);
  return path;
}

export const profileOfTurns = (folder: string, turns: readonly Turn[]) => profileOf(folder, packetsOf(turns));

/**
 * A server that answers as a test says, and keeps what was sent to it. It also gets the question that is asked before a
 * replay, `stats`, which it answers by itself, unless the test wants it.
 */
export async function fakeServer(
  t: Context,
  answer: (data: string, socket: Socket, connection: number) => void,
  options: { items?: number; stats?: 'silent' } = {},
): Promise<{ server: string; received: string[] }> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let number = -1;
    socket.on('data', (bytes) => {
      const data = bytes.toString('latin1');
      if (number < 0 && data === 'stats\r\n') {
        if (options.stats !== 'silent') socket.write(`STAT curr_items ${options.items ?? 0}\r\nEND\r\n`);
        return;
      }
      if (number < 0) number = received.push('') - 1;
      received[number] += data;
      answer(data, socket, number);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { server: `127.0.0.1:${(server.address() as { port: number }).port}`, received };
}

/** A port nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A memcached of its own on loopback. */
export class Memcached {
  readonly server: string;
  readonly child: ChildProcess;
  readonly #port: number;

  private constructor(port: number, options: readonly string[]) {
    this.#port = port;
    this.server = `127.0.0.1:${port}`;
    const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
    const more = options.map((option) => (option === 'PORT' ? String(port) : option));
    const args = [...user, '-l', '127.0.0.1', '-p', String(port), '-t', '2', ...more];
    this.child = spawn('memcached', args, { stdio: 'ignore' });
  }

  /** @param options of memcached; PORT stands for its port */
  static async start(t: Context, ...options: string[]): Promise<Memcached> {
    const memcached = new Memcached(await freePort(), options);
    t.teardown(() => memcached.kill());
    for (let tries = 0; tries < 200; tries++) {
      try {
        const socket = connect(memcached.#port, '127.0.0.1');
        await once(socket, 'connect');
        socket.destroy();
        return memcached;
      } catch {
        await sleep(25);
      }
    }
    throw new Error('memcached does not start');
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  /** Sends lines, and returns all that is answered until the server closes. */
  async talk(request: string): Promise<string> {
    const socket = connect(this.#port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    socket.write(`${request}quit\r\n`);
    await once(socket, 'close');
    return answer;
  }

  async stats(): Promise<Record<string, number>> {
    const answer = await this.talk('stats\r\n');
    return Object.fromEntries(
      [...answer.matchAll(/^STAT (\w+) (\d+)\r$/gm)].map(([, name, value]) => [name!, Number(value)]),
    );
  }
}

/** Whether memcached is here. */
export const hasMemcached = await new Promise<boolean>((resolve) => {
  const child = spawn('memcached', ['-V'], { stdio: 'ignore' });
  child.on('error', () => resolve(false));
  child.on('exit', (code) => resolve(code === 0));
});
