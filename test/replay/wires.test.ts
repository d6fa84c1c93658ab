/** The sockets of the system and those of Node do the same. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { replay } from 'membench';
import { loadStreams } from '#src/native/streams.js';
import { NativeWires } from '#src/replay/native-wires.js';
import { NetWires } from '#src/replay/net-wires.js';
import type { Wire, WireEvents, Wires } from '#src/replay/wire.js';
import { temporary } from '../support/cli.js';
import { load } from './load.js';
import { freePort, hasMemcached, Memcached, profileOf } from './server.js';

const streams = await loadStreams().catch(() => null);
const kinds: [name: string, open: () => Wires][] = [['Node', () => new NetWires(Buffer.alloc(1000))]];
if (streams !== null) kinds.push(['the system', () => new NativeWires(streams, Buffer.alloc(1000))]);

interface Seen extends WireEvents {
  ready: boolean;
  closed: boolean;
  drained: boolean;
  error: string;
  bytes: Buffer[];
}

function seen(): Seen {
  const events: Seen = {
    ...{ ready: false, closed: false, drained: false, error: '', bytes: [] },
    onReady: () => {
      events.ready = true;
    },
    onBytes(bytes, size) {
      events.bytes.push(Buffer.from(bytes.subarray(0, size)));
      return true;
    },
    onDrain: () => {
      events.drained = true;
    },
    onError: (code) => {
      events.error = code;
    },
    onClose: () => {
      events.closed = true;
    },
  };
  return events;
}

/** Has events handled until something is so. */
async function until(wires: Wires, isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries === 5000) throw new Error('it does not happen');
    wires.poll?.(1);
    await sleep(1);
  }
}

async function listen(host: string, onSocket: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    onSocket(socket);
  });
  server.listen(0, host);
  await once(server, 'listening');
  return { server, address: { host, port: (server.address() as { port: number }).port } };
}

const write = (wire: Wire, text: string) => {
  const bytes = Buffer.from(`??${text}`);
  wire.write(bytes, 2, bytes.length);
};

for (const [name, open] of kinds) {
  test(`${name}: what is written arrives, what is answered is read, and the end is an end`, async (t) => {
    for (const host of ['127.0.0.1', '::1']) {
      const { server, address } = await listen(host, (socket) => socket.pipe(socket));
      const wires = open();
      const events = seen();
      const wire = wires.open(address, events);
      await until(wires, () => events.ready);
      write(wire, 'one ');
      write(wire, 'two');
      await until(wires, () => Buffer.concat(events.bytes).length === 7);
      t.is(Buffer.concat(events.bytes).toString(), 'one two');
      wire.end();
      await until(wires, () => events.closed);
      t.is(events.error, '');
      wires.close();
      server.close();
    }
  });

  test(`${name}: what a slow server does not take at once waits, and arrives in order`, async (t) => {
    let slow: Socket | undefined;
    const { server, address } = await listen('127.0.0.1', (socket) => {
      slow = socket.pause();
    });
    const wires = open();
    const events = seen();
    const wire = wires.open(address, events);
    await until(wires, () => events.ready && slow !== undefined);
    const size = 1 << 23;
    const bytes = Buffer.from(Array.from({ length: size / 4 }, (_, i) => `${i % 1000}`.padStart(4)).join(''));
    for (let at = 0; at < size; at += size / 4) wire.write(bytes, at, at + size / 4);
    t.true(wire.backlog > 0);
    const hash: Buffer[] = [];
    slow!.on('data', (chunk) => hash.push(chunk));
    slow!.resume();
    await until(wires, () => events.drained && Buffer.concat(hash).length === size);
    t.is(wire.backlog, 0);
    t.true(Buffer.concat(hash).equals(bytes));
    wire.destroy();
    await until(wires, () => events.closed);
    wires.close();
    server.close();
  });

  test(`${name}: a server that closes, resets or does not listen is told`, async (t) => {
    const wires = open();
    const { server, address } = await listen('127.0.0.1', (socket) => {
      socket.once('data', (data) => (data.toString() === 'reset' ? socket.resetAndDestroy() : socket.end()));
    });
    for (const how of ['close', 'reset']) {
      const events = seen();
      const wire = wires.open(address, events);
      await until(wires, () => events.ready);
      write(wire, how);
      await until(wires, () => events.closed);
      t.is(events.error, how === 'reset' ? 'ECONNRESET' : '');
    }
    const events = seen();
    wires.open({ host: '127.0.0.1', port: await freePort() }, events);
    await until(wires, () => events.closed);
    t.is(events.error, 'ECONNREFUSED');
    t.false(events.ready);
    wires.close();
    server.close();
  });
}

(hasMemcached && process.platform === 'linux' ? test.serial : test.skip)(
  'a replay leaves no descriptor open',
  async (t) => {
    const memcached = await Memcached.start(t);
    const path = profileOf(temporary(t), load({ requests: 100 }));
    const once = () => replay({ profiles: [path], server: memcached.server, asap: true });
    await once();
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 3; i++) await once();
    t.true(readdirSync('/proc/self/fd').length <= before);
  },
);
