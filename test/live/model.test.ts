import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { randomConversation } from '../support/model.js';

const PORT = 11712;
const version = /\d+\.\d+\.\d+/.exec(spawnSync('memcached', ['-V'], { encoding: 'utf8' }).stdout ?? '')?.[0];
const [major = 0, minor = 0, patch = 0] = (version ?? '').split('.').map(Number);
/** The model answers as releases 1.6.10 to 1.6.39 do. */
const fits = major === 1 && minor === 6 && patch >= 10 && patch <= 39;
const reason =
  version === undefined
    ? ' (needs memcached)'
    : fits
      ? ''
      : ` (speaks like 1.6.10 to 1.6.39, here is ${version})`;

async function talk(request: Uint8Array): Promise<string> {
  const socket = createConnection(PORT, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write(request);
  socket.write('quit\r\n');
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

(reason === '' ? test.serial : test.serial.skip)(
  `the model of memcached answers as memcached does${reason}`,
  async (t) => {
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
        await talk(new Uint8Array(0));
        break;
      } catch (error) {
        if (i === 100) throw error;
        await sleep(50);
      }
    }
    // Cas uniques and statistics are the server's own.
    const plain = (text: string) =>
      text
        .replaceAll(/^(VALUE \S+ \d+ \d+) \d+\r$/gm, '$1 N\r')
        .replaceAll(/^STAT .*\r\n/gm, '')
        .replaceAll(/^VERSION .*\r$/gm, 'VERSION\r')
        .replaceAll(/ t-?\d+/g, ' tN');
    for (let seed = 1; seed <= 30; seed++) {
      await talk(Buffer.from('flush_all\r\n'));
      const turns = randomConversation(seed, 60, false);
      const asked = Buffer.concat(turns.filter(({ from }) => from === 'client').map(({ bytes }) => bytes));
      const told = Buffer.concat(
        turns.filter(({ from }) => from === 'server').map(({ bytes }) => bytes),
      ).toString('latin1');
      t.is(plain(await talk(asked)), plain(told), `seed ${seed}`);
    }
  },
);
