/** Attacks on the binary protocol. */
import type { Attack } from './attacks.js';
import { Connection, type Wire } from './wire.js';

const REQUEST = 0x80;
const ANSWER = 0x81;
const GET = 0x00;
const SET = 0x01;
const NOOP = 0x0a;
const GETKQ = 0x0d;
const NOT_FOUND = 1;
/** Requests of one connection before the server answers, fewer than the limit of pending requests. */
const BATCH = 10_000;

interface Message {
  magic: number;
  opcode: number;
  key?: string;
  extras?: number;
  status?: number;
  opaque?: number;
  /** Size of the body declared in the header, where it is wrong. */
  body?: number;
}

function message({ magic, opcode, key = '', extras = 0, status = 0, opaque = 0, body }: Message): Buffer {
  const bytes = Buffer.alloc(24 + extras + key.length);
  bytes[0] = magic;
  bytes[1] = opcode;
  bytes.writeUInt16BE(key.length, 2);
  bytes[4] = extras;
  bytes.writeUInt16BE(status, 6);
  bytes.writeUInt32BE(body ?? extras + key.length, 8);
  bytes.writeUInt32BE(opaque, 12);
  bytes.write(key, 24 + extras, 'latin1');
  return bytes;
}

/** Copies of one message, numbered by their opaques. */
function many(n: number, one: Message, first = 0): Buffer {
  return Buffer.concat(Array.from({ length: n }, (_, i) => message({ ...one, opaque: first + i })));
}

function batches(wire: Wire, n: number, speak: (connection: Connection, requests: number) => void): void {
  const connection = new Connection(wire, 0);
  for (let left = n; left > 0; left -= BATCH) speak(connection, Math.min(left, BATCH));
}

const QUIET: Message = { magic: REQUEST, opcode: GETKQ, key: 'k' };

export const BINARY_ATTACKS: readonly Attack[] = [
  {
    name: 'getkq, never an answer',
    full: 2_000_000,
    small: 8000,
    counters: ['bound_requests'],
    write(wire, n) {
      for (let flow = 0, left = n; left > 0; flow++, left -= BATCH) {
        new Connection(wire, flow).say('client', many(Math.min(left, BATCH), QUIET));
      }
    },
  },
  {
    name: 'getkq, then noop',
    full: 2_000_000,
    small: 900,
    counters: [],
    write: (wire, n) =>
      batches(wire, n, (connection, requests) => {
        const noop = { opcode: NOOP, opaque: 99_999_999 };
        connection.say(
          'client',
          Buffer.concat([many(requests, QUIET), message({ magic: REQUEST, ...noop })]),
        );
        connection.say('server', message({ magic: ANSWER, ...noop }));
      }),
  },
  {
    name: 'pipelined noop',
    full: 1_000_000,
    small: 900,
    counters: [],
    write: (wire, n) =>
      batches(wire, n, (connection, requests) => {
        connection.say('client', many(requests, { magic: REQUEST, opcode: NOOP }));
        connection.say('server', many(requests, { magic: ANSWER, opcode: NOOP }));
      }),
  },
  {
    name: 'answers with nobody’s opaque',
    full: 500_000,
    small: 900,
    counters: [],
    write(wire, n) {
      const answer = { magic: ANSWER, opcode: GET, status: NOT_FOUND };
      for (let flow = 0, left = n; left > 0; flow++, left -= 100) {
        const connection = new Connection(wire, flow);
        for (let i = 0; i < 100; i += 10) {
          connection.say('client', many(10, { magic: REQUEST, opcode: GET, key: 'k' }));
          connection.say('server', many(10, answer, 1000));
        }
      }
    },
  },
  {
    name: 'bodies of 4 GiB that trickle',
    full: 500_000,
    small: 3000,
    counters: [],
    write(wire, n) {
      const set: Message = { magic: REQUEST, opcode: SET, key: 'k', extras: 8, body: 0xffffffff };
      const connections = Array.from({ length: Math.ceil(n / 100) }, (_, flow) => new Connection(wire, flow));
      for (const connection of connections) connection.say('client', message(set));
      const byte = Buffer.from([REQUEST]);
      for (let i = 0; i < n; i++) connections[i % connections.length]!.say('client', byte);
    },
  },
  {
    name: 'heads of one byte a segment',
    full: 30_000,
    small: 100,
    counters: [],
    write(wire, n) {
      const connection = new Connection(wire, 0);
      for (let i = 0; i < n; i++) {
        connection.say('client', message({ magic: REQUEST, opcode: GET, key: 'k' }), 1);
        connection.say('server', message({ magic: ANSWER, opcode: GET, status: NOT_FOUND }));
      }
    },
  },
  {
    name: 'heads that never end',
    full: 150_000,
    small: 1000,
    counters: ['bound_lines'],
    write(wire, n) {
      const head = message({ magic: REQUEST, opcode: GET, key: 'k'.repeat(200) }).subarray(0, 100);
      for (let flow = 0; flow < n; flow++) new Connection(wire, flow).say('client', head);
    },
  },
];
