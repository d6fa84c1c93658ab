/**
 * Drives a memcached with a seeded mix of everything the text, meta and binary protocols have for data, every third
 * connection in binary:
 *
 *   node reconcile-client.js HOST PORT OPERATIONS CONNECTIONS SEED
 *
 * Every connection sends batches without waiting in between, each ended by `mn` or NOOP, and prints at the end how
 * many operations were sent. What an answer leaves open (whether a delete with noreply found anything, say)
 * is not sent, so that all of memcached's counters can be told from the wire.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { between, seeded } from '../support/random.js';
import { BinaryClient } from './reconcile-binary.js';

const [host, port, operations, connections, seed] = process.argv.slice(2);

/** Enough that gets miss, and few enough that they hit. */
const KEYS = 3000;
/** Above the item size limit of 1 MiB: refused, and swallowed. */
const TOO_LARGE = 1_100_000;

const END = 'MN\r\n';

class Client {
  readonly #socket: Socket;
  readonly #random: () => number;
  /** The end of what came, where the end of a batch is looked for. */
  #tail = '';
  /** The last answer to `gets`, for a cas that succeeds. */
  #unique = '1';
  #whole: string | null = null;
  #opaque = 0;
  sent = 0;

  constructor(socket: Socket, random: () => number) {
    this.#socket = socket;
    this.#random = random;
    socket.setNoDelay(random() < 0.5);
  }

  #one<T>(...choices: readonly T[]): T {
    return choices[between(this.#random, 0, choices.length - 1)]!;
  }

  #key(): string {
    return `key:${between(this.#random, 0, KEYS)}${this.#random() < 0.02 ? 'k'.repeat(200) : ''}`;
  }

  /** Never holds the end of a batch, but lines that look like requests and answers. */
  #value(): string {
    const random = this.#random();
    if (random < 0.05) return 'get key:1\r\nSTORED\r\nEND\r\nVALUE x 0 3\r\n';
    if (random < 0.1) return '';
    return 'v'.repeat(between(this.#random, 1, random < 0.97 ? 300 : 30_000));
  }

  /** One request, and how many operations it is. */
  #request(): [text: string, operations: number] {
    const key = this.#key();
    const ttl = this.#one(0, 0, 0, 3600, 2_592_000, -1);
    const value = this.#value();
    const flags = this.#one(0, 1, 4_294_967_295);
    const line = (command: string, rest = '') =>
      `${command} ${key} ${flags} ${ttl} ${value.length}${rest}\r\n${value}\r\n`;
    const quiet = this.#one('', '', '', ' noreply');
    const random = this.#random();
    if (random < 0.3) return [`get ${key}\r\n`, 1];
    if (random < 0.36) {
      const keys = Array.from({ length: between(this.#random, 2, 60) }, () => this.#key());
      return [`${this.#one('get', 'gets')} ${keys.join(this.#one(' ', '  '))}\r\n`, keys.length];
    }
    if (random < 0.4) {
      const keys = Array.from({ length: between(this.#random, 1, 5) }, () => this.#key());
      return [`${this.#one('gat', 'gats')} ${this.#one(0, 60)} ${keys.join(' ')}\r\n`, keys.length];
    }
    if (random < 0.52) return [line('set', quiet), 1];
    if (random < 0.6) return [line(this.#one('add', 'replace', 'append', 'prepend'), quiet), 1];
    if (random < 0.62) return [line('cas', ` ${between(this.#random, 1, 1_000_000)}`), 1];
    if (random < 0.66) return [`delete ${key}\r\n`, 1];
    if (random < 0.7)
      return [
        `${this.#one('incr', 'decr')} n${between(this.#random, 0, 20)} ${between(this.#random, 0, 99)}\r\n`,
        1,
      ];
    if (random < 0.72) return [`touch ${key} ${this.#one(0, 60)}\r\n`, 1];
    if (random < 0.73) return [`set n${between(this.#random, 0, 15)} 0 0 2\r\n10\r\n`, 1];
    if (random < 0.735)
      return [
        this.#one(
          'bogus\r\n',
          'get\r\n',
          'incr n1 zz\r\n',
          'mg a !\r\n',
          'verbosity 0\r\n',
          'version\r\n',
          'me key:1\r\n',
        ),
        1,
      ];
    return this.#meta(key, value);
  }

  #meta(key: string, value: string): [text: string, operations: number] {
    const random = this.#random();
    // Without an opaque of its own, what a quiet one did is not told where others could have got the answer.
    const own = ` O${++this.#opaque}`;
    const opaque = this.#one('', '', own, ' k', `${own} k`);
    const marks = this.#one(opaque, opaque, ` q${own}`);
    if (random < 0.5) return [`mg ${key} ${this.#one('v', 'v f t', 's', 'v c h l', 'v T60')}${marks}\r\n`, 1];
    if (random < 0.55) return [`mg ${Buffer.from(key).toString('base64').slice(0, 240)} b v\r\n`, 1];
    if (random < 0.8) {
      const unique = between(this.#random, 1, 99_999);
      const how = this.#one('', '', ' ME', ' MA', ' MP', ' MR', ' MS', ' T60', ' F7', ` C${unique}`);
      return [`ms ${key} ${value.length}${how}${marks}\r\n${value}\r\n`, 1];
    }
    if (random < 0.88) return [`md ${key}${marks}\r\n`, 1];
    const number = `n${between(this.#random, 0, 20)}`;
    return [`ma ${number}${this.#one('', ' v', ' MD', ' MI D5', ' MD D2 v')}${marks}\r\n`, 1];
  }

  /** Sends requests and waits until all are answered. */
  async batch(): Promise<void> {
    let text = '';
    for (let left = between(this.#random, 1, 30); left > 0; left--) {
      const [request, count] = this.#request();
      text += request;
      this.sent += count;
    }
    await this.#exchange(text);
    if (this.#random() < 0.1) await this.#compareAndSwap();
    if (this.#random() < 0.02) {
      // By itself: its error takes with it the answers that have not been sent.
      await this.#exchange(`get ${'k'.repeat(251)}\r\n`);
      this.sent++;
    }
    if (this.#random() < 0.00005) {
      await this.#exchange(`set large 0 0 ${TOO_LARGE}\r\n${'x'.repeat(TOO_LARGE)}\r\n`);
      this.sent++;
    }
  }

  /** A cas whose unique was read just before. */
  async #compareAndSwap(): Promise<void> {
    const key = this.#key();
    this.#whole = '';
    await this.#exchange(`gets ${key}\r\n`);
    this.#unique = /^VALUE \S+ \d+ \d+ (\d+)\r\n/.exec(this.#whole)?.[1] ?? this.#unique;
    this.#whole = null;
    await this.#exchange(`cas ${key} 0 0 1 ${this.#unique}\r\nc\r\n`);
    this.sent += 2;
  }

  async #exchange(text: string): Promise<void> {
    this.#tail = '';
    this.#socket.write(`${text}mn\r\n`, 'latin1');
    while (!this.#tail.endsWith(END)) {
      const [chunk] = (await once(this.#socket, 'data')) as [Buffer];
      const came = chunk.toString('latin1');
      if (this.#whole !== null) this.#whole += came;
      this.#tail = (this.#tail + came).slice(-END.length);
    }
  }

  end(): void {
    this.#socket.end('quit\r\n');
  }
}

const wanted = Number(operations);
const clients = await Promise.all(
  Array.from({ length: Number(connections) }, async (_, i) => {
    const socket = connect(Number(port), host!);
    await once(socket, 'connect');
    const random = seeded(Number(seed) + i);
    return i % 3 === 2 ? new BinaryClient(socket, random, i) : new Client(socket, random);
  }),
);
const sent = () => clients.reduce((sum, client) => sum + client.sent, 0);
await Promise.all(
  clients.map(async (client) => {
    while (sent() < wanted) await client.batch();
    client.end();
  }),
);
process.stdout.write(`${sent()}\n`);
