/**
 * Sends requests nowhere, before the first one is due: code that runs for the first times is compiled meanwhile, which takes
 * hundreds of milliseconds in which the first requests would be late.
 */
import { HAS } from '../profile/shapes.js';
import { Commands } from './commands.js';
import { Incoming } from './incoming.js';
import { makeRows } from './made-rows.js';
import { Sender, type SenderOptions } from './sender.js';
import { type CommandShape, OPS, S } from './shapes.js';
import type { Wire, WireEvents, Wires } from './wire.js';

/** Requests, and how far apart they are. */
const REQUESTS = 6000;
const GAP_NS = 20_000;
const CONNECTIONS = 50;
const KEY_SIZE = 30;
const VALUE_SIZE = 100;

export async function rehearse(options: SenderOptions): Promise<void> {
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
  incoming.put({ start: 0, rows: madeUp(), records: [] });
  incoming.put('end');
  await sender.run({
    ...{ pace: { kind: options.asap ? 'asap' : 'speed', factor: 1 }, maxRate: null },
    ...{ startMs: performance.timeOrigin + performance.now() },
    ...{ durationMs: Number.POSITIVE_INFINITY, requests: Number.POSITIVE_INFINITY },
  });
  sender.close();
}

function madeUp() {
  const rows = makeRows(REQUESTS, [shape('get', 'text'), shape('set', 'text'), shape('get', 'binary')]);
  for (let i = 0; i < REQUESTS; i++) {
    rows.at[i] = i * GAP_NS;
    rows.time[2 * i] = i * GAP_NS;
    rows.conn[i] = i % CONNECTIONS;
    // Each connection has one protocol.
    rows.shape[i] = i % CONNECTIONS < 5 ? 2 : i % 7 === 0 ? 1 : 0;
    rows.keyHash[2 * i] = Math.imul(i, 0x9e3779b1);
    rows.keyHash[2 * i + 1] = i;
    rows.keySize[i] = KEY_SIZE;
    rows.valueSize[i] = VALUE_SIZE;
    rows.latency[i] = 10 * GAP_NS;
  }
  return rows;
}

function shape(op: 'get' | 'set', protocol: 'text' | 'binary'): CommandShape {
  const isStore = op === 'set';
  return {
    ...{
      op: OPS.indexOf(op),
      verb: isStore ? 'store' : 'get',
      protocol,
      asRecorded: true,
      mode: op,
      udp: false,
    },
    ...{ gets: false, cas: false, quiet: false, base64: false, changesInPlace: false, letters: '' },
    ...{ status: isStore ? S.stored : S.hit, leftOut: '' },
    has: HAS.key | HAS.value_size | (isStore ? HAS.flags : 0),
  };
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
const FOUND = 'VALUE ';
const [SPACE, LF, REQUEST, G] = [0x20, 0x0a, 0x80, 0x67];

/** What a server answers that has everything. */
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
    const key = bytes.toString('latin1', bytes.indexOf(SPACE, at) + 1, line - 2);
    const isGet = bytes[at] === G;
    const value = 'v'.repeat(VALUE_SIZE);
    answers.push(Buffer.from(isGet ? `${FOUND}${key} 0 ${VALUE_SIZE}\r\n${value}\r\nEND\r\n` : 'STORED\r\n'));
    at = line + (isGet ? 0 : VALUE_SIZE + 2);
  }
  return Buffer.concat(answers);
}
