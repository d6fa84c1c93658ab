/** A real memcached asked over UDP: events and counts are the server's own. */
import { join } from 'node:path';
import test from 'ava';
import { analyze } from 'membench';
import { openProfile, readEvents } from 'membench/profile';
import { temporary } from '../support/cli.js';
import { DEVICE, Network, PORT, SERVER, takeTurns, whyNotLive } from '../support/network.js';
import { byProfile, byServer, unaccounted } from '../support/truth.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;

/**
 * Asks one thing after the other, and prints how many datagrams answered each. Runs where the clients are.
 * A request is [data, datagrams it says it has, reserved field].
 */
const CLIENT = `
  const socket = require('node:dgram').createSocket('udp4');
  const asked = JSON.parse(process.argv[1]);
  const answers = asked.map(() => 0);
  socket.on('message', (message) => { answers[message.readUInt16BE(0) - 1]++; });
  const send = (i) => {
    if (i === asked.length) return setTimeout(() => { console.log(JSON.stringify(answers)); process.exit(); }, 300);
    const [data, total, reserved] = asked[i];
    const frame = Buffer.alloc(8);
    frame.writeUInt16BE(i + 1, 0);
    frame.writeUInt16BE(total, 4);
    frame.writeUInt16BE(reserved, 6);
    socket.send(Buffer.concat([frame, Buffer.from(data)]), ${PORT}, '${SERVER}', () => setTimeout(send, 3, i + 1));
  };
  send(0);
`;

const VALUE = 'v'.repeat(1300);

live(
  `memcached over UDP: exactly what memcached counted and answered${reason && ` (${reason})`}`,
  async (t) => {
    t.timeout(60_000);
    const network = new Network(t);
    await network.memcached('-U', String(PORT));
    const large = 'w'.repeat(20_000);
    network.talk(`set large 0 0 ${large.length}\\r\\n${large}\\r\\n`);
    const before = network.stats();
    const profile = join(temporary(t), 'out.mbp');
    const recording = network.record('--workers', '2', `ebpf:${DEVICE}`, profile);
    await recording.running();
    const asked: [data: string, total: number, reserved: number][] = [
      [`set a 5 0 ${VALUE.length}\r\n${VALUE}\r\n`, 1, 0],
      ['get a\r\n', 1, 5],
      ['get none\r\n', 1, 0],
      ['get large\r\n', 1, 0],
      ['get a large none a\r\n', 1, 0],
      ['get a\r\n', 2, 0],
      ['set n 0 0 1\r\n1\r\nincr n 4\r\nget n\r\nmg n v\r\n', 1, 0],
      ['set q 0 0 1 noreply\r\nx\r\n', 1, 0],
      ['mg none v q\r\nmn\r\n', 1, 0],
      ...Array.from({ length: 200 }, (_, i): [string, number, number] => [
        i % 5 === 0 ? `set k${i} 0 0 2\r\nxy\r\n` : `get k${i - (i % 5)} other\r\n`,
        1,
        0,
      ]),
    ];
    const answers: number[] = JSON.parse(
      network.client(process.execPath, '-e', CLIENT, JSON.stringify(asked)),
    );
    const summary = await recording.stop();
    const after = network.stats();
    // What memcached does, seen on its own socket: rows O02, O03, O05, O06.
    t.is(answers[1], 1, 'the reserved field is not looked at');
    t.is(answers[3], 15, 'a large value comes in datagrams of 1400 bytes');
    t.is(answers[5], 0, 'a request of two datagrams is dropped');
    t.is(answers[6], 4, 'each command is answered by itself');
    t.is(answers[7], 0);
    t.is(unaccounted(summary), 0);
    t.deepEqual(summary.packets.lost, {});
    t.is(summary.gaps, 0);
    t.is(summary.counters.udp_refused, 1);
    t.is(summary.counters.unmatched_answers, 0);
    t.deepEqual(byProfile(await analyze([profile])), byServer(before, after));
    using reader = openProfile(profile);
    const events = [...readEvents(reader)];
    t.true(events.every(({ transport, conn }) => transport === 'udp' && conn === 0));
    t.deepEqual(
      events.slice(0, 13).map(({ op, status, value_size }) => [op, status, value_size]),
      [
        ['set', 'stored', 1300],
        ['get', 'hit', 1300],
        ['get', 'miss', null],
        ['get', 'hit', 20_000],
        ['get', 'hit', 1300],
        ['get', 'hit', 20_000],
        ['get', 'miss', null],
        ['get', 'hit', 1300],
        ['set', 'stored', 1],
        ['incr', 'value', null],
        ['get', 'hit', 1],
        ['mg', 'hit', 1],
        ['set', 'silent', 1],
      ],
    );
  },
);

/**
 * Sends requests whose departure it chooses itself (SO_TXTIME, socket(7)), and one as the kernel does. Runs where the
 * clients are.
 */
const CHOOSY = `
  const koffi = require('koffi');
  const libc = koffi.load('libc.so.6');
  const socket = libc.func('int socket(int, int, int)');
  const connect = libc.func('int connect(int, void *, int)');
  const setsockopt = libc.func('int setsockopt(int, int, int, void *, int)');
  const sendmsg = libc.func('long sendmsg(int, void *, int)');
  const [SOL_SOCKET, SO_TXTIME, CLOCK_MONOTONIC] = [1, 61, 1];
  const must = (result) => { if (result < 0) throw new Error('errno ' + koffi.errno()); };
  const fd = socket(2, 2, 0);
  const to = Buffer.from([2, 0, ${PORT >> 8}, ${PORT & 255}, ...'${SERVER}'.split('.').map(Number), ...new Array(8).fill(0)]);
  must(connect(fd, to, to.length));
  must(setsockopt(fd, SOL_SOCKET, SO_TXTIME, Buffer.from([CLOCK_MONOTONIC, 0, 0, 0, 0, 0, 0, 0]), 8));
  const send = (id, time) => {
    const data = Buffer.from([0, id, 0, 0, 0, 1, 0, 0, ...Buffer.from('get a\\r\\n')]);
    const part = Buffer.alloc(16);
    part.writeBigUInt64LE(koffi.address(data), 0);
    part.writeBigUInt64LE(BigInt(data.length), 8);
    const control = Buffer.alloc(24);
    control.writeBigUInt64LE(24n, 0);
    control.writeInt32LE(SOL_SOCKET, 8);
    control.writeInt32LE(SO_TXTIME, 12);
    control.writeBigUInt64LE(time, 16);
    const message = Buffer.alloc(56);
    message.writeBigUInt64LE(koffi.address(part), 16);
    message.writeBigUInt64LE(1n, 24);
    if (time) message.writeBigUInt64LE(koffi.address(control), 32);
    if (time) message.writeBigUInt64LE(24n, 40);
    must(sendmsg(fd, message, 0));
  };
  const second = 1000000000n;
  send(1, 1n);
  send(2, process.hrtime.bigint() + 10n * second);
  send(3, 0n);
  setTimeout(() => { send(4, process.hrtime.bigint() - second); }, 50);
`;

live(`times that a sender chose are not believed${reason && ` (${reason})`}`, async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached('-U', String(PORT));
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.record(`ebpf:${DEVICE}`, profile);
  await recording.running();
  const start = BigInt(Date.now()) * 1_000_000n;
  network.client(process.execPath, '-e', CHOOSY);
  const summary = await recording.stop();
  const end = BigInt(Date.now()) * 1_000_000n;
  t.is(unaccounted(summary), 0);
  t.is(summary.requests, 4);
  t.is(summary.answered, 4);
  using reader = openProfile(profile);
  for (const { ts_ns, latency_ns } of readEvents(reader)) {
    t.true(BigInt(ts_ns) >= start && BigInt(ts_ns) <= end, `${ts_ns} is in [${start}, ${end}]`);
    t.true(latency_ns !== null && latency_ns < 20_000_000);
  }
});
