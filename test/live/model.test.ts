import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { decode, encode, OPCODES } from '../support/binary.js';
import { randomBinaryConversation } from '../support/binary-model.js';
import type { Turn } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { conversationWith } from '../support/releases.js';
import { readsAlike, reason, release, speaksAsWritten, version } from '../support/spoken.js';

const PORT = 11712;

/** Sends a whole client's side, and what ends a connection. */
async function talk(request: Uint8Array, end: Uint8Array): Promise<Buffer> {
  const socket = createConnection(PORT, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write(request);
  socket.write(end);
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

const text = async (request: Uint8Array) => (await talk(request, Buffer.from('quit\r\n'))).toString('latin1');
const binary = (request: Uint8Array) => talk(request, encode({ magic: 0x80, opcode: OPCODES.QUITQ! }));

async function start(t: ExecutionContext): Promise<void> {
  const server: ChildProcess = spawn(
    'memcached',
    ['-u', 'nobody', '-l', '127.0.0.1', '-p', String(PORT), '-U', '0'],
    { stdio: 'ignore' },
  );
  t.teardown(async () => {
    server.kill();
    await once(server, 'exit');
  });
  for (let i = 0; ; i++) {
    try {
      await text(new Uint8Array(0));
      return;
    } catch (error) {
      if (i === 100) throw error;
      await sleep(50);
    }
  }
}

/** Everything one side says. */
const said = (turns: readonly Turn[], side: Turn['from']) =>
  Buffer.concat(turns.filter(({ from }) => from === side).map(({ bytes }) => bytes));

const live = version ? test.serial : test.serial.skip;

live(`the model of memcached answers as memcached does${reason}`, async (t) => {
  await start(t);
  // Cas uniques and statistics are the server's own.
  const plain = (answer: string) =>
    answer
      .replaceAll(/^(VALUE \S+ \d+ \d+) \d+\r$/gm, '$1 N\r')
      .replaceAll(/^STAT .*\r\n/gm, '')
      .replaceAll(/^VERSION .*\r$/gm, 'VERSION\r')
      .replaceAll(/ t-?\d+/g, ' tN');
  for (let seed = 1; seed <= 30; seed++) {
    await text(Buffer.from('flush_all\r\n'));
    const turns = randomConversation(seed, 60, false);
    const told = said(turns, 'server').toString('latin1');
    const answer = await text(said(turns, 'client'));
    // Other releases answer otherwise: what they say has to be understood all the same.
    if (speaksAsWritten) t.is(plain(answer), plain(told), `seed ${seed}`);
    const spoken: Turn[] = [
      { from: 'client', bytes: said(turns, 'client') },
      { from: 'server', bytes: Buffer.from(answer, 'latin1') },
    ];
    readsAlike(t, spoken, `seed ${seed}`);
  }
});

live(
  `what a server of the ${release} kind makes of refused values is what memcached does${reason}`,
  async (t) => {
    await start(t);
    // Which error it is does not matter here, but that it is one.
    const plain = (answer: string) => answer.replaceAll(/^(CLIENT_)?ERROR.*\r$/gm, 'ERROR\r');
    for (let seed = 1; seed <= 60; seed++) {
      await text(Buffer.from('flush_all\r\n'));
      const { turns } = conversationWith(release, seed, 60, 0.2);
      // What the server still waits for must not swallow the end.
      const asked = Buffer.concat([said(turns, 'client'), Buffer.from(`${'\r\n'.repeat(40)}`)]);
      const answer = plain(await text(asked));
      t.true(answer.startsWith(plain(said(turns, 'server').toString('latin1'))), `seed ${seed}`);
    }
  },
);

live(`the binary model of memcached answers as memcached does${reason}`, async (t) => {
  await start(t);
  const plain = (answer: Uint8Array) => {
    const { messages, size } = decode(answer);
    t.is(size, answer.length);
    return messages
      .filter(({ opcode, keySize }) => opcode !== OPCODES.STAT || keySize === 0)
      .map((message) => ({
        ...message,
        cas: 0n,
        ...(message.opcode === OPCODES.VERSION && { value: 0, bodySize: 0 }),
      }));
  };
  for (let seed = 1; seed <= 60; seed++) {
    await text(Buffer.from('flush_all\r\n'));
    const turns = randomBinaryConversation(seed, 60, false);
    t.deepEqual(plain(await binary(said(turns, 'client'))), plain(said(turns, 'server')), `seed ${seed}`);
  }
});
