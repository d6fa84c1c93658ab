/**
 * Sends requests nowhere, before the first one is due: code that runs for the first times is compiled meanwhile, which takes
 * hundreds of milliseconds in which the first requests would be late.
 */
import { HAS } from '../profile/shapes.js';
import { Commands } from './commands.js';
import { Incoming } from './incoming.js';
import { makeRows } from './made-rows.js';
import { Sender, type SenderOptions } from './sender.js';
import { type CommandShape, OPS, S, shapeOf } from './shapes.js';
import type { Tally } from './tally.js';
import type { Wire, WireEvents, Wires } from './wire.js';

/** Requests, and how far apart they are. */
const REQUESTS = 6000;
const GAP_NS = 20_000;
const CONNECTIONS = 50;
const KEY_SIZE = 30;
const VALUE_SIZE = 100;

/** Returns what became of the requests. */
export async function rehearse(options: SenderOptions): Promise<Tally> {
  const incoming = new Incoming(
    () => {},
    () => {},
  );
  const share = {
    protocol: 'as-recorded',
    sample: 1,
    clients: 0,
    threads: 1,
    thread: 0,
    workers: 1,
  } as const;
  const commands = new Commands(incoming, share);
  const wires = new RehearsalWires();
  const none = { fill: false, login: null, clients: [], timeout: Number.POSITIVE_INFINITY, maxErrors: 1 };
  const sender = new Sender(commands, { ...options, ...none }, wires, 0n);
  // As a block comes from another thread: code is compiled for such objects.
  incoming.put(structuredClone({ start: 0, rows: madeUp(), records: [] }));
  incoming.put('end');
  await sender.run({
    ...{ pace: { kind: options.asap ? 'asap' : 'speed', factor: 1 }, maxRate: null },
    ...{ startMs: performance.timeOrigin + performance.now() },
    ...{ durationMs: Number.POSITIVE_INFINITY, requests: Number.POSITIVE_INFINITY },
  });
  sender.close();
  return sender.tally;
}

/** Gets that hit and miss, of one key and of two, and sets, in all protocols. */
function madeUp() {
  const rows = makeRows(REQUESTS, [
    shape('get', 'text', S.hit),
    shape('get', 'text', S.miss),
    shape('set', 'text', S.stored),
    shape('get', 'binary', S.hit),
    shape('set', 'binary', S.stored),
    shape('mg', 'meta', S.hit),
    shape('ms', 'meta', S.stored),
  ]);
  for (let i = 0; i < REQUESTS; i++) {
    // Of ten rows the last two are the keys of one request.
    const isPair = i % 10 >= 8;
    const request = i % 10 === 9 ? i - 1 : i;
    const isStore = !isPair && i % 7 === 0;
    // Each connection has one protocol.
    const conn = isPair ? 0 : Math.floor(i / 2) % CONNECTIONS;
    rows.at[i] = request * GAP_NS;
    rows.time[2 * i] = request * GAP_NS;
    rows.ordinal[2 * i] = request;
    rows.conn[i] = conn;
    if (conn % 10 < 8) rows.shape[i] = isStore ? 2 : request % 3 === 0 ? 1 : 0;
    else rows.shape[i] = (conn % 10 === 8 ? 3 : 5) + (isStore ? 1 : 0);
    rows.keyHash[2 * i] = Math.imul(i, 0x9e3779b1);
    rows.keyHash[2 * i + 1] = Math.imul(i, 0x85ebca6b);
    rows.keySize[i] = KEY_SIZE;
    rows.valueSize[i] = VALUE_SIZE;
    rows.latency[i] = 10 * GAP_NS;
  }
  return rows;
}

function shape(
  op: 'get' | 'set' | 'mg' | 'ms',
  protocol: CommandShape['protocol'],
  status: number,
): CommandShape {
  const isStore = status === S.stored;
  return shapeOf({
    ...{ op: OPS.indexOf(op), verb: isStore ? 'store' : 'get', protocol, mode: isStore ? 'set' : op, status },
    ...{ letters: protocol === 'meta' && !isStore ? 'v' : '' },
    has: HAS.key | HAS.value_size | HAS.latency | (isStore ? HAS.flags : 0),
  });
}

/** Wires to a server that does not exist: each answers at the next poll. */
class RehearsalWires implements Wires {
  #waiting: (() => void)[] = [];

  open(_: unknown, events: WireEvents): Wire {
    this.#waiting.push(() => events.onReady());
    return {
      backlog: 0,
      write: (bytes, start, end) => {
        const answer = answerTo(bytes, start, end);
        this.#waiting.push(() => events.onBytes(answer, answer.length));
      },
      end() {},
      destroy: () => events.onClose(),
    };
  }

  readonly poll = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const happen of waiting) happen();
  };

  close(): void {}
}

const HEADER = 24;
const LF = 0x0a;
const REQUEST = 0x80;
const VALUE = `${'v'.repeat(VALUE_SIZE)}\r\n`;

/** What a server answers that has everything but the keys whose first letter is early in the alphabet. */
function answerTo(bytes: Buffer, start: number, end: number): Buffer {
  const answers: Buffer[] = [];
  for (let at = start; at < end; ) {
    if (bytes[at] === REQUEST) {
      const answer = Buffer.alloc(HEADER + 4);
      answer[0] = 0x81;
      answer[4] = 4;
      answer[11] = 4;
      bytes.copy(answer, 12, at + 12, at + 16);
      answers.push(answer);
      at += HEADER + bytes.readUInt32BE(at + 8);
      continue;
    }
    const line = bytes.indexOf(LF, at) + 1;
    const [word, ...keys] = bytes.toString('latin1', at, line - 2).split(' ');
    const found = keys.filter((key) => key > 'M').map((key) => `VALUE ${key} 0 ${VALUE_SIZE}\r\n${VALUE}`);
    if (word === 'get') answers.push(Buffer.from(`${found.join('')}END\r\n`));
    else if (word === 'mg') answers.push(Buffer.from(`VA ${VALUE_SIZE}\r\n${VALUE}`));
    else answers.push(Buffer.from(word === 'ms' ? 'HD\r\n' : 'STORED\r\n'));
    at = line + (word === 'get' || word === 'mg' ? 0 : VALUE_SIZE + 2);
  }
  return Buffer.concat(answers);
}
