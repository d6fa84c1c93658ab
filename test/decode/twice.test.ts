/** The same connection seen twice: at two points, or on both sides of an address translation. */
import test from 'ava';
import { client, packetsOf, START, server, type TransportOptions } from '../support/conversation.js';
import { type InProcessOptions, recordInProcess } from '../support/in-process.js';
import { type Packet, pcapFile } from '../support/packets.js';
import { seeded } from '../support/random.js';

/** Where in an Ethernet frame IPv4 and TCP have things. */
const SOURCE = 26;
const DESTINATION = 30;
const SOURCE_PORT = 34;
const DESTINATION_PORT = 36;

const TURNS = [
  client('set a 0 0 2\r\nxy\r\n'),
  server('STORED\r\n'),
  client('get a b\r\n'),
  server('VALUE a 0 2\r\nxy\r\nEND\r\n'),
  client('get c\r\n'),
  server('END\r\n'),
];
const REQUESTS = 3;
const EVENTS = 'set stored, get hit, get miss, get miss';
const BYTES = TURNS.reduce((sum, { bytes }) => sum + bytes.length, 0);

interface Translation {
  server?: number;
  serverPort?: number;
  client?: number;
}

/** What the same packets are, behind a translation, so much later by another clock. */
function copyOf(packets: readonly Packet[], delay: bigint, to: Translation = {}): Packet[] {
  return packets.map(({ time, data }) => {
    const copy = data.slice();
    const view = new DataView(copy.buffer);
    const fromServer = view.getUint16(SOURCE_PORT) === 11211;
    if (to.server) copy[(fromServer ? SOURCE : DESTINATION) + 3] = to.server;
    if (to.client) copy[(fromServer ? DESTINATION : SOURCE) + 3] = to.client;
    if (to.serverPort) view.setUint16(fromServer ? SOURCE_PORT : DESTINATION_PORT, to.serverPort);
    return { time: time + delay, data: copy };
  });
}

/** Merges captures by time, as mergecap does. */
function merge(...captures: Packet[][]): Packet[] {
  return captures.flat().sort((a, b) => Number(a.time - b.time));
}

function record(packets: readonly Packet[], options: InProcessOptions = {}) {
  const { events, counters } = recordInProcess(pcapFile(packets), options);
  const said = events.map(({ op, status }) => `${op} ${status}`).join(', ');
  const conns = new Set(events.map(({ conn }) => conn)).size;
  return { events, counters, said, conns };
}

const CASES: [name: string, delay: bigint, to: Translation, transport: TransportOptions][] = [
  ['two points, the clocks far apart', 1_000_000_000n, {}, {}],
  ['two points, the clocks a little apart', 15_000n, {}, {}],
  ['two points, one packet after the other', 5_000n, {}, {}],
  ["two points, the second copy ends behind the first's end", 45_000n, {}, {}],
  ['another server address', 3_000n, { server: 7 }, {}],
  ['another server address and port', 3_000n, { server: 7, serverPort: 11311 }, {}],
  ['another server address, after the end', 1_000_000n, { server: 7 }, {}],
  ['another client address', 3_000n, { client: 9 }, {}],
  ['another address of both', 3_000n, { client: 9, server: 7 }, {}],
  ['joined in mid-stream', 3_000n, { server: 7 }, { handshake: false }],
  ['joined in mid-stream, server port too', 3_000n, { server: 7, serverPort: 11311 }, { handshake: false }],
  ['two points, joined in mid-stream, behind the end', 45_000n, {}, { handshake: false }],
];

for (const [name, delay, to, transport] of CASES) {
  test(name, (t) => {
    const packets = packetsOf(TURNS, transport);
    const ports: [number, number][] = [
      [11211, 11211],
      [11311, 11311],
    ];
    const alone = record(packets, { ports });
    const twice = merge(packets, copyOf(packets, delay, to));
    for (const workers of [1, 3]) {
      const { events, counters, said, conns } = record(twice, { workers, ports });
      t.deepEqual(events, alone.events);
      if (transport.handshake !== false) t.is(said, EVENTS);
      t.is(conns, 1);
      t.is(counters.flows, 1);
      t.is(counters.requests, alone.counters.requests);
      t.is(counters.payload_repeated, BYTES);
      t.is(counters.negative_latency, 0);
      t.is(counters.packets_decoded, twice.length);
      if (transport.handshake !== false || to.server) {
        t.is(counters.duplicates, TURNS.length);
        t.is(counters.retransmitted, 0);
      }
    }
  });
}

test('connections of the same ports that began with other numbers are no copies', (t) => {
  const packets = packetsOf(TURNS);
  const other = copyOf(packetsOf(TURNS, { serverSeq: 901_000 }), 3_000n, { server: 7 });
  const { counters, conns } = record(merge(packets, other));
  t.is(conns, 2);
  t.is(counters.requests, 2 * REQUESTS);
  t.is(counters.duplicates, 0);
});

test('nor those that began with other bytes', (t) => {
  const packets = packetsOf(TURNS);
  const other = copyOf(packetsOf([client('set z 0 0 4\r\nwxyz\r\n'), server('STORED\r\n')]), 3_000n, {
    server: 7,
  });
  const { counters, conns } = record(merge(packets, other));
  t.is(conns, 2);
  t.is(counters.requests, REQUESTS + 1);
});

test('nor a new connection between the ports of one that ended', (t) => {
  const packets = packetsOf(TURNS);
  const later = packetsOf(TURNS, {
    clientSeq: 50_000,
    serverSeq: 990_000,
    start: START + 1_000_000n,
  });
  const { counters, conns } = record(merge(packets, later));
  t.is(conns, 2);
  t.is(counters.requests, 2 * REQUESTS);
});

test('a sample takes both copies of a connection, or none; workers share connections by it', (t) => {
  const flows = 200;
  const captures = Array.from({ length: flows }, (_, i) => {
    const packets = packetsOf(TURNS, {
      clientPort: 40_000 + i,
      clientSeq: 1000 + i * 5000,
      start: START + BigInt(i) * 1_000_000n,
    });
    return merge(packets, copyOf(packets, 3_000n, { server: 7 }));
  });
  const { counters } = record(merge(...captures), { sample: 4, workers: 3 });
  t.true(counters.flows > flows / 8 && counters.flows < flows / 2, `${counters.flows} flows`);
  t.is(counters.requests, REQUESTS * counters.flows);
  t.is(counters.duplicates, TURNS.length * counters.flows);
});

/** Bounds of what may be told of a latency: what the server's host and the client's host saw, and a little. */
const NEAR = 100_000;
/** Between request and answer at the middle of the path, and from there to either host. */
const [SERVICE, PATH] = [1_000_000n, 20_000n];

/** What both hosts captured, the server's by a clock so far ahead, each without what the other has to have. */
function twoHosts(requests: number, skew: bigint, lost: (host: number, packet: number) => boolean): Packet[] {
  const turns = Array.from({ length: requests }, (_, i) =>
    i % 3 === 0
      ? [client(`set k${i} 0 0 2\r\nxy\r\n`), server('STORED\r\n')]
      : [client(`get k${i}\r\n`), server(`VALUE k${i} 0 2\r\nxy\r\nEND\r\n`)],
  ).flat();
  const packets = packetsOf(turns, { step: SERVICE });
  const seenBy = (host: 'client' | 'server', ahead: bigint): Packet[] =>
    packets.map(({ time, data }) => {
      const fromServer = new DataView(data.buffer).getUint16(SOURCE_PORT) === 11211;
      return { time: time + (fromServer === (host === 'server') ? -PATH : PATH) + ahead, data };
    });
  const kept = [seenBy('client', 0n), seenBy('server', skew)].map((all, host) =>
    all.filter((_, i) => i < 3 || !lost(host, i)),
  );
  return merge(...kept);
}

for (const skew of [0n, 20_000n, 130_000n, 700_000n, 1_500_000n, 40_000_000n, 3_000_000_000n]) {
  test(`two hosts, their clocks ${skew / 1000n} us apart: no latency is what the clocks disagree on`, (t) => {
    let known = 0;
    for (const ahead of [skew, -skew]) {
      for (let seed = 0; seed < 40; seed++) {
        const random = seeded(seed);
        // One packet in eight is captured on one host only.
        const fate = Array.from({ length: 200 }, () => Math.floor(random() * 16));
        const share = seed === 0 ? [] : [0, 1];
        const packets = twoHosts(30, ahead, (host, i) => share.includes(host) && fate[i] === host);
        const { events, counters } = record(packets);
        const told = events.filter(({ latency_ns }) => latency_ns !== null);
        for (const { latency_ns } of told) {
          const [least, most] = [Number(SERVICE - 2n * PATH), Number(SERVICE + 2n * PATH)];
          t.true(latency_ns! >= least - NEAR && latency_ns! <= most + NEAR, `${ahead}: ${latency_ns}`);
        }
        const answered = events.filter(({ status }) => status !== 'unanswered').length;
        t.is(answered - told.length, counters.unknown_latency);
        if (seed === 0) t.is(answered, 30);
        known += told.length;
      }
    }
    // Clocks that agree cost nothing.
    if (skew < 50_000n) t.is(known, 2 * 40 * 30);
    else if (skew > 500_000n && skew < 10_000_000n) t.true(known < 100, `${known}`);
  });
}
