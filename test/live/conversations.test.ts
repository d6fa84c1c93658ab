import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { decode, OPCODES } from '../support/binary.js';
import { temporary } from '../support/cli.js';
import { payloadOf } from '../support/datagrams.js';
import { type Conversation, loadConversations } from '../support/markdown.js';
import { everyRowsOwnLine } from '../support/rows.js';
import { readsAlike, reason, speaksAsWritten, version } from '../support/spoken.js';

const PORT = 11713;

async function connect(): Promise<Socket> {
  for (let i = 0; ; i++) {
    const socket = createConnection(PORT, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (i === 200) throw error;
      await sleep(20);
    }
  }
}

/** A memcached of its own; `-Y` and `-S` get the files they need. */
async function start(t: ExecutionContext, options: readonly string[]): Promise<Socket> {
  const folder = join(temporary(t), 'readable');
  mkdirSync(folder, { mode: 0o755 });
  const users = join(folder, 'users');
  writeFileSync(users, 'user:pass\n', { mode: 0o644 });
  writeFileSync(join(folder, 'memcached.conf'), 'mech_list: anonymous plain cram-md5\n', { mode: 0o644 });
  const args = ['-u', 'root', '-l', '127.0.0.1', '-p', String(PORT), '-U', '0', '-m', '16', '-t', '1'];
  const server: ChildProcess = spawn(
    'memcached',
    [...args, ...options.flatMap((option) => (option === '-Y' ? [option, users] : [option]))],
    { stdio: 'ignore', env: { ...process.env, SASL_CONF_PATH: folder } },
  );
  t.teardown(async () => {
    if (server.exitCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  });
  return connect();
}

/** Text without what is the server's own: statistics, addresses, its version, the time. */
const ownless = (text: string): string =>
  text
    .replaceAll(/^(STAT \S+ .*\r\n)+/gm, 'STAT *\r\n')
    .replaceAll(/^VERSION .*$/gm, 'VERSION *')
    .replaceAll(/^(ITEM .* b; )\d+( s\])/gm, '$1*$2')
    .replaceAll(/^(key=\S+|ME \S+) .*$/gm, (line) => line.replaceAll(/ (exp|la)=(\d+)/g, ' $1=*'))
    .replaceAll(/^(?:HD|VA|EN) .*$/gm, (line) => line.replaceAll(/ ([lt])\d+/g, ' $1*'));

/** What is compared: cas uniques, versions, challenges and statistics are the server's own. */
function plain(bytes: Uint8Array): string[] {
  if (bytes[0] !== 0x81) return [ownless(Buffer.from(bytes).toString('latin1'))];
  const { messages, size } = decode(bytes);
  const names = ['VERSION', 'SASL_LIST_MECHS'].map((name) => OPCODES[name]);
  const own = (opcode: number, status: number) => status === 0x21 || (names.includes(opcode) && status === 0);
  return [
    ...messages
      .filter(({ opcode, keySize }) => opcode !== OPCODES.STAT || keySize === 0)
      .map(({ magic, opcode, status, opaque, extras, key, value }) =>
        [
          magic,
          opcode,
          status,
          opaque,
          Buffer.from(extras).toString('hex'),
          Buffer.from(key).toString('latin1'),
          own(opcode, status) ? 'its own' : Buffer.from(value).toString('latin1'),
        ].join(' '),
      ),
    ...(size < bytes.length ? [Buffer.from(bytes.subarray(size)).toString('latin1')] : []),
  ];
}

/** Says the client's part; returns what both said, in turn. */
async function talk(socket: Socket, turns: Conversation['turns']): Promise<Conversation['turns']> {
  const spoken: Conversation['turns'] = [];
  const chunks: Buffer[] = [];
  let told = 0;
  const hear = () => {
    const bytes = Buffer.concat(chunks.slice(told));
    told = chunks.length;
    if (bytes.length > 0) spoken.push({ from: 'server', bytes });
  };
  let closed = false;
  socket.on('data', (chunk) => chunks.push(chunk));
  // A server that closes with bytes unread resets the connection.
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  let wanted = Buffer.alloc(0);
  for (const { from, bytes } of turns) {
    if (from === 'client') {
      hear();
      spoken.push({ from, bytes });
      socket.write(bytes);
      continue;
    }
    wanted = Buffer.concat([wanted, bytes]);
    const lines = plain(wanted).join('\n').length;
    // What does not come is seen when all is compared.
    for (let i = 0; i < 200 && !closed && plain(Buffer.concat(chunks)).join('\n').length < lines; i++)
      await sleep(10);
  }
  socket.end();
  for (let i = 0; i < 500 && !closed; i++) await sleep(10);
  socket.destroy();
  hear();
  return spoken;
}

/** Sends the datagrams of one client, in turn, and awaits as many of each turn's answers as are known. */
async function talkDatagrams(
  t: ExecutionContext,
  datagrams: Conversation['datagrams'],
): Promise<Uint8Array[]> {
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  const got: Uint8Array[] = [];
  socket.on('message', (message) => got.push(message));
  const wanted = datagrams.filter(({ from }) => from === 'server').length;
  for (const datagram of datagrams) {
    if (datagram.from === 'server') continue;
    socket.send(payloadOf(datagram), PORT, '127.0.0.1');
    // One at a time: their order is what is told by a server of one thread.
    await sleep(20);
  }
  for (let i = 0; i < 100 && got.length < wanted; i++) await sleep(10);
  await sleep(100);
  return got;
}

/** A datagram as it is compared: its frame, and its data without what is the server's own. */
function plainDatagram(bytes: Uint8Array): string[] {
  return [Buffer.from(bytes.subarray(0, 8)).toString('hex'), ...plain(bytes.subarray(8))];
}

const every = loadConversations();
for (const { file, title, turns, datagrams, memcached } of [...every, everyRowsOwnLine(every)]) {
  if (!memcached) continue;
  if (datagrams.length > 0) {
    (version ? test.serial : test.serial.skip)(
      `a real memcached answers so: ${file}: ${title}${reason}`,
      async (t) => {
        (await start(t, ['-U', String(PORT), ...memcached])).destroy();
        const said = datagrams.filter(({ from }) => from === 'server').map(payloadOf);
        const got = await talkDatagrams(t, datagrams);
        if (speaksAsWritten) t.deepEqual(got.map(plainDatagram), said.map(plainDatagram));
        else t.is(got.length > 0, said.length > 0);
      },
    );
    continue;
  }
  (version ? test.serial : test.serial.skip)(
    `a real memcached answers so: ${file}: ${title}${reason}`,
    async (t) => {
      const said = (all: Conversation['turns']) =>
        Buffer.concat(all.filter(({ from }) => from === 'server').map(({ bytes }) => bytes));
      const spoken = await talk(await start(t, memcached), turns);
      // Other releases answer otherwise: what they say has to be understood all the same.
      if (speaksAsWritten) t.deepEqual(plain(said(spoken)), plain(said(turns)));
      readsAlike(t, spoken, title);
    },
  );
}
