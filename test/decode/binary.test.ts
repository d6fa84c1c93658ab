import test from 'ava';
import { encode, messageOf, OPCODES } from '../support/binary.js';
import { ascii, client, packetsOf, server, type Turn } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { type Packet, pcapFile } from '../support/packets.js';

const message = (from: 'client' | 'server', ...lines: string[]): Turn => ({
  from,
  bytes: Buffer.concat(lines.map((line) => messageOf(line, from, (text) => text))),
});
const get = (key: string, opaque: number): Turn[] => [
  message('client', `GET ${opaque} key=${key}`),
  message('server', `GET ${opaque} flags=0 value=abcd`),
];
const keys = Array.from({ length: 200 }, (_, i) => 'k'.repeat(i + 1));
const gets = keys.flatMap((key, i) => get(key, i));
const brief = (events: { op: string; status: string; key_size: number | null }[]) =>
  events.map((e) => `${e.op} ${e.status} ${e.key_size}`);

test('a hole inside a value of known length loses nothing, in either direction', (t) => {
  const value = 'v'.repeat(6000);
  const turns = [
    ...get('a', 1),
    message('client', `SET 2 flags=0 ttl=0 key=bb value=${value}`),
    message('server', 'SET 2'),
    message('client', 'GET 3 key=bb'),
    message('server', `GET 3 flags=0 value=${value}`),
    ...get('ccc', 4),
  ];
  const packets = packetsOf(turns, { cut: 'random', seed: 3 });
  const inValue = ({ data }: Packet) => data.length > 400 && data.subarray(54).every((byte) => byte === 118);
  const first = packets.findIndex(inValue);
  const last = packets.findLastIndex(inValue);
  t.true(first > 0 && last > first);
  const holed = packets.filter((_, i) => i !== first && i !== last);
  const { events, counters } = recordInProcess(pcapFile(holed));
  t.deepEqual(brief(events), ['get hit 1', 'set stored 2', 'get hit 2', 'get hit 3']);
  t.is(counters.gaps, 0);
  t.is(counters.value_gaps, 2);
});

test('packets cut by the snapshot length: values are skipped by their declared length', (t) => {
  const value = 'v'.repeat(1000);
  const turns = [
    message('client', `SET 1 flags=0 ttl=0 key=b value=${value}`),
    message('server', 'SET 1'),
    message('client', 'GET 2 key=b'),
    message('server', `GET 2 flags=0 value=${value}`),
    ...get('ccc', 3),
  ];
  const packets = packetsOf(turns).map((packet) => ({
    ...packet,
    data: packet.data.subarray(0, 200),
    length: packet.data.length,
  }));
  const { events, counters } = recordInProcess(pcapFile(packets));
  t.deepEqual(brief(events), ['set stored 1', 'get hit 1', 'get hit 3']);
  t.is(counters.gaps, 0);
});

test('a request the capture lost is never invented, and parsing finds its way back', (t) => {
  // Packets 0 to 2 are the handshake; then request and answer by turns. Lose the request for key 50.
  const { events, counters } = recordInProcess(pcapFile(packetsOf(gets).toSpliced(3 + 2 * 49, 1)));
  const got = new Set(events.map((e) => e.key_size));
  t.false(got.has(50));
  t.is(counters.gaps, 1);
  t.true(counters.resyncs >= 1);
  t.is(events.length, got.size);
  t.true(events.every(({ status }) => status === 'hit' || status === 'unanswered'));
  t.true(got.size >= 150, `${got.size} of 199 seen`);
});

test('an answer the capture lost leaves its request unanswered', (t) => {
  const { events } = recordInProcess(pcapFile(packetsOf(gets).toSpliced(3 + 2 * 49 + 1, 1)));
  t.is(events.find((e) => e.key_size === 50)?.status, 'unanswered');
  t.true(events.filter((e) => e.status === 'hit').length >= 150);
});

test('a connection picked up in mid-stream is believed from its first proven answer on', (t) => {
  const { events, counters } = recordInProcess(pcapFile(packetsOf(gets, { handshake: false })));
  // The very first request already begins where nothing of the server is known to be outstanding.
  t.true(events.length >= 198, `${events.length}`);
  t.is(new Set(events.map((e) => e.key_size)).size, events.length);
  t.true(events.every(({ status, proto }) => status === 'hit' && proto === 'binary'));
  t.is(counters.resyncs, 1);
});

test('in mid-stream the answer to a store proves where it ended, not that it was one', (t) => {
  const turns = [
    message('client', 'SET 1 flags=0 ttl=0 key=a value=x'),
    message('server', 'SET 1'),
    ...get('bb', 2),
    message('client', 'SET 3 flags=0 ttl=0 key=ccc value=x'),
    message('server', 'SET 3'),
  ];
  const { events } = recordInProcess(pcapFile(packetsOf(turns, { handshake: false })));
  t.deepEqual(brief(events), ['get hit 2', 'set stored 3']);
});

test('with both ports a server port, the magic tells who is the client', (t) => {
  const turns = [...get('a', 1), ...get('bb', 2), ...get('ccc', 3)];
  for (const skipped of [0, 1]) {
    const packets = packetsOf(turns, { handshake: false, clientPort: 11212 }).slice(skipped);
    const { events } = recordInProcess(pcapFile(packets), { ports: [[11211, 11212]] });
    t.deepEqual(brief(events).slice(-2), ['get hit 2', 'get hit 3']);
  }
});

/** Requests of every kind as they could lie in a value, with the opaques real ones have. */
const TRAP = Buffer.concat(
  [
    'NOOP 7',
    'GET 7 key=x',
    'SET 7 flags=0 ttl=0 key=y value=z',
    'GETKQ 7 key=x',
    'DELETE 7 key=x',
    'NOOP 7',
  ].map((line) => messageOf(line, 'client', (text) => text)),
);

test('values that hold requests never become operations when a capture starts in their middle', (t) => {
  const traps = Buffer.concat(Array.from({ length: 60 }, () => TRAP));
  const store = (name: string) =>
    encode({
      magic: 0x80,
      opcode: OPCODES[name]!,
      opaque: 7,
      extras: new Uint8Array(8),
      key: ascii('real'),
      value: traps,
    });
  const loud: Turn[] = [
    { from: 'client', bytes: store('SET') },
    message('server', 'SET 7'),
    ...get('bb', 7),
    message('client', 'NOOP 7'),
    message('server', 'NOOP 7'),
    ...get('ccc', 7),
  ];
  const quiet: Turn[] = [
    { from: 'client', bytes: store('SETQ') },
    message('client', 'NOOP 7'),
    message('server', 'NOOP 7'),
    ...get('bb', 7),
    message('client', 'NOOP 7'),
    message('server', 'NOOP 7'),
    ...get('ccc', 7),
  ];
  const text: Turn[] = [
    {
      from: 'client',
      bytes: Buffer.concat([ascii(`set real 0 0 ${traps.length}\r\n`), traps, ascii('\r\n')]),
    },
    server('STORED\r\n'),
    client('get bb\r\n'),
    server('END\r\n'),
    client('get ccc\r\n'),
    server('END\r\n'),
  ];
  for (const [name, turns] of Object.entries({ loud, quiet, text })) {
    for (let seed = 1; seed <= 200; seed++) {
      // Cut where trapping requests begin, or anywhere.
      const size = traps.length / 60;
      const cut: Turn[] =
        seed % 2
          ? turns
          : turns.flatMap(({ from, bytes }) => {
              const at = Buffer.from(bytes).indexOf(traps);
              if (at < 0) return [{ from, bytes }];
              const cuts = [at, at + size * (seed % 59), at + size * 59, bytes.length];
              return cuts.map((end, i) => ({ from, bytes: bytes.subarray(cuts[i - 1] ?? 0, end) }));
            });
      const packets = packetsOf(cut, { cut: seed % 2 ? 'random' : 'whole', seed });
      const { events } = recordInProcess(pcapFile(packets.slice(3 + (seed % 4))));
      const invented = events.filter(
        ({ op, key_size }) => !(op === 'get' && (key_size === 2 || key_size === 3)) && op !== 'noop',
      );
      t.deepEqual(brief(invented), [], `${name}, seed ${seed}`);
      t.true(events.filter(({ op }) => op === 'noop').length <= 2, `${name}, seed ${seed}`);
    }
  }
});

test('more quiet requests than may wait are a gap, not operations', (t) => {
  const flood = Array.from({ length: 20_000 }, (_, i) =>
    encode({ magic: 0x80, opcode: OPCODES.GETQ!, opaque: i, key: ascii('a') }),
  );
  const turns: Turn[] = [
    { from: 'client', bytes: Buffer.concat(flood) },
    message('client', 'NOOP 1'),
    message('server', 'NOOP 1'),
  ];
  const { events, counters } = recordInProcess(pcapFile(packetsOf(turns, { cut: 'merged' })));
  t.true(counters.bound_requests > 0);
  t.is(counters.gaps, 1);
  // The barrier is proven by its own answer.
  t.deepEqual([...new Set(events.map(({ op, status }) => `${op} ${status}`))], ['get unanswered', 'noop ok']);
  t.true(events.length <= 16_385);
});

test('the longest keys and extras a header can claim cost no memory, and end what is believed', (t) => {
  const turns: Turn[] = [
    message('client', `GET 1 key=${'k'.repeat(65535)}`),
    message('server', 'GET 1 status=4 value=Invalid'),
    message('client', `SET 2 extras=${'00'.repeat(255)} key=${'k'.repeat(65535)}`),
    message('server', 'SET 2 status=4 value=Invalid'),
  ];
  for (const cut of ['whole', 'bytes', 'merged'] as const) {
    const { events, counters } = recordInProcess(pcapFile(packetsOf(turns.slice(0, 2), { cut })));
    t.deepEqual(brief(events), ['get error null'], cut);
    t.is(counters.bound_lines, 0);
    t.is(counters.ambiguous_lengths, 1);
  }
  const { events } = recordInProcess(pcapFile(packetsOf(turns.slice(2))));
  t.deepEqual(brief(events), ['set error null']);
});

test('neither mechanisms nor credentials are in what is written', (t) => {
  const secret = 'correct-horse-battery-staple';
  const turns: Turn[] = [
    message('client', `SASL_AUTH 1 key=MECHANISM value=me-${secret}`),
    message('server', `SASL_AUTH 1 status=33 value=challenge-${secret}`),
    message('client', `SASL_STEP 2 key=MECHANISM value=${secret}`),
    message('server', 'SASL_STEP 2 value=Authenticated'),
  ];
  const texts: Turn[] = [client(`set k 0 0 ${secret.length + 3}\r\nme ${secret}\r\n`), server('STORED\r\n')];
  for (const cut of ['whole', 'bytes'] as const) {
    for (const spoken of [turns, texts]) {
      const { events, profile } = recordInProcess(pcapFile(packetsOf(spoken, { cut })));
      t.is(events.length, spoken.length / 2);
      for (const { key, key_size, value_size, flags, ttl } of events)
        t.deepEqual(
          { key, key_size, value_size, flags, ttl },
          {
            key: null,
            key_size: null,
            value_size: null,
            flags: null,
            ttl: null,
          },
        );
      t.false(Buffer.from(profile).includes(secret));
      t.false(Buffer.from(profile).includes('MECHANISM'));
    }
  }
});

test('a first value with a hole in it may be credentials', (t) => {
  const turns = [client('set k 0 0 600\r\n'), client('a'.repeat(600)), client('\r\n'), server('STORED\r\n')];
  const packets = packetsOf(turns);
  t.deepEqual(brief(recordInProcess(pcapFile(packets)).events), ['set stored 1']);
  const { events, counters } = recordInProcess(pcapFile(packets.toSpliced(4, 1)));
  t.deepEqual(brief(events), ['set stored null']);
  t.is(counters.value_gaps, 1);
});
