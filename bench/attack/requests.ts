/** Attacks on the text and meta protocols: lines, values, keys and pending requests. */
import type { Attack } from './attacks.js';
import { ascii, Connection, type Wire } from './wire.js';

/** Requests of one connection before the server answers, fewer than the limit of pending requests. */
const BATCH = 10_000;

/** Conversations on one connection: repeated requests and answers. */
function batches(wire: Wire, n: number, speak: (connection: Connection, requests: number) => void): void {
  const connection = new Connection(wire, 0);
  for (let left = n; left > 0; left -= BATCH) speak(connection, Math.min(left, BATCH));
}

const repeat = (text: string, n: number) => ascii(text.repeat(n));

/** The keys of a line: k0 to kn-1. */
const keys = (n: number) => Array.from({ length: n }, (_, i) => `k${i}`);
const KEYS_OF_A_LINE = 100_000;

/** Multigets of `n` keys in all, with the server's answers to each line. */
function multigets(
  wire: Wire,
  n: number,
  lineOf: (keys: string[]) => string[],
  answer: (keys: string[]) => string,
): void {
  const connection = new Connection(wire, 0);
  for (let left = n; left > 0; left -= KEYS_OF_A_LINE) {
    const asked = lineOf(keys(Math.min(left, KEYS_OF_A_LINE)));
    connection.say('client', ascii(`get ${asked.join(' ')}\r\n`));
    connection.say('server', ascii(answer(asked)));
  }
}

const same = (list: string[]) => list;
const found = (list: string[]) => list.map((key) => `VALUE ${key} 0 1\r\nx\r\n`).join('');

/** Unfinished lines of many connections. */
function endless(wire: Wire, n: number, from: 'client' | 'server', line: string): void {
  for (let flow = 0; flow < n; flow++) {
    const connection = new Connection(wire, flow);
    if (from === 'server') connection.say('client', ascii('get a\r\n'));
    connection.say(from, ascii(line));
  }
}

/** A line in segments of one byte, after a beginning in one segment. */
function trickle(wire: Wire, n: number, head: string, byte: string): void {
  const connection = new Connection(wire, 0);
  connection.say('client', ascii(head));
  connection.say('client', repeat(byte, n), byte.length);
}

/** Letters of meta flags of which each combination is another shape of request; none is q. */
const LETTERS = 'bcfhklstuvxCDEFIJLMNOPRST';

/** The flags of a bitmap. */
function flagsOf(bits: number): string {
  let flags = '';
  for (let i = 0; i < LETTERS.length; i++) if ((bits >>> i) & 1) flags += ` ${LETTERS[i]}`;
  return flags;
}

export const REQUEST_ATTACKS: readonly Attack[] = [
  {
    name: 'lines of clients that never end',
    full: 60_000,
    small: 1000,
    counters: ['bound_lines'],
    write: (wire, n) => endless(wire, n, 'client', `set ${'x'.repeat(1000)}`),
  },
  {
    name: 'lines of servers that never end',
    full: 60_000,
    small: 1000,
    counters: ['bound_lines'],
    write: (wire, n) => endless(wire, n, 'server', `VALUE ${'x'.repeat(1000)}`),
  },
  {
    name: 'one line that never ends',
    full: 60_000,
    small: 100,
    counters: ['bound_lines'],
    write: (wire, n) => trickle(wire, n, 'set ', 'x'.repeat(1448)),
  },
  {
    name: 'a line of one byte a segment',
    full: 500_000,
    small: 5000,
    counters: ['bound_lines'],
    write: (wire, n) => trickle(wire, n, 'set ', 'x'),
  },
  {
    name: 'spaces in a full line, one a segment',
    full: 500_000,
    small: 5000,
    counters: [],
    write: (wire, n) => trickle(wire, n, `set ${'x'.repeat(2043)} `, ' '),
  },
  {
    name: 'a key that never ends, one byte a segment',
    full: 500_000,
    small: 5000,
    counters: [],
    write: (wire, n) => trickle(wire, n, `get ${'a '.repeat(1000)}`, 'x'),
  },
  {
    name: 'lines of spaces',
    full: 60_000,
    small: 100,
    counters: [],
    write(wire, n) {
      const connection = new Connection(wire, 0);
      for (let i = 0; i < n; i++) {
        connection.say('client', ascii(`get${' '.repeat(1400)}a\r\n`));
        connection.say('server', ascii('END\r\n'));
      }
    },
  },
  {
    name: 'values of 1 GiB that trickle',
    full: 500_000,
    small: 5000,
    counters: [],
    write(wire, n) {
      const connections = Array.from({ length: Math.ceil(n / 100) }, (_, flow) => new Connection(wire, flow));
      for (const connection of connections) connection.say('client', ascii('set a 0 0 1073741824\r\n'));
      for (let i = 0; i < n; i++) connections[i % connections.length]!.say('client', ascii('x'));
    },
  },
  {
    name: 'values of 1 GiB that never come',
    full: 300_000,
    small: 5000,
    counters: ['bound_requests', 'bound_flows'],
    write(wire, n) {
      for (let flow = 0; flow < n; flow++) {
        new Connection(wire, flow).say('client', ascii('ms a 1073741824\r\n'));
      }
    },
  },
  {
    name: 'multigets of 100,000 keys, all found',
    full: 1_000_000,
    small: 8000,
    counters: ['bound_keys'],
    write: (wire, n) => multigets(wire, n, same, (asked) => `${found(asked)}END\r\n`),
  },
  {
    name: 'multigets of 100,000 keys, none found',
    full: 2_000_000,
    small: 8000,
    counters: ['bound_keys'],
    write: (wire, n) => multigets(wire, n, same, () => 'END\r\n'),
  },
  {
    name: 'multigets of one key 100,000 times, found once',
    full: 5_000_000,
    small: 8000,
    counters: ['bound_keys'],
    write: (wire, n) =>
      multigets(
        wire,
        n,
        (list) => list.map(() => 'k'),
        () => `${found(['k'])}END\r\n`,
      ),
  },
  {
    name: 'multigets answered backwards',
    full: 1_000_000,
    small: 8000,
    counters: ['bound_keys'],
    write: (wire, n) => multigets(wire, n, same, (asked) => `${found(asked.toReversed())}END\r\n`),
  },
  {
    name: 'multigets without an answer, on ever other connections',
    full: 3_000_000,
    small: 8000,
    counters: ['bound_keys'],
    write(wire, n) {
      for (let flow = 0, left = n; left > 0; flow++, left -= 10_000) {
        const line = ascii(`get ${keys(Math.min(left, 10_000)).join(' ')}\r\n`);
        new Connection(wire, flow).say('client', line);
      }
    },
  },
  {
    name: 'quiet mg, never an answer',
    full: 3_000_000,
    small: 8000,
    counters: ['bound_requests'],
    write(wire, n) {
      for (let flow = 0, left = n; left > 0; flow++, left -= BATCH) {
        new Connection(wire, flow).say('client', repeat('mg k v q\r\n', Math.min(left, BATCH)));
      }
    },
  },
  {
    name: 'quiet mg on one connection, never an answer',
    full: 3_000_000,
    small: 8000,
    counters: ['bound_requests'],
    write: (wire, n) => new Connection(wire, 0).say('client', repeat('mg k v q\r\n', n)),
  },
  {
    name: 'quiet mg, then mn',
    full: 3_000_000,
    small: 3000,
    counters: ['bound_requests'],
    write: (wire, n) =>
      batches(wire, n, (connection, requests) => {
        connection.say('client', ascii(`${'mg k v q\r\n'.repeat(requests)}mn\r\n`));
        connection.say('server', ascii('MN\r\n'));
      }),
  },
  {
    name: 'quiet mg, each answered by an error',
    full: 200_000,
    small: 900,
    counters: [],
    write: (wire, n) =>
      batches(wire, n, (connection, requests) => {
        connection.say('client', repeat('mg k v q\r\n', requests));
        connection.say('server', repeat('SERVER_ERROR out of memory\r\n', requests));
      }),
  },
  {
    name: 'quiet ms, each refused for its value',
    full: 200_000,
    small: 900,
    counters: [],
    write: (wire, n) =>
      batches(wire, n, (connection, requests) => {
        connection.say('client', ascii(`${'md k q\r\n'.repeat(requests)}`));
        connection.say('server', repeat('SERVER_ERROR object too large for cache\r\n', requests));
      }),
  },
  {
    name: 'gets, each answered by a format error',
    full: 200_000,
    small: 900,
    counters: [],
    write: (wire, n) =>
      batches(wire, n, (connection, requests) => {
        connection.say('client', repeat('get a\r\n', requests));
        connection.say('server', repeat('CLIENT_ERROR bad command line format\r\n', requests));
      }),
  },
  {
    name: 'long keys that come back for the last of many quiet mg',
    full: 100_000,
    small: 900,
    counters: [],
    write: (wire, n) =>
      batches(wire, n, (connection, requests) => {
        const key = 'x'.repeat(250);
        connection.say('client', ascii(`${'mg k k q\r\n'.repeat(requests - 1)}mg ${key} k q\r\n`));
        connection.say('server', ascii(`HD k${key}\r\n`));
      }),
  },
  {
    name: 'sets with noreply',
    full: 1_000_000,
    small: 3000,
    counters: [],
    write: (wire, n) => new Connection(wire, 0).say('client', repeat('set a 0 0 1 noreply\r\nx\r\n', n)),
  },
  {
    name: 'pipelined mn',
    full: 3_000_000,
    small: 900,
    counters: [],
    write: (wire, n) =>
      batches(wire, n, (connection, requests) => {
        connection.say('client', repeat('mn\r\n', requests));
        connection.say('server', repeat('MN\r\n', requests));
      }),
  },
  {
    name: 'empty lines',
    full: 3_000_000,
    small: 900,
    counters: [],
    write: (wire, n) =>
      batches(wire, n, (connection, requests) => {
        connection.say('client', repeat('\n', requests));
        connection.say('server', repeat('ERROR\r\n', requests));
      }),
  },
  {
    name: 'mg of ever other flags',
    full: 500_000,
    small: 900,
    counters: [],
    write: (wire, n) => {
      let bits = 0;
      batches(wire, n, (connection, requests) => {
        const lines = Array.from({ length: requests }, () => `mg k${flagsOf(bits++)}\r\n`);
        connection.say('client', ascii(lines.join('')));
        connection.say('server', repeat('EN\r\n', requests));
      });
    },
  },
  {
    name: 'lines in mid-stream that no answer proves',
    full: 500_000,
    small: 5000,
    counters: [],
    write(wire, n) {
      const connections = Array.from(
        { length: Math.ceil(n / 60) },
        (_, flow) => new Connection(wire, flow, { handshake: false }),
      );
      for (let i = 0; i < n / 2; i++) {
        const connection = connections[i % connections.length]!;
        connection.say('client', ascii('get a\r\n'));
        connection.say('server', ascii('STORED\r\n'));
      }
    },
  },
];
