/** Attacks on the flow table and on reassembly. */
import { Random } from '../generate/random.js';
import type { Attack } from './attacks.js';
import { ACK, ascii, Connection, FIN, PSH, SYN, type Wire } from './wire.js';

const GET = ascii('get a\r\n');
const END = ascii('END\r\n');
const JUNK = new Uint8Array(64).fill(0x78);
const ONE = ascii('x');

/** Client bytes of one connection at given offsets, after some bytes in order. */
function pieces(wire: Wire, places: Iterable<number>, payload: Uint8Array, flags = PSH | ACK): void {
  const connection = new Connection(wire, 0);
  connection.say('client', ascii('set a 0 0 100000000\r\n'));
  const { client } = connection;
  for (const place of places) connection.send(true, { seq: client + place, payload, flags });
}

function* steps(n: number, from: number, step: number): Generator<number> {
  for (let i = 0; i < n; i++) yield from + i * step;
}

/** The numbers below n, each once, in a scattered order. */
function* scattered(n: number): Generator<number> {
  // A multiplier that is coprime to n reaches all of them.
  let step = Math.floor(n * 0.618) | 1;
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  while (divisor(step, n) !== 1) step += 2;
  for (let i = 0, at = 0; i < n; i++, at = (at + step) % n) yield at;
}

/**
 * IPv6 addresses whose halves cancel each other in a hash that only adds or xors them, so that all have the
 * same hash for any seed.
 */
function cancelling(i: number): readonly [Uint8Array, Uint8Array] {
  const address = Buffer.alloc(16);
  address.writeUInt32LE(0xfd + i * 256, 0);
  address.writeUInt32LE(i ^ 0x5555, 4);
  address.writeUInt32LE(i ^ 0x5555, 8);
  address.writeUInt32LE(0xfd + i * 256, 12);
  return [address, Buffer.from('fd000000000000000000000000000001', 'hex')];
}

export const SEGMENT_ATTACKS: readonly Attack[] = [
  {
    name: 'SYNs of ever other flows',
    full: 1_000_000,
    small: 20_000,
    counters: ['bound_syns'],
    write(wire, n) {
      for (let flow = 0; flow < n; flow++) wire.tcp({ flow, fromClient: true, seq: flow, flags: SYN });
    },
  },
  {
    name: 'half-open flows, each with a hole',
    full: 100_000,
    small: 2000,
    counters: ['bound_reorder', 'bound_flows'],
    write(wire, n) {
      for (let flow = 0; flow < n; flow++) {
        const connection = new Connection(wire, flow);
        connection.say('client', ascii('get a'));
        connection.skip('client', 100);
        for (let i = 0; i < 3; i++) connection.say('client', JUNK);
      }
    },
  },
  {
    name: 'flows that say one thing and stay',
    full: 1_000_000,
    small: 4000,
    counters: ['bound_flows', 'bound_requests'],
    write(wire, n) {
      for (let flow = 0; flow < n; flow++) {
        const connection = new Connection(wire, flow, { handshake: false });
        // Only behind an answer is a request read in mid-stream.
        connection.say('server', END);
        connection.say('client', GET);
      }
    },
  },
  {
    name: 'connections of one request each',
    full: 150_000,
    small: 4000,
    counters: [],
    write(wire, n) {
      for (let flow = 0; flow < n; flow++) {
        const connection = new Connection(wire, flow);
        connection.say('client', GET);
        connection.say('server', END);
        connection.send(true, { seq: connection.client++, flags: FIN | ACK });
        connection.send(false, { seq: connection.server++, flags: FIN | ACK });
      }
    },
  },
  {
    name: 'IPv6 flows of one hash',
    full: 300_000,
    small: 4000,
    counters: ['bound_flows', 'bound_requests'],
    write(wire, n) {
      for (let i = 0; i < n; i++) {
        const connection = new Connection(wire, 0, { handshake: false, addresses: cancelling(i) });
        connection.say('server', END);
        connection.say('client', GET);
      }
    },
  },
  {
    name: 'every other byte, forwards',
    full: 500_000,
    small: 3000,
    counters: ['bound_reorder'],
    write: (wire, n) => pieces(wire, steps(n, 1, 2), ONE),
  },
  {
    name: 'every other byte, backwards',
    full: 500_000,
    small: 3000,
    counters: ['bound_reorder'],
    write: (wire, n) => pieces(wire, steps(n, 2 * n, -2), ONE),
  },
  {
    name: 'every other byte, in no order',
    full: 500_000,
    small: 3000,
    counters: ['bound_reorder'],
    write(wire, n) {
      const places = function* () {
        for (const place of scattered(n)) yield place * 2 + 1;
      };
      pieces(wire, places(), ONE);
    },
  },
  {
    name: 'holes of many flows in turns, in no order',
    full: 500_000,
    small: 3000,
    counters: ['bound_reorder'],
    write(wire, n) {
      const connections = Array.from({ length: 50 }, (_, flow) => new Connection(wire, flow));
      for (const connection of connections) connection.say('client', ascii('set a 0 0 100000000\r\n'));
      let i = 0;
      for (const place of scattered(n)) {
        const connection = connections[i++ % 50]!;
        connection.send(true, { seq: connection.client + 1 + place * 2, payload: ONE });
      }
    },
  },
  {
    name: 'early FINs without a byte',
    full: 500_000,
    small: 3000,
    counters: ['bound_reorder'],
    write: (wire, n) => pieces(wire, steps(n, 1, 1), new Uint8Array(0), FIN | ACK),
  },
  {
    name: 'full segments behind a hole',
    full: 60_000,
    small: 2000,
    counters: ['bound_reorder'],
    write: (wire, n) => pieces(wire, steps(n, 1, 1448), new Uint8Array(1448)),
  },
  {
    name: 'growing segments from one place',
    full: 60_000,
    small: 2000,
    counters: ['bound_reorder'],
    write(wire, n) {
      const connection = new Connection(wire, 0);
      connection.say('client', ascii('set a 0 0 100000000\r\n'));
      const payload = new Uint8Array(1448);
      for (let i = 0; i < n; i++) {
        connection.send(true, { seq: connection.client + 1, payload: payload.subarray(0, 1 + (i % 1448)) });
      }
    },
  },
  {
    name: 'copies that contradict each other in every byte',
    full: 60_000,
    small: 2000,
    counters: ['ambiguous_copies'],
    write(wire, n) {
      const connection = new Connection(wire, 0);
      connection.say('client', ascii('set a 0 0 100000000\r\n'));
      const payload = new Uint8Array(1448);
      for (let i = 0; i < n; i++) {
        connection.send(true, { seq: connection.client + 1, payload: payload.fill(i) });
      }
      connection.send(true, { seq: connection.client, payload: ONE });
    },
  },
  {
    name: 'answers that acknowledge what was never seen',
    full: 500_000,
    small: 3000,
    counters: ['gaps'],
    write(wire, n) {
      const connection = new Connection(wire, 0);
      connection.say('client', GET);
      for (let i = 0; i < n; i++) {
        connection.send(false, { seq: connection.server++, ack: connection.client + 1000 + i, payload: ONE });
      }
    },
  },
  {
    name: 'requests and answers, one byte a segment',
    full: 50_000,
    small: 500,
    counters: [],
    write(wire, n) {
      const connection = new Connection(wire, 0);
      for (let i = 0; i < n; i++) {
        connection.say('client', GET, 1);
        connection.say('server', END, 1);
      }
    },
  },
  {
    name: 'the same with neighbours exchanged',
    full: 50_000,
    small: 500,
    counters: [],
    write(wire, n) {
      const connection = new Connection(wire, 0);
      const exchanged = (from: 'client' | 'server', bytes: Uint8Array) => {
        for (let at = 0; at < bytes.length; at += 2) {
          for (const i of [at + 1, at]) {
            if (i >= bytes.length) continue;
            connection.send(from === 'client', {
              seq: connection[from] + i,
              payload: bytes.subarray(i, i + 1),
            });
          }
        }
        connection.skip(from, bytes.length);
      };
      for (let i = 0; i < n; i++) {
        exchanged('client', GET);
        exchanged('server', END);
      }
    },
  },
  {
    name: 'one segment again and again',
    full: 500_000,
    small: 2000,
    counters: [],
    write(wire, n) {
      const connection = new Connection(wire, 0);
      connection.say('client', GET);
      for (let i = 0; i < n; i++)
        connection.send(true, { seq: connection.client - GET.length, payload: GET });
    },
  },
  {
    name: 'random bytes in mid-stream',
    full: 60_000,
    small: 1000,
    counters: [],
    write(wire, n) {
      const random = new Random(1, 0);
      const bytes = new Uint8Array(1448);
      const connections = Array.from(
        { length: 100 },
        (_, i) => new Connection(wire, i, { handshake: false }),
      );
      for (let i = 0; i < n; i++) {
        for (let at = 0; at < bytes.length; at++) bytes[at] = random.below(256);
        connections[i % 100]!.say(i % 3 ? 'client' : 'server', bytes);
      }
    },
  },
];
