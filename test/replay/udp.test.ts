/** What was recorded over UDP is sent over UDP. */
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { replay } from 'membench';
import { loadStreams } from '#src/native/streams.js';
import { NativeWires } from '#src/replay/native-wires.js';
import { NetWires } from '#src/replay/net-wires.js';
import type { Wires } from '#src/replay/wire.js';
import { encode, OPCODES } from '../support/binary.js';
import { temporary } from '../support/cli.js';
import { ascii } from '../support/conversation.js';
import { type Datagram, datagramPackets, datagramsOf } from '../support/datagrams.js';
import { fakeServer, hasMemcached, Memcached, profileOf } from './server.js';

const streams = await loadStreams().catch(() => null);
const live = hasMemcached ? test : test.skip;

/** Requests with their answers, one after the other. */
function recording(
  exchanges: readonly (readonly [request: Uint8Array, answer: Uint8Array | null])[],
  clientPort: number,
) {
  const datagrams: Datagram[] = [];
  for (const [i, [request, answer]] of exchanges.entries()) {
    const one = { id: i + 1, sequence: 0, total: 1, reserved: 0, clientPort };
    datagrams.push({ ...one, from: 'client', data: request });
    if (answer === null) continue;
    const text = Buffer.from(answer).toString('latin1');
    const parts = datagramsOf(`${i + 1} port=${clientPort} parts: ${text}`, 'server', (part) => part);
    datagrams.push(...parts);
  }
  return datagrams;
}

const key = (i: number) => `udp-key-of-the-test-${String(i).padStart(4, '0')}`;
const said = (request: string, answer: string | null) =>
  [ascii(request), answer === null ? null : ascii(answer)] as const;
const value = (i: number, size: number) => `VALUE ${key(i)} 0 ${size}\r\n${'v'.repeat(size)}\r\n`;
const LARGE = 20_000;

const TEXT = [
  ...Array.from({ length: 10 }, (_, i) =>
    said(`set ${key(i)} 0 0 ${100 + i}\r\n${'v'.repeat(100 + i)}\r\n`, 'STORED\r\n'),
  ),
  said(`set ${key(20)} 0 0 ${LARGE}\r\n${'v'.repeat(LARGE)}\r\n`, 'STORED\r\n'),
  ...Array.from({ length: 10 }, (_, i) => said(`get ${key(i)}\r\n`, `${value(i, 100 + i)}END\r\n`)),
  said(`get ${key(20)}\r\n`, `${value(20, LARGE)}END\r\n`),
  said(`get ${key(1)} ${key(50)} ${key(2)}\r\n`, `${value(1, 101)}${value(2, 102)}END\r\n`),
  said(`set ${key(30)} 0 0 2\r\n10\r\n`, 'STORED\r\n'),
  said(`incr ${key(30)} 5\r\n`, '15\r\n'),
  said(`set ${key(31)} 0 0 3 noreply\r\nabc\r\n`, null),
  said(`get ${key(31)}\r\n`, `VALUE ${key(31)} 0 3\r\nabc\r\nEND\r\n`),
  said(`delete ${key(0)}\r\n`, 'DELETED\r\n'),
  said(`get ${key(0)}\r\n`, 'END\r\n'),
] as const;

const message = (name: string, i: number, more: object = {}) =>
  encode({ magic: 0x80, opcode: OPCODES[name]!, key: ascii(`binary-${key(i)}`), opaque: i, ...more });
const answered = (name: string, i: number, more: object = {}) =>
  encode({ magic: 0x81, opcode: OPCODES[name]!, opaque: i, ...more });
const BINARY = [
  [message('SET', 1, { extras: new Uint8Array(8), value: ascii('abc') }), answered('SET', 1, { cas: 7n })],
  [message('GET', 1), answered('GET', 1, { extras: new Uint8Array(4), value: ascii('abc') })],
  [message('GET', 2), answered('GET', 2, { status: 1, value: ascii('Not found') })],
  [message('DELETE', 1), answered('DELETE', 1)],
] as const;

const packets = [
  ...datagramPackets(recording(TEXT, 40_001), 'whole'),
  ...datagramPackets(recording(BINARY, 40_002), 'whole'),
].sort((a, b) => Number(a.time - b.time));

for (const protocol of ['as-recorded', 'text', 'meta', 'binary'] as const)
  for (const asap of [false, true])
    live(`a real memcached answers over UDP as recorded: ${protocol}${asap ? ', asap' : ''}`, async (t) => {
      // Several threads of memcached take turns at the socket, and answer in any order.
      const memcached = await Memcached.start(t, '-U', 'PORT', '-t', '1');
      const before = await memcached.stats();
      const profiles = [profileOf(temporary(t), packets)];
      const summary = await replay({ profiles, server: memcached.server, protocol, asap });
      const after = await memcached.stats();
      const grown = (name: string) => after[name]! - before[name]!;
      t.deepEqual(summary.errors, {});
      t.deepEqual(summary.left_out, {});
      t.is(summary.requests, TEXT.length + BINARY.length);
      t.is(summary.outcome.other + summary.outcome.hit_to_miss + summary.outcome.miss_to_hit, 0);
      t.is(grown('get_hits'), 10 + 1 + 2 + 1 + 1);
      t.is(grown('get_misses'), 1 + 1 + 1);
      t.is(grown('cmd_set'), 10 + 1 + 1 + 1 + 1);
      t.is(grown('delete_hits'), 2);
      t.is(summary.ops.get!.hits + (summary.ops.mg?.hits ?? 0), 15);
      t.is(summary.stray_datagrams, 0);
      t.is(grown('total_connections'), 2, 'nothing but the questions came over TCP');
    });

/** A server that is asked over UDP, and over TCP what it holds. */
async function fakeUdp(
  t: ExecutionContext,
  answer: (request: Buffer, reply: (frame: number[], data: string) => void) => void,
) {
  const { server, received } = await fakeServer(t, () => {});
  const socket = createSocket('udp4');
  socket.bind(Number(server.split(':')[1]), '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  const requests: Buffer[] = [];
  socket.on('message', (request: Buffer, { port, address }: RemoteInfo) => {
    requests.push(request);
    answer(request, (frame, data) => {
      const head = Buffer.alloc(8);
      for (const [i, number] of frame.entries()) head.writeUInt16BE(number & 0xffff, 2 * i);
      socket.send(Buffer.concat([head, Buffer.from(data)]), port, address);
    });
  });
  return { server, received, requests };
}

const gets = (count: number) =>
  recording(
    Array.from({ length: count }, (_, i) => said(`get ${key(i)}\r\n`, `${value(i, 3)}END\r\n`)),
    40_001,
  );

test('each request is one datagram with a frame of its own', async (t) => {
  const { server, requests, received } = await fakeUdp(t, (request, reply) =>
    reply([request.readUInt16BE(0), 0, 1, 0], 'END\r\n'),
  );
  const profiles = [profileOf(temporary(t), datagramPackets(gets(30), 'whole'))];
  const summary = await replay({ profiles, server });
  t.is(summary.requests, 30);
  t.is(summary.outcome.hit_to_miss, 30);
  t.deepEqual(
    requests.map((request) => [0, 2, 4, 6].map((at) => request.readUInt16BE(at))),
    Array.from({ length: 30 }, (_, i) => [i, 0, 1, 0]),
  );
  t.true(requests.every((request) => /^get \S{24}\r\n$/.test(request.toString('latin1', 8))));
  t.deepEqual(received, [], 'no connection over TCP');
});

test('answers that are lost, late, doubled, cut, in parts, out of order or nonsense are each told for what they are', async (t) => {
  const held: (() => void)[] = [];
  const { server } = await fakeUdp(t, (request, reply) => {
    const number = request.readUInt16BE(0);
    const name = request.toString('latin1', 12, request.length - 2);
    const found = `VALUE ${name} 0 3\r\nabc\r\nEND\r\n`;
    if (number === 3) return;
    if (number === 5) reply([number, 0, 1, 0], 'what is this\r\n');
    else if (number === 6) {
      // Only one part of two.
      reply([number, 1, 2, 0], 'END\r\n');
    } else if (number === 7) {
      // Parts that come backwards, one of them twice.
      reply([number, 1, 2, 0], found.slice(10));
      reply([number, 1, 2, 0], found.slice(10));
      reply([number, 0, 2, 0], found.slice(0, 10));
    } else if (number === 8) held.push(() => reply([number, 0, 1, 0], found));
    else {
      reply([number, 0, 1, 0], found);
      for (const late of held.splice(0)) late();
    }
    if (number === 10) {
      reply([number, 0, 1, 0], found);
      reply([40_000, 0, 1, 0], found);
      reply([number + 1, 3, 2, 0], found);
    }
  });
  const profiles = [profileOf(temporary(t), datagramPackets(gets(40), 'whole'))];
  const summary = await replay({ profiles, server, rate: 50, timeout: 3, maxErrors: 1 });
  t.deepEqual(summary.errors, { timeout: 2, not_understood: 1 });
  t.is(summary.ops.get!.hits, 37);
  t.is(summary.ops.get!.count, 40);
  t.true(summary.stray_datagrams >= 3, `${summary.stray_datagrams}`);
  t.is(summary.ended, 'end of profile');
});

test('where nothing listens on UDP, requests fail, and a replay ends', async (t) => {
  const { server } = await fakeServer(t, () => {});
  const profiles = [profileOf(temporary(t), datagramPackets(gets(200), 'whole'))];
  const summary = await replay({ profiles, server, rate: 200, timeout: 0.3 });
  t.is(summary.ops.get!.errors, summary.ops.get!.count);
  t.true((summary.errors.unconnected ?? 0) > 0);
});

test('where nothing listens on UDP, a replay as fast as possible is stopped', async (t) => {
  const { server } = await fakeServer(t, () => {});
  const profiles = [profileOf(temporary(t), datagramPackets(gets(200), 'whole'))];
  const summary = await replay({
    profiles,
    server,
    asap: true,
    timeout: 0.3,
    loop: Number.POSITIVE_INFINITY,
  });
  t.is(summary.ended, 'errors');
  t.true((summary.errors.unconnected ?? 0) > 0);
});

const kinds: [name: string, open: () => Wires][] = [['Node', () => new NetWires(Buffer.alloc(1 << 16))]];
if (streams !== null) kinds.push(['the system', () => new NativeWires(streams, Buffer.alloc(1 << 16))]);
for (const [name, open] of kinds)
  test(`${name}: datagrams are sent and come as they are, empty ones, too`, async (t) => {
    const echo = createSocket('udp4', (bytes, { port, address }) => echo.send(bytes, port, address));
    echo.bind(0, '127.0.0.1');
    await once(echo, 'listening');
    t.teardown(() => echo.close());
    const wires = open();
    const came: string[] = [];
    let closed = false;
    let ready = false;
    const wire = wires.open(
      { host: '127.0.0.1', port: echo.address().port },
      {
        onReady: () => {
          ready = true;
        },
        onBytes: (bytes, size) => came.push(bytes.toString('latin1', 0, size)) > 0,
        onDrain() {},
        onError: (code) => t.fail(code),
        onClose: () => {
          closed = true;
        },
      },
      true,
    );
    const until = async (isSo: () => boolean) => {
      for (let tries = 0; !isSo() && tries < 5000; tries++) {
        wires.poll?.(0);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    await until(() => ready);
    const bytes = Buffer.from('one, two');
    wire.write(bytes, 0, 3);
    wire.write(bytes, 3, 3);
    wire.write(bytes, 5, 8);
    await until(() => came.includes('two'));
    t.deepEqual(
      came.filter((data) => data !== ''),
      ['one', 'two'],
    );
    wire.end();
    await until(() => closed);
    t.true(closed);
    wires.close();
  });
