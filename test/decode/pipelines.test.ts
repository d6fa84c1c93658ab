/**
 * Captures that begin, or lack packets, while several requests are under way: no answer is taken for that to
 * another request. What was said is written by hand, with the acknowledgements of real hosts.
 */
import test from 'ava';
import { encode, OPCODES } from '../support/binary.js';
import { ascii, START } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { invented } from '../support/invented.js';
import { Model } from '../support/model.js';
import { ACK, ipv4, link, type Packet, PSH, pcapFile, SYN, tcp } from '../support/packets.js';
import { pipelinedPackets } from '../support/pipeline.js';
import { between, seeded } from '../support/random.js';

const CLIENT = 1000;
const SERVER = 9000;

/** Writes packets of one connection, 10 µs apart; numbers are offsets in the streams. */
function wire() {
  const packets: Packet[] = [];
  const put = (isClient: boolean, seq: number, ack: number, flags: number, payload: Uint8Array) => {
    const segment = tcp({
      sourcePort: isClient ? 40000 : 11211,
      destinationPort: isClient ? 11211 : 40000,
      seq: (isClient ? CLIENT : SERVER) + seq,
      ack: flags & ACK ? (isClient ? SERVER : CLIENT) + ack : 0,
      flags,
      payload,
    });
    const ip = { source: isClient ? 2 : 1, destination: isClient ? 1 : 2 };
    const time = START + BigInt(packets.length) * 10_000n;
    packets.push({ time, data: link('ethernet', ipv4(ip, segment)) });
  };
  const bytesOf = (said: string | Uint8Array) => (typeof said === 'string' ? ascii(said) : said);
  return {
    packets,
    syn: () => put(true, -1, 0, SYN, new Uint8Array(0)),
    client: (seq: number, ack: number, said: string | Uint8Array) =>
      put(true, seq, ack, PSH | ACK, bytesOf(said)),
    server: (seq: number, ack: number, said: string | Uint8Array) =>
      put(false, seq, ack, PSH | ACK, bytesOf(said)),
  };
}

const record = (packets: readonly Packet[]) => recordInProcess(pcapFile(packets));
const brief = (packets: readonly Packet[]) =>
  record(packets).events.map(({ op, key_size, status }) => `${op} ${key_size} ${status}`);

test('the capture begins within a flight of requests: the answers begin with those to earlier ones', (t) => {
  const { packets, client, server } = wire();
  // "get a\r\n" was sent before the capture began.
  client(7, 0, 'get bb\r\n');
  server(0, 15, 'END\r\nVALUE bb 0 1\r\nx\r\nEND\r\n');
  t.deepEqual(brief(packets), []);
});

test('a segment sent before the server had a request does not answer it', (t) => {
  const { packets, client, server } = wire();
  server(0, 8, 'END\r\n');
  client(8, 5, 'get bb\r\n');
  // The answer to a request that the client sent before the capture began.
  server(5, 8, 'END\r\n');
  server(10, 16, 'VALUE bb 0 1\r\nx\r\nEND\r\n');
  client(16, 36, 'get ccc\r\n');
  server(36, 25, 'VALUE ccc 0 1\r\nx\r\nEND\r\n');
  t.deepEqual(brief(packets), ['get 3 hit']);
});

test('a slow server has all requests, and owes answers to those before the capture', (t) => {
  const { packets, client, server } = wire();
  // Three gets, up to byte 21, are under way; each answer makes the client send another.
  server(0, 21, 'END\r\n');
  client(21, 5, 'get dddd\r\n');
  server(5, 31, 'END\r\n');
  server(10, 31, 'END\r\nVALUE dddd 0 1\r\nx\r\nEND\r\n');
  t.deepEqual(brief(packets), []);
});

test('where no answer names its request, the second exchange that fits is recorded', (t) => {
  const { packets, client, server } = wire();
  server(0, 7, 'END\r\n');
  client(7, 5, 'get bb\r\n');
  server(5, 15, 'END\r\n');
  client(15, 10, 'get ccc\r\n');
  server(10, 24, 'END\r\n');
  t.deepEqual(brief(packets), ['get 3 miss']);
});

test('an answer with the key or the opaque of its request proves it at once', (t) => {
  for (const [request, answer, wanted] of [
    ['get bb\r\n', 'VALUE bb 0 1\r\nx\r\nEND\r\n', 'get 2 hit'],
    ['mg bb k v\r\n', 'EN kbb\r\n', 'mg 2 miss'],
    ['mg bb O7\r\n', 'EN O7\r\n', 'mg 2 miss'],
  ] as const) {
    const { packets, client, server } = wire();
    server(0, 7, 'END\r\n');
    client(7, 5, request);
    server(5, 7 + request.length, answer);
    t.deepEqual(brief(packets), [wanted]);
  }
});

test('an answer the capture lacks may be one of several that the server owes', (t) => {
  const { packets, syn, client, server } = wire();
  syn();
  client(0, 0, 'get a\r\nget bb\r\n');
  // "END\r\n", which answers the first, is missing.
  client(15, 5, 'get ccc\r\n');
  server(5, 24, 'END\r\n');
  server(10, 24, 'VALUE ccc 0 1\r\nx\r\nEND\r\n');
  t.deepEqual(brief(packets), ['get 1 unanswered', 'get 2 unanswered']);
});

test('without the SYN-ACK a segment that comes early does not tell where the answers begin', (t) => {
  const { packets, syn, client, server } = wire();
  syn();
  client(14, 5, 'bogus\r\n');
  client(0, 0, 'mg a O1 q v\r\n');
  server(5, 21, 'ERROR\r\n');
  client(13, 0, '\n');
  t.deepEqual(brief(packets), []);
});

test('an END is implied only behind a value of the same request', (t) => {
  const { packets, syn, client, server } = wire();
  syn();
  client(0, 0, 'mg a O1 v\r\nget bb\r\n');
  server(0, 19, 'VA 9 O1\r\n1234');
  // The rest of the value, and the END of a miss.
  client(19, 25, 'mn\r\n');
  server(25, 23, 'MN\r\n');
  t.deepEqual(brief(packets), ['mg 1 hit', 'get 2 unanswered']);
});

test('the latency of a request whose last bytes the capture lacks is not known', (t) => {
  const { packets, syn, client, server } = wire();
  syn();
  client(0, 0, 'set a 0 0 9\r\n1234');
  server(0, 24, 'STORED\r\n');
  client(24, 8, 'mn\r\n');
  server(8, 28, 'MN\r\n');
  const { events, counters } = record(packets);
  t.deepEqual(
    events.map(({ op, status, latency_ns }) => [op, status, latency_ns]),
    [
      ['set', 'stored', null],
      ['mn', 'ok', 10_000],
    ],
  );
  t.is(counters.unknown_latency, 1);
});

test('binary answers with opaque 0 do not name their requests', (t) => {
  const get = (key: string) => encode({ magic: 0x80, opcode: OPCODES.GET!, key: ascii(key) });
  const hit = (value: string) =>
    encode({ magic: 0x81, opcode: OPCODES.GET!, extras: new Uint8Array(4), value: ascii(value) });
  const { packets, client, server } = wire();
  // A get of a key "a" was sent before the capture began.
  client(25, 0, get('bb'));
  server(0, 51, Buffer.concat([hit('1'), hit('22')]));
  t.deepEqual(brief(packets), []);
});

test('connections with many requests under way, of which packets are missing: nothing is invented', (t) => {
  let whole = 0;
  let found = 0;
  for (let seed = 0; seed < 120; seed++) {
    const random = seeded(seed);
    const model = new Model(random, true);
    const exchanges = Array.from({ length: 40 }, () => model.exchange()).map(({ request, answer }) => ({
      request: ascii(request),
      answer: ascii(answer),
    }));
    const packets = pipelinedPackets(exchanges, seed);
    const loss = [0, 0.01, 0.05, 0.2][seed & 3]!;
    const left = packets.slice(between(random, 0, packets.length >> 1)).filter(() => random() >= loss);
    const truth = record(packets).events;
    const { events } = record(left);
    t.deepEqual(invented(events, truth), [], `seed ${seed}`);
    const latencies = new Set(truth.map(({ ts_ns, key, latency_ns }) => `${ts_ns} ${key} ${latency_ns}`));
    for (const { ts_ns, key, latency_ns } of events) {
      if (latency_ns !== null) t.true(latencies.has(`${ts_ns} ${key} ${latency_ns}`), `seed ${seed}`);
    }
    whole += truth.length;
    found += events.length;
  }
  t.log(`${found} of ${whole} events`);
  t.true(found > whole / 4);
});
