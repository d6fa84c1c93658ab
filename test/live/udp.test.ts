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
