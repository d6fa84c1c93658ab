/**
 * Drives a memcached with a seeded mix of whole requests in text, meta and binary, whose outcomes `count` can tell:
 *
 *   node count-client.js HOST PORT OPERATIONS CONNECTIONS SEED
 *
 * Prints what `stats` counted meanwhile, read by a connection of its own, as one JSON object. `bytes_read` and
 * `bytes_written` are without that connection.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encode, OPCODES } from '../support/binary.js';
import { ascii } from '../support/conversation.js';
import { exchange } from '../support/exchange.js';
import { between, oneOf, seeded } from '../support/random.js';

const [host, port, operations, connections, seed] = process.argv.slice(2);
const KEYS = 400;
const TRAP = 'get key:1\r\nset x 0 0 1\r\ny\r\nSTORED\r\nEND\r\nVALUE x 0 3\r\nabc\r\nEND\r\n';

async function open(): Promise<Socket> {
  const socket = connect(Number(port), host!);
  await once(socket, 'connect');
  return socket;
}

const endsWith = (end: string) => (came: Buffer) => came.subarray(-end.length).toString('latin1') === end;

function value(random: () => number): string {
  const kind = random();
  if (kind < 0.2) return TRAP.repeat(between(random, 1, 40));
  return 'v'.repeat(between(random, 0, kind < 0.9 ? 400 : 6000));
}

function text(random: () => number): string {
  const key = () => `key:${between(random, 0, KEYS)}`;
  const kind = random();
  if (kind < 0.4)
    return `get ${Array.from({ length: oneOf(random, [1, 1, 1, 2, 9, 30]) }, key).join(' ')}\r\n`;
  if (kind < 0.6) {
    const stored = value(random);
    const silent = oneOf(random, ['', '', '', ' noreply']);
    return `${oneOf(random, ['set', 'set', 'add', 'replace'])} ${key()} 0 0 ${stored.length}${silent}\r\n${stored}\r\n`;
  }
  if (kind < 0.7) return `delete ${key()}${oneOf(random, ['', ' noreply'])}\r\n`;
  if (kind < 0.75) return `touch ${key()} 60\r\n`;
  if (kind < 0.8) return `incr none:${between(random, 0, 9)} 1\r\n`;
  if (kind < 0.92) return `mg ${key()} v${oneOf(random, ['', ' t', ' f k'])}\r\n`;
  const stored = value(random);
  return `ms ${key()} ${stored.length}${oneOf(random, ['', ' T60'])}\r\n${stored}\r\n`;
}

function binary(random: () => number): Uint8Array {
  const key = ascii(`key:${between(random, 0, KEYS)}`);
  const send = (name: string, rest = {}) => encode({ magic: 0x80, opcode: OPCODES[name]!, key, ...rest });
  const kind = random();
  if (kind < 0.6) return send(oneOf(random, ['GET', 'GETK', 'GETQ', 'GETKQ']));
  if (kind < 0.9) {
    return send(oneOf(random, ['SET', 'SETQ', 'ADD']), {
      extras: new Uint8Array(8),
      value: ascii(value(random)),
    });
  }
  return send(oneOf(random, ['DELETE', 'DELETEQ']));
}

const NOOP = encode({ magic: 0x80, opcode: OPCODES.NOOP!, opaque: 0x6d656d62 });
/** The opaque is the last that the answer to NOOP has but the cas unique, which is 0. */
const NOOP_END = 'memb\0\0\0\0\0\0\0\0';

let sent = 0;

async function client(i: number): Promise<void> {
  const random = seeded(Number(seed) + i);
  const socket = await open();
  socket.setNoDelay(random() < 0.5);
  const isBinary = i % 3 === 2;
  while (sent < Number(operations)) {
    const size = between(random, 1, random() < 0.5 ? 1 : 12);
    sent += size;
    const requests = Array.from({ length: size }, () => (isBinary ? binary(random) : ascii(text(random))));
    const barrier = isBinary ? NOOP : ascii('mn\r\n');
    await exchange(socket, Buffer.concat([...requests, barrier]), endsWith(isBinary ? NOOP_END : 'MN\r\n'));
  }
  socket.end();
  await once(socket, 'close');
}

const observer = await open();
async function stats(): Promise<{ counters: Record<string, number>; size: number }> {
  const said = await exchange(observer, ascii('stats\r\n'), endsWith('END\r\n'));
  const lines = said.toString('latin1').matchAll(/^STAT (\w+) (\d+)\r$/gm);
  return {
    counters: Object.fromEntries([...lines].map(([, name, n]) => [name!, Number(n)])),
    size: said.length,
  };
}

const before = await stats();
await Promise.all(Array.from({ length: Number(connections) }, (_, i) => client(i)));
const after = await stats();
const delta = Object.fromEntries(
  Object.entries(after.counters).map(([name, n]) => [name, n - (before.counters[name] ?? 0)]),
);
// The second request had been read when it was answered, and the first answer was written after it was made.
delta.bytes_read! -= 'stats\r\n'.length;
delta.bytes_written! -= before.size;
process.stdout.write(JSON.stringify({ ...delta, observed_bytes: before.size + after.size }));
observer.end();
