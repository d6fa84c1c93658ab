/**
 * A client for test/live/values.test.ts: values of all sizes in all protocols, some full of protocol text.
 *
 *   node values-client.js HOST PORT talk | mislead | short
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encode, OPCODES } from '../support/binary.js';

const [host, port] = process.argv.slice(2);
const what = process.argv[4] as 'talk' | 'mislead' | 'short';

/** In each value, so that the test can search for it. */
const CANARY = 'CANARY-5d1e';
const plain = (size: number) => CANARY.repeat(Math.ceil(size / CANARY.length)).slice(0, size);
const text = (size: number) =>
  `set ${CANARY} 0 0 2000\r\nVALUE ${CANARY} 0 1500\r\nEND\r\nget x\r\n`.repeat(200).slice(0, size);

function open(localPort?: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host!, port: Number(port), ...(localPort && { localPort }) });
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('connect', () => resolve(socket));
  });
}

/** Sends a request, and waits for an answer of so many bytes. */
async function ask(socket: Socket, request: string | Uint8Array, bytes: number): Promise<void> {
  let got = 0;
  const done = new Promise<void>((resolve) => {
    const listen = (chunk: Buffer) => {
      got += chunk.length;
      if (got < bytes) return;
      socket.off('data', listen);
      resolve();
    };
    socket.on('data', listen);
  });
  socket.write(typeof request === 'string' ? Buffer.from(request, 'latin1') : request);
  if (bytes > 0) await done;
}

const STORED = 'STORED\r\n'.length;
const set = (key: string, value: string) => `set ${key} 7 0 ${value.length}\r\n${value}\r\n`;
const answerWith = (key: string, value: string) => `VALUE ${key} 7 ${value.length}\r\n${value}\r\n`.length;

async function classic(socket: Socket): Promise<void> {
  await ask(socket, 'get none\r\n', 5);
  const stored: [string, string][] = [];
  for (const size of [1, 500, 1024, 1025, 3000, 16_384, 70_000, 1_048_576]) {
    for (const [kind, make] of [
      ['p', plain],
      ['t', text],
    ] as const) {
      if (kind === 't' && size > 8000) continue;
      const key = `${kind}${size}`;
      const value = make(size);
      stored.push([key, value]);
      await ask(socket, set(key, value), STORED);
      await ask(socket, `get ${key}\r\n`, answerWith(key, value) + 5);
    }
  }
  const several = stored.filter(([, value]) => value.length < 70_000);
  const sum = several.reduce((all, [key, value]) => all + answerWith(key, value), 5);
  await ask(socket, `get ${several.map(([key]) => key).join(' ')} none\r\n`, sum);
  // A pipeline in one segment.
  const value = plain(2000);
  await ask(
    socket,
    `${set('q', value)}get q\r\nget q\r\nget none\r\n`,
    STORED + 2 * (answerWith('q', value) + 5) + 5,
  );
  await ask(socket, `append q 0 0 1500\r\n${plain(1500)}\r\n`, STORED);
  await ask(socket, `set q 7 0 2000 noreply\r\n${value}\r\nget q\r\n`, answerWith('q', value) + 5);
}

async function meta(socket: Socket): Promise<void> {
  for (const size of [10, 2000, 16_384]) {
    const value = plain(size);
    await ask(socket, `ms m${size} ${size} T0 F5\r\n${value}\r\n`, 4);
    await ask(socket, `mg m${size} v f k\r\nmn\r\n`, `VA ${size} f5 km${size}\r\n${value}\r\nMN\r\n`.length);
  }
}

async function binary(socket: Socket): Promise<void> {
  for (const size of [10, 2000, 16_384]) {
    const key = Buffer.from(`b${size}`);
    const value = Buffer.from(plain(size));
    const extras = Buffer.from([0, 0, 0, 5, 0, 0, 0, 0]);
    await ask(socket, encode({ magic: 0x80, opcode: OPCODES.SET!, key, extras, value }), 24);
    await ask(socket, encode({ magic: 0x80, opcode: OPCODES.GETK!, key }), 24 + 4 + key.length + size);
  }
}

async function talk(): Promise<void> {
  const socket = await open();
  await classic(socket);
  await meta(socket);
  socket.destroy();
  const other = await open();
  await binary(other);
  other.destroy();
  // The same ports twice.
  for (let i = 0; i < 2; i++) {
    const again = await open(41_234);
    await ask(again, set(`again${i}`, plain(3000)), STORED);
    again.resetAndDestroy();
    await sleep(50);
  }
}

/** A segment that begins within a value looks like a request with a value that goes on after it. */
async function mislead(): Promise<void> {
  const socket = await open();
  await ask(socket, 'get none\r\n', 5);
  const inner = `set x 0 0 5000\r\n${plain(3000)}`;
  await ask(socket, `set outer 0 0 ${inner.length}\r\n`, 0);
  await sleep(100);
  await ask(socket, `${inner}\r\nget lost\r\n`, STORED + 5);
  await sleep(300);
  for (let i = 0; i < 5; i++) await ask(socket, `get none${i}\r\n`, 5);
  // From here on whole packets.
  await ask(socket, set('big', plain(4000)), STORED);
  await ask(socket, 'get big\r\n', answerWith('big', plain(4000)) + 5);
  socket.destroy();
  // Another connection is not concerned.
  const other = await open();
  await ask(other, 'get none\r\n', 5);
  await ask(other, set('big', plain(4000)), STORED);
  other.destroy();
}

/** Values that lie in one segment with their line. */
async function short(): Promise<void> {
  const socket = await open();
  for (const size of [1025, 1400, 8000]) {
    await ask(socket, set('k', plain(size)), STORED);
    await ask(socket, 'get k\r\n', answerWith('k', plain(size)) + 5);
  }
  socket.destroy();
}

await { talk, mislead, short }[what]();
