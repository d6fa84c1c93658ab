/** Packets of which the BPF program left out values: the events are those of whole packets. */
import test from 'ava';
import type { CacheEvent } from 'membench/decoder';
import { packetsOf, type TransportOptions, type Turn } from '../support/conversation.js';
import { holesOf } from '../support/holes.js';
import { ringRecord } from '../support/kernel.js';
import type { Packet } from '../support/packets.js';
import { between, seeded } from '../support/random.js';
import { decodeRecords, type RingResult } from '../support/ring-decode.js';

const latin = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const ETHERNET = 14;
const IPV4 = 20;
const NO_PAYLOAD_FLAGS = 0x27;

/** Payload of a frame; none where the program leaves nothing out of such a segment (SYN, FIN, RST, URG). */
function payloadOf(frame: Uint8Array): Uint8Array {
  const tcp = frame.subarray(ETHERNET + IPV4);
  return tcp[13]! & NO_PAYLOAD_FLAGS ? new Uint8Array(0) : tcp.subarray((tcp[12]! >> 4) * 4);
}

const whole = (packets: readonly Packet[]) => packets.map(({ data, time }) => ringRecord(data, time));
const cut = (packets: readonly Packet[]) =>
  packets.map(({ data, time }) => ringRecord(data, time, holesOf(payloadOf(data))));

/** The same conversation with whole packets and without values. */
function both(
  turns: readonly Turn[],
  options: TransportOptions = {},
): { copied: RingResult; skipped: RingResult } {
  const packets = packetsOf(turns, options);
  return { copied: decodeRecords(whole(packets)), skipped: decodeRecords(cut(packets)) };
}

const client = (text: string): Turn => ({ from: 'client', bytes: latin(text) });
const server = (text: string): Turn => ({ from: 'server', bytes: latin(text) });

function binary(
  magic: number,
  opcode: number,
  extras: number[],
  key: string,
  value: Uint8Array,
  opaque = 7,
): Uint8Array {
  const bytes = Buffer.alloc(24 + extras.length + key.length + value.length);
  bytes[0] = magic;
  bytes[1] = opcode;
  bytes.writeUInt16BE(key.length, 2);
  bytes[4] = extras.length;
  bytes.writeUInt32BE(extras.length + key.length + value.length, 8);
  bytes.writeUInt32BE(opaque, 12);
  bytes.set(extras, 24);
  bytes.write(key, 24 + extras.length, 'latin1');
  bytes.set(value, 24 + extras.length + key.length);
  return Uint8Array.from(bytes);
}

const V = (size: number) => 'v'.repeat(size);
const FIRST = [client('get first\r\n'), server('END\r\n')];

const CASES: [name: string, turns: Turn[], left: number][] = [
  ['a set', [...FIRST, client(`set a 5 0 3000\r\n${V(3000)}\r\n`), server('STORED\r\n')], 3000],
  ['a set as the first request', [client(`set a 5 0 3000\r\n${V(3000)}\r\n`), server('STORED\r\n')], 3000],
  [
    'a value that may be a login is not left out',
    [client(`set a 5 0 1024\r\n${V(500)} ${V(523)}\r\n`), server('STORED\r\n')],
    0,
  ],
  [
    'a set without an answer',
    [...FIRST, client(`set a 5 -1 2000 noreply\r\n${V(2000)}\r\nget b\r\n`), server('END\r\n')],
    2000,
  ],
  [
    'all storage commands',
    [
      ...FIRST,
      ...['set', 'add', 'replace', 'append', 'prepend'].flatMap((op) => [
        client(`${op} ${op} 1 0 1500\r\n${V(1500)}\r\n`),
        server('NOT_STORED\r\n'),
      ]),
      client(`cas key 1 0 1500 77\r\n${V(1500)}\r\n`),
      server('EXISTS\r\n'),
    ],
    9000,
  ],
  ['a get', [client('get a\r\n'), server(`VALUE a 5 3000\r\n${V(3000)}\r\nEND\r\n`)], 3000],
  ['a gets', [client('gets a\r\n'), server(`VALUE a 5 3000 99\r\n${V(3000)}\r\nEND\r\n`)], 3000],
  [
    'a multiget with a small value in between',
    [
      client('get a b c d\r\n'),
      server(
        `VALUE a 5 3000\r\n${V(3000)}\r\nVALUE b 0 2000\r\n${V(2000)}\r\nVALUE c 0 3\r\nabc\r\nVALUE d 1 1500\r\n${V(1500)}\r\nEND\r\n`,
      ),
    ],
    5000,
  ],
  [
    'answers of a pipeline',
    [
      client('get a\r\nget b\r\nget c\r\n'),
      server(`VALUE a 5 3000\r\n${V(3000)}\r\nEND\r\nVALUE b 0 2000\r\n${V(2000)}\r\nEND\r\nEND\r\n`),
    ],
    5000,
  ],
  [
    'more values than are left out',
    [
      client(`get ${Array.from({ length: 10 }, (_, i) => `k${i}`).join(' ')}\r\n`),
      server(
        `${Array.from({ length: 10 }, (_, i) => `VALUE k${i} 0 1100\r\n${V(1100)}\r\n`).join('')}END\r\n`,
      ),
    ],
    8800,
  ],
  [
    'meta commands',
    [
      ...FIRST,
      client(`ms a 2000 T60 F3 O123\r\n${V(2000)}\r\n`),
      server('HD O123\r\n'),
      client('mg a v f O1\r\nmg b v\r\nmn\r\n'),
      server(`VA 2000 f3 O1\r\n${V(2000)}\r\nVA 1100\r\n${V(1100)}\r\nMN\r\n`),
    ],
    5100,
  ],
  [
    'the binary protocol',
    [
      { from: 'client', bytes: binary(0x80, 1, [0, 0, 0, 9, 0, 0, 0, 0], 'key', latin(V(4000))) },
      { from: 'server', bytes: binary(0x81, 1, [], '', new Uint8Array(0)) },
      { from: 'client', bytes: binary(0x80, 0, [], 'key', new Uint8Array(0)) },
      { from: 'server', bytes: binary(0x81, 0, [0, 0, 0, 9], '', latin(V(4000))) },
      { from: 'client', bytes: binary(0x80, 0x0c, [], 'key', new Uint8Array(0)) },
      { from: 'server', bytes: binary(0x81, 0x0c, [0, 0, 0, 9], 'key', latin(V(4000))) },
    ],
    12000,
  ],
  [
    'a value full of protocol text',
    [
      ...FIRST,
      client(`set a 5 0 6000\r\n${'set b 0 0 2000\r\nVALUE c 0 1500\r\n'.repeat(200).slice(0, 6000)}\r\n`),
      server('STORED\r\n'),
    ],
    6000,
  ],
];

for (const [name, turns, left] of CASES) {
  test(`${name}: the same events`, (t) => {
    const { copied, skipped } = both(turns);
    t.deepEqual(skipped.events, copied.events);
    t.true(copied.events.length > 0);
    t.is(copied.counters.left_out_bytes, 0);
    t.like(skipped.counters, { left_out_bytes: left, gaps: 0, gap_bytes: 0, value_gaps: 0, flows_uncut: 0 });
    // Values that stayed in the kernel were understood no less.
    for (const [counter, n] of Object.entries(copied.counters)) {
      if (counter.startsWith('payload_')) t.is(skipped.counters[counter as 'payload_seen'], n, counter);
    }
  });
}

/** A segment in the middle of a value looks like a request with one that reaches beyond it. */
function misleading(after: Turn[]): Turn[] {
  const inner = `set b 0 0 1600\r\n${V(1500)}\r\nget c\r\n${V(200)}\r\n`;
  return [...FIRST, client('set a 0 0 1520\r\n'), client(`${inner.slice(0, 1520)}\r\nget d\r\n`), ...after];
}

test('bytes that were taken for a value are a counted gap, and whole packets are asked for until the end', (t) => {
  const turns = misleading([
    server('STORED\r\nEND\r\n'),
    client('get e\r\n'),
    server('END\r\n'),
    client('get f\r\n'),
    server('END\r\n'),
  ]);
  const packets = packetsOf(turns);
  const { events, counters, uncut } = decodeRecords(cut(packets));
  t.is(counters.gaps, 1);
  t.is(counters.flows_uncut, 1);
  // Not before the misleading packet; and not after the connection.
  const at = uncut.indexOf(1);
  t.is(at, 6);
  t.true(uncut.slice(at, -3).every((bits) => bits === 1));
  t.is(uncut.at(-1), 0);
  // Requests of the gap are missing, later ones are there, and none that was not.
  const all = decodeRecords(whole(packets)).events;
  t.is(all.filter(({ op }) => op === 'get').length, 4);
  const keys = events.map(({ key }) => key);
  t.true(keys.includes(all.at(-1)!.key));
  for (const key of keys) t.true(all.some((event) => event.key === key));
});

/** A random conversation with values of all sizes, some of them full of protocol text. */
function conversation(seed: number): Turn[] {
  const random = seeded(seed);
  const texts = ['set b 0 0 2000\r\n', 'VALUE k1 0 1500\r\n', 'END\r\n', 'get k2\r\n', 'VA 1200\r\n', 'xyz'];
  const value = () => {
    const size = between(random, 0, random() < 0.5 ? 200 : 5000);
    if (random() < 0.5) return V(size);
    let text = '';
    while (text.length < size) text += texts[between(random, 0, texts.length - 1)];
    return text.slice(0, size);
  };
  const turns: Turn[] = [...FIRST];
  for (let i = 0; i < 12; i++) {
    const key = `k${between(random, 0, 5)}`;
    const kind = between(random, 0, 4);
    if (kind === 0) {
      const v = value();
      turns.push(client(`set ${key} ${i} 0 ${v.length}\r\n${v}\r\n`), server('STORED\r\n'));
    } else if (kind === 1) {
      const v = value();
      turns.push(client(`get ${key}\r\n`), server(`VALUE ${key} 0 ${v.length}\r\n${v}\r\nEND\r\n`));
    } else if (kind === 2) {
      const keys = Array.from({ length: between(random, 2, 12) }, (_, n) => `k${n}`);
      const found = keys.filter(() => random() < 0.7).map((name) => [name, value()] as const);
      const values = found.map(([name, v]) => `VALUE ${name} 0 ${v.length}\r\n${v}\r\n`);
      turns.push(client(`get ${keys.join(' ')}\r\n`), server(`${values.join('')}END\r\n`));
    } else if (kind === 3) {
      const v = value();
      turns.push(client(`ms ${key} ${v.length} T0\r\n${v}\r\n`), server('HD\r\n'));
    } else {
      const v = value();
      turns.push(client(`mg ${key} v\r\n`), server(`VA ${v.length}\r\n${v}\r\n`));
    }
  }
  return turns;
}

const text = (event: CacheEvent) =>
  JSON.stringify([event.ts_ns, event.op, event.key, event.value_size, event.status]);

/** Cuts turns where text within or outside of values looks like a line with a value, as often as not. */
function cutAtLines(turns: readonly Turn[], seed: number): Turn[] {
  const random = seeded(seed);
  return turns.flatMap(({ from, bytes }) => {
    const parts = Buffer.from(bytes)
      .toString('latin1')
      .split(/(?=set b|VALUE k1|VA 1200)/);
    const out: string[] = [];
    for (const part of parts) {
      if (out.length === 0 || random() < 0.1) out.push(part);
      else out[out.length - 1] += part;
    }
    return out.map((part) => ({ from, bytes: latin(part) }));
  });
}

const WAYS = ['whole', 'random', 'reversed', 'merged', 'at lines'] as const;

/** Random conversations, cut anywhere, reordered, with retransmissions that are cut elsewhere, over a wrap. */
for (const way of WAYS) {
  test(`random conversations, ${way}: no event differs but for counted gaps`, (t) => {
    let left = 0;
    let same = 0;
    let misled = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const cutBy = way === 'at lines' ? 'whole' : way;
      const options = { cut: cutBy, seed, clientSeq: 0xffffff00 - seed, serverSeq: 0xfffff000 + seed };
      const turns = conversation(seed);
      const packets = packetsOf(way === 'at lines' ? cutAtLines(turns, seed) : turns, options);
      if (seed % 3 === 0) {
        // Each turn once more, in one piece.
        const again = packetsOf(turns, { ...options, cut: 'whole', fin: false }).slice(3);
        const { time } = packets.at(-4)!;
        packets.splice(packets.length - 3, 0, ...again.map(({ data }) => ({ time, data })));
      }
      const copied = decodeRecords(whole(packets));
      const skipped = decodeRecords(cut(packets));
      left += skipped.counters.left_out_bytes;
      if (skipped.counters.flows_uncut === 0) {
        same++;
        t.deepEqual(skipped.events, copied.events, `seed ${seed}`);
        continue;
      }
      misled++;
      t.true(skipped.counters.gaps > 0);
      const known = new Set(copied.events.map(text));
      for (const event of skipped.events) {
        if (event.status !== 'unanswered') t.true(known.has(text(event)), `seed ${seed}: ${text(event)}`);
      }
    }
    t.true(same > 0 && left > 0);
    if (way === 'at lines') t.true(misled > 0);
    t.log(`${same} the same, ${misled} with gaps, ${left} bytes left out`);
  });
}
