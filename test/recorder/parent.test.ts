import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { frameHead } from '#src/recorder/frames.js';
import { REBUILT_MAX, type ToRecorder } from '#src/recorder/messages.js';
import { Parent } from '#src/recorder/parent.js';
import { temporary } from '../support/cli.js';

/** Two ends of a socket. The other one reads nothing by itself. */
async function pair(t: { teardown(fn: () => void): void }): Promise<{ own: Socket; other: Socket }> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(join(temporary(t), 'socket'));
  await once(server, 'listening');
  const own = connect(server.address() as string);
  const [other] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => {
    own.destroy();
    other.destroy();
    server.close();
  });
  return { own, other };
}

const PROGRESS = {
  kind: 'progress',
  progress: { bytesRead: 0, packets: 0, requests: 0, hits: 0, misses: 0, lost: 0, lag: null },
} as const;

test('for a parent that takes nothing, what waits is bounded', async (t) => {
  const { own } = await pair(t);
  const parent = new Parent(
    own,
    () => {},
    () => {},
  );
  let most = 0;
  for (let i = 0; i < 20_000; i++) {
    parent.say(PROGRESS);
    most = Math.max(most, parent.waiting);
    if (i % 50 === 0) await turn();
  }
  t.true(most > 0, 'the kernel took all of it');
  t.true(most < 1000, `${most} bytes of progress wait`);
  for (let i = 0; i < 20_000; i++)
    parent.say({ kind: 'rebuilt', worker: 0, why: 'unreachable '.repeat(100) });
  t.true(parent.waiting < REBUILT_MAX * 2100);
});

test('what a parent says arrives however it is cut, and that it is gone', async (t) => {
  const { own, other } = await pair(t);
  const heard: ToRecorder['kind'][] = [];
  let gone = 0;
  new Parent(
    own,
    ({ kind }) => heard.push(kind),
    () => gone++,
  );
  for (const byte of Buffer.concat([1, 4, 3, 4, 2].map((type) => frameHead(type, 0)))) {
    other.write(Uint8Array.of(byte));
    await turn();
  }
  other.end();
  await once(own, 'close');
  t.deepEqual(heard, ['run', 'written', 'flush', 'written', 'stop']);
  t.is(gone, 1);
});
