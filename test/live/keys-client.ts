/**
 * Drives a memcached as a cache of items with TTLs, with keys by Zipf's law, in text, meta and binary:
 *
 *   node keys-client.js HOST PORT OPERATIONS SEED
 *
 * Prints how often each key was named in a request, as one JSON object.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encode, OPCODES } from '../support/binary.js';
import { ascii } from '../support/conversation.js';
import { exchange } from '../support/exchange.js';
import { oneOf, seeded } from '../support/random.js';

const [host, port, operations, seed] = process.argv.slice(2);
const KEYS = 3000;
const CONNECTIONS = 6;

const counts: Record<string, number> = {};
const named = (key: string) => {
  counts[key] = (counts[key] ?? 0) + 1;
  return key;
};

const line = (came: Buffer) => came.subarray(-2).toString('latin1') === '\r\n';
const end = (came: Buffer) => came.subarray(-5).toString('latin1') === 'END\r\n';
const answered = (came: Buffer) => came.length >= 24 && came.length >= 24 + came.readUInt32BE(8);
/** `EN`, `HD` without a value, or `VA` with all of its value. */
const meta = (came: Buffer) => {
  const [first, size] = /^VA (\d+).*\r\n/.exec(came.toString('latin1')) ?? [];
  return first === undefined ? line(came) : came.length >= first.length + Number(size) + 2;
};

/** Keys by rank: the number n is drawn about n times less often than 1. */
const draw = (random: () => number) => `item:${Math.floor(KEYS ** random())}`;
const sizeOf = (key: string) => 20 + ((Number(key.slice(5)) * 7919) % 700);
const ttl = (random: () => number) => oneOf(random, [0, 0, 1, 2, 60]);

async function text(socket: Socket, random: () => number): Promise<void> {
  const kind = random();
  if (kind < 0.05) {
    await exchange(socket, ascii(`delete ${named(draw(random))}\r\n`), line);
  } else if (kind < 0.1) {
    await exchange(socket, ascii(`touch ${named(draw(random))} ${ttl(random)}\r\n`), line);
  } else if (kind < 0.15) {
    await exchange(socket, ascii(`gat ${ttl(random)} ${named(draw(random))}\r\n`), end);
  } else {
    const keys = [...new Set(Array.from({ length: oneOf(random, [1, 1, 1, 7, 20]) }, () => draw(random)))];
    const came = await exchange(socket, ascii(`get ${keys.map(named).join(' ')}\r\n`), end);
    const found = came.toString('latin1');
    for (const key of keys) {
      if (found.includes(`VALUE ${key} `)) continue;
      const value = 'v'.repeat(sizeOf(key));
      const flags = oneOf(random, [0, 7]);
      const set = `set ${named(key)} ${flags} ${ttl(random)} ${value.length}\r\n${value}\r\n`;
      await exchange(socket, ascii(set), line);
    }
  }
}

async function metaText(socket: Socket, random: () => number): Promise<void> {
  const key = draw(random);
  const came = await exchange(socket, ascii(`mg ${named(key)} v\r\n`), meta);
  if (came.toString('latin1') !== 'EN\r\n') return;
  const value = 'm'.repeat(sizeOf(key));
  const set = `ms ${named(key)} ${value.length} T${ttl(random)} ${oneOf(random, ['', 'ME'])}\r\n${value}\r\n`;
  await exchange(socket, ascii(set), line);
}

async function binary(socket: Socket, random: () => number): Promise<void> {
  const name = draw(random);
  const key = ascii(name);
  named(name);
  const came = await exchange(socket, encode({ magic: 0x80, opcode: OPCODES.GET!, key }), answered);
  if (came.readUInt16BE(6) === 0) return;
  named(name);
  const extras = Buffer.alloc(8);
  extras.writeUInt32BE(ttl(random), 4);
  const value = ascii('b'.repeat(sizeOf(name)));
  await exchange(socket, encode({ magic: 0x80, opcode: OPCODES.SET!, key, extras, value }), answered);
}

let done = 0;

async function client(i: number): Promise<void> {
  const random = seeded(Number(seed) + i);
  const socket = connect(Number(port), host!);
  await once(socket, 'connect');
  socket.setNoDelay(true);
  const operate = [text, text, text, metaText, text, binary][i % CONNECTIONS]!;
  while (done++ < Number(operations)) await operate(socket, random);
  socket.end();
  await once(socket, 'close');
}

await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => client(i)));
process.stdout.write(JSON.stringify(counts));
