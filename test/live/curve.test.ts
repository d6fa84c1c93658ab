/** The simulated memcached against real ones of several sizes, fed with the same requests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Items } from '#src/analyze/curve/items.js';
import { readMemcachedOptions } from '#src/analyze/curve/memcached-options.js';
import { Memcacheds } from '#src/analyze/curve/memcacheds.js';
import { KeyTable } from '#src/analyze/key-table.js';
import { seeded } from '../support/random.js';
import { reason, version } from '../support/spoken.js';

const PORT = 11717;
const KEYS = 150_000;
const READS = 300_000;
const BATCH = 50;
const SIZES = [8, 16, 24, 32, 64];

/** Keys by Zipf's law. */
function draw(): Uint32Array {
  const random = seeded(11);
  const sums = new Float64Array(KEYS);
  let sum = 0;
  for (let i = 0; i < KEYS; i++) {
    sum += 1 / (i + 1) ** 0.9;
    sums[i] = sum;
  }
  return Uint32Array.from({ length: READS }, () => {
    const wanted = random() * sum;
    let [low, high] = [0, KEYS - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

const nameOf = (key: number) => `key:${key.toString().padStart(8, '0')}`;
const valueSize = (key: number) => 100 + ((key * 7919) % 500);
const VALUE = 'x'.repeat(600);

async function start(t: ExecutionContext, megabytes: number): Promise<Socket> {
  const args = [
    '-u',
    'nobody',
    '-l',
    '127.0.0.1',
    '-p',
    `${PORT}`,
    '-U',
    '0',
    '-m',
    `${megabytes}`,
    '-t',
    '1',
  ];
  const server = spawn('memcached', args, { stdio: 'ignore' });
  t.teardown(async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  });
  for (let i = 0; ; i++) {
    const socket = createConnection(PORT, '127.0.0.1');
    try {
      await once(socket, 'connect');
      socket.once('close', () => server.kill('SIGKILL'));
      return socket;
    } catch (error) {
      if (i === 200) throw error;
      await sleep(20);
    }
  }
}

/** Asks for keys in batches and stores what is missing; returns hits. */
async function feed(socket: Socket, keys: Uint32Array): Promise<number> {
  let hits = 0;
  let answer = '';
  let whole: () => void = () => {};
  // Stores are not answered: what comes behind them must not wait for that.
  socket.setNoDelay(true);
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    answer += text;
    if (answer.endsWith('END\r\n')) whole();
  });
  for (let at = 0; at < keys.length; at += BATCH) {
    const batch = [...new Set(keys.subarray(at, at + BATCH))];
    const answered = new Promise<void>((resolve) => {
      whole = resolve;
    });
    answer = '';
    socket.write(`get ${batch.map(nameOf).join(' ')}\r\n`);
    await answered;
    const found = new Set([...answer.matchAll(/VALUE key:(\d+) /g)].map(([, digits]) => Number(digits)));
    hits += found.size;
    const missing = batch.filter((key) => !found.has(key));
    socket.write(
      missing
        .map(
          (key) =>
            `set ${nameOf(key)} 0 0 ${valueSize(key)} noreply\r\n${VALUE.slice(0, valueSize(key))}\r\n`,
        )
        .join(''),
    );
  }
  return hits;
}

/** The same of the model. */
function simulate(keys: Uint32Array, megabytes: number): number {
  const words = seeded(3);
  const hashes = Uint32Array.from({ length: 2 * KEYS }, () => Math.floor(words() * 2 ** 32));
  const table = new KeyTable();
  const items = new Items(0);
  const model = new Memcacheds(table, items, [megabytes], readMemcachedOptions('').options);
  for (let at = 0; at < keys.length; at += BATCH) {
    for (const key of new Set(keys.subarray(at, at + BATCH))) {
      const id = table.idOf(hashes[2 * key]!, hashes[2 * key + 1]!);
      items.learn(id, 59 + 12 + valueSize(key), Number.NaN);
      model.read(id, at * 1e4, true, 1);
    }
  }
  return model.hits({ reads: 0, busyShare: 0 })[0]![1];
}

const live = version ? test.serial : test.serial.skip;

for (const megabytes of SIZES) {
  live(`a memcached of ${megabytes} MB hits what the model does, within half a point${reason}`, async (t) => {
    const keys = draw();
    let reads = 0;
    for (let at = 0; at < keys.length; at += BATCH) reads += new Set(keys.subarray(at, at + BATCH)).size;
    const socket = await start(t, megabytes);
    const real = (await feed(socket, keys)) / reads;
    socket.destroy();
    await sleep(200);
    const model = simulate(keys, megabytes) / reads;
    t.log(`${(100 * real).toFixed(2)} % in memcached, ${(100 * model).toFixed(2)} % in the model`);
    t.true(Math.abs(real - model) < 0.005, `${real} and ${model}`);
  });
}
