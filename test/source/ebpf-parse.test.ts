/**
 * What the BPF program makes of segments of whole messages: records written by hand, and the segments spelled again
 * from the records. Keys and values never reach the memory it shares.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { createInterface } from 'node:readline';
import test from 'ava';
import { sipHash } from '../reference/siphash.js';
import { isMessageRecord, type Message, readMessageRecord, spell } from '../support/messages.js';
import { takeTurns, whyNotLive } from '../support/network.js';
import { ACK, FIN, ipv4, ipv6, link, PSH, RST, SYN, tcp, URG } from '../support/packets.js';
import { loadProgram, type Program } from '../support/program.js';
import { between, seeded } from '../support/random.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test.serial : test.serial.skip;
const titled = (title: string) => `${title}${reason && ` (${reason})`}`;

const latin = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const SECRET = Uint8Array.from({ length: 16 }, (_, i) => 7 * i + 1);
const hashOf = (key: string) => sipHash(SECRET, latin(key));
const V = (size: number) => 'v'.repeat(size);
/** Most bytes of a payload: BPF_PROG_TEST_RUN takes packets of less than a page. */
const PAYLOAD_MAX = 3300;

const STAMPS = new Uint8Array(12).fill(1);
const segment = (payload: Uint8Array, flags = PSH | ACK, options = STAMPS) =>
  tcp({ sourcePort: 40000, destinationPort: 11211, seq: 77, ack: 99, window: 502, flags, payload, options });
const IP = { source: 1, destination: 2 };
const frameOf = (payload: string) => link('ethernet', ipv4(IP, segment(latin(payload))));

const load = () => loadProgram({ parseKey: SECRET.slice() });

/** The only record of one packet. */
function recordOf(program: Program, frame: Uint8Array): Uint8Array {
  const counted = program.run(frame);
  const [record, ...more] = program.takeBytes();
  if (record === undefined || more.length > 0) throw new Error('not one record');
  const kind = isMessageRecord(record) ? 'submitted_parsed' : 'submitted';
  if (counted?.join() !== kind) throw new Error(`counted as ${counted}`);
  return record;
}

const message = (form: Message['form'], lineSize: number, more: Partial<Message> = {}): Message => ({
  form,
  login: false,
  end: false,
  keySize: 0,
  keyAt: 0,
  valueSize: 0,
  lineSize,
  ...more,
});
const keyed = (key: string, keyAt: number) => ({ keySize: key.length, keyAt, hash: hashOf(key) });

/** Segments, their messages, and the bytes of their records over IPv4 with the ring's own head. */
const SEGMENTS: readonly [payload: string, ringBytes: number, ...Message[]][] = [
  ['get key\r\n', 64, message('get', 6, keyed('key', 4))],
  ['get \x01a\tb\x7f\xff\r\n', 64, message('get', 6, keyed('\x01a\tb\x7f\xff', 4))],
  [`get ${'k'.repeat(250)}\r\n`, 64, message('get', 6, keyed('k'.repeat(250), 4))],
  ['set k 0 0 3\r\nabc\r\n', 64, message('set', 12, { ...keyed('k', 4), valueSize: 3 })],
  ['set k 123 45678901 0\r\n\r\n', 72, message('set', 21, { ...keyed('k', 4), flags: 123, ttl: 45678901 })],
  [
    `VALUE key:1 0 300\r\n${V(300)}\r\nEND\r\n`,
    64,
    message('value', 14, { ...keyed('key:1', 6), valueSize: 300, end: true }),
  ],
  [
    `VALUE key:1 7 300\r\n${V(300)}\r\nEND\r\n`,
    72,
    message('value', 14, { ...keyed('key:1', 6), valueSize: 300, end: true, flags: 7, ttl: 0 }),
  ],
  // The value goes on in the next segment.
  [`VALUE k 0 20000\r\n${V(900)}`, 64, message('value', 16, { ...keyed('k', 6), valueSize: 20000 })],
  [`set k 0 0 1025\r\n${V(1024)}`, 64, message('set', 15, { ...keyed('k', 4), valueSize: 1025 })],
  ...(
    [
      ['END', 'end'],
      ['STORED', 'stored'],
      ['NOT_STORED', 'not_stored'],
      ['EXISTS', 'exists'],
      ['NOT_FOUND', 'not_found'],
      ['DELETED', 'deleted'],
      ['TOUCHED', 'touched'],
      ['OK', 'ok'],
    ] as const
  ).map(([word, form]) => [`${word}\r\n`, 56, message(form, word.length + 2)] as [string, number, Message]),
  ['HD\r\n', 64, message('line', 4, { rest: 'HD' })],
  ['EN\r\n', 64, message('line', 4, { rest: 'EN' })],
  ['mn\r\n', 64, message('line', 4, { rest: 'mn' })],
  ['MN\r\n', 64, message('line', 4, { rest: 'MN' })],
  ['12345\r\n', 64, message('line', 7, { rest: '12345' })],
  ['mg foo\r\n', 72, message('line', 5, { ...keyed('foo', 3), rest: 'mg ' })],
  ['mg foo s v t\r\n', 80, message('line', 11, { ...keyed('foo', 3), rest: 'mg  s v t' })],
  ['md foo q\r\n', 72, message('line', 7, { ...keyed('foo', 3), rest: 'md  q' })],
  [
    'ms foo 3 T90\r\nabc\r\n',
    80,
    message('line', 11, { ...keyed('foo', 3), valueSize: 3, rest: 'ms  3 T90' }),
  ],
  ['VA 3 s3 t-1\r\nabc\r\n', 72, message('line', 13, { valueSize: 3, rest: 'VA 3 s3 t-1' })],
  [
    'VALUE k 5 3 18446744073709551615\r\nabc\r\nEND\r\n',
    96,
    message('line', 33, {
      ...keyed('k', 6),
      valueSize: 3,
      end: true,
      rest: 'VALUE  5 3 18446744073709551615',
    }),
  ],
  ['delete foo\r\n', 72, message('line', 9, { ...keyed('foo', 7), rest: 'delete ' })],
  ['delete foo noreply\r\n', 80, message('line', 17, { ...keyed('foo', 7), rest: 'delete  noreply' })],
  [
    'incr n 18446744073709551615\r\n',
    96,
    message('line', 28, { ...keyed('n', 5), rest: 'incr  18446744073709551615' }),
  ],
  ['touch foo -1\r\n', 80, message('line', 11, { ...keyed('foo', 6), rest: 'touch  -1' })],
  ['gat 3600 foo\r\n', 80, message('line', 11, { ...keyed('foo', 9), rest: 'gat 3600 ' })],
  [
    'set k 4294967295 -1 3 noreply\r\nabc\r\n',
    96,
    message('line', 30, { ...keyed('k', 4), valueSize: 3, rest: 'set  4294967295 -1 3 noreply' }),
  ],
  [
    'prepend k 0 0 1\r\na\r\n',
    80,
    message('line', 16, { ...keyed('k', 8), valueSize: 1, rest: 'prepend  0 0 1' }),
  ],
  // Several messages.
  [
    'get a bb ccc\r\n',
    96,
    message('get', 6, keyed('a', 4)),
    message('key', 1, keyed('bb', 1)),
    message('key', 1, keyed('ccc', 1)),
  ],
  [
    'gets a b\r\n',
    88,
    message('line', 7, { ...keyed('a', 5), rest: 'gets ' }),
    message('key', 1, keyed('b', 1)),
  ],
  [
    `VALUE a 0 1000\r\n${V(1000)}\r\nVALUE b 0 0\r\n\r\nEND\r\n`,
    80,
    message('value', 15, { ...keyed('a', 6), valueSize: 1000 }),
    message('value', 12, { ...keyed('b', 6), valueSize: 0, end: true }),
  ],
  ['STORED\r\nEND\r\n', 64, message('stored', 8), message('end', 5)],
];

const binary = (magic: number, opcode: number, extras: string, key: string, value: string): string => {
  const head = Buffer.alloc(24);
  head.set([magic, opcode]);
  head.writeUInt16BE(key.length, 2);
  head[4] = extras.length;
  head.writeUInt32BE(extras.length + key.length + value.length, 8);
  head.writeUInt32BE(0x01020304, 12);
  head.writeUInt32BE(99, 20);
  return head.toString('latin1') + extras + key + value;
};
const frame = (bytes: string, key: string, valueSize: number): Message => {
  const extras = bytes.charCodeAt(4);
  const rest = bytes.slice(0, 24 + extras);
  return message('binary', 24 + extras, {
    ...(key ? keyed(key, 24 + extras) : { keyAt: 24 + extras }),
    valueSize,
    rest,
  });
};
const BINARY: typeof SEGMENTS = (
  [
    [0x80, 0x00, '', 'foo', '', 88],
    [0x80, 0x01, 'FLAGSTTL', 'foo', 'abc', 96],
    [0x80, 0x05, 'x'.repeat(20), 'foo', '', 112],
    [0x80, 0x1c, 'TIME', 'foo', '', 96],
    [0x80, 0x0e, '', 'foo', 'abc', 88],
    [0x80, 0x0a, '', '', '', 80],
    [0x81, 0x00, 'FLAG', '', V(300), 88],
    [0x81, 0x0c, 'FLAG', 'foo', V(300), 96],
    [0x81, 0x00, '', '', 'Not found', 80],
    [0x81, 0x01, '', '', '', 80],
    [0x81, 0x05, '', '', '12345678', 80],
  ] as const
).map(([magic, opcode, extras, key, value, size]) => {
  const bytes = binary(magic, opcode, extras, key, value);
  return [bytes, size, frame(bytes, key, value.length)];
});

for (const [family, wrap, more] of [
  ['IPv4', (payload: string) => frameOf(payload), 0],
  ['IPv6', (payload: string) => link('ethernet', ipv6(IP, segment(latin(payload)))), 24],
] as const) {
  live(titled(`${family}: a record says of each message what its bytes say`), async (t) => {
    const program = await load();
    t.teardown(() => program.close());
    for (const [payload, ringBytes, ...messages] of [...SEGMENTS, ...BINARY]) {
      const bytes = wrap(payload);
      const record = recordOf(program, bytes);
      t.true(isMessageRecord(record), JSON.stringify(payload));
      if (!isMessageRecord(record)) continue;
      const read = readMessageRecord(record);
      t.deepEqual(read.messages, messages, JSON.stringify(payload));
      t.is(record.length + 8, ringBytes + more, JSON.stringify(payload));
      t.like(read, {
        sequence: 77,
        ack: 99,
        window: 502,
        size: payload.length,
        headers: bytes.length - payload.length,
        family: family === 'IPv4' ? 4 : 6,
        ports: new DataView(bytes.buffer).getUint32(bytes.length - payload.length - 32, true),
      });
      const at = family === 'IPv4' ? 26 : 22;
      t.deepEqual(read.addresses, bytes.slice(at, at + (family === 'IPv4' ? 8 : 32)));
      program.uncut(true);
      const packet = recordOf(program, bytes);
      program.uncut(false);
      t.false(isMessageRecord(packet), 'the parser asked for whole packets');
      // Both have the hash of the flow at the same place.
      t.is(read.hash, new DataView(packet.buffer).getUint32(16, true));
    }
  });
}

/** Values of a set, and whether they read like a name and a password. */
const VALUES: readonly [value: string, login: boolean][] = [
  ['user password', true],
  ['a b', true],
  [' a  b ', true],
  ['a b c d', true],
  [`${'n'.repeat(500)} ${'p'.repeat(523)}`, true],
  [`${'n'.repeat(127)} ${'p'.repeat(896)}`, true],
  [`${'n'.repeat(128)} ${'p'.repeat(129)}`, true],
  [`${' '.repeat(300)}n p`, true],
  ['abc', false],
  [' abc ', false],
  ['', false],
  ['a b\r', false],
  ['a\nb c', false],
  [`a b${'x'.repeat(600)}\0`, false],
  [V(1024), false],
  [' '.repeat(1024), false],
  // Too long for one.
  [`a ${V(1023)}`, false],
  ['\x01 \x02', true],
  ['\xff\xfe \x80', true],
];

live(titled('a value that reads like a name and a password is marked'), async (t) => {
  const program = await load();
  t.teardown(() => program.close());
  for (const [value, login] of VALUES) {
    for (const line of ['set k 0 0 N', 'set k 0 -1 N', 'set k 0 0 N noreply']) {
      const record = recordOf(program, frameOf(`${line.replace('N', String(value.length))}\r\n${value}\r\n`));
      t.is(readMessageRecord(record).messages[0]!.login, login, `${line} ${JSON.stringify(value)}`);
    }
  }
});

live(titled('what is unusual, cut, or without a key to hash is copied as a packet'), async (t) => {
  const program = await load();
  t.teardown(() => program.close());
  const get = latin('get key\r\n');
  const frames: [name: string, frame: Uint8Array][] = [
    ['a SYN', link('ethernet', ipv4(IP, segment(get, SYN | ACK)))],
    ['a FIN', link('ethernet', ipv4(IP, segment(get, ACK | FIN)))],
    ['a RST', link('ethernet', ipv4(IP, segment(get, ACK | RST)))],
    ['an urgent byte', link('ethernet', ipv4(IP, segment(get, ACK | URG)))],
    ['no ACK', link('ethernet', ipv4(IP, segment(get, PSH)))],
    ['bytes after the packet', Uint8Array.from([...frameOf('get key\r\n'), ...new Uint8Array(6)])],
    ['IP options', link('ethernet', ipv4({ ...IP, options: new Uint8Array(8).fill(1) }, segment(get)))],
    ['an extension header', link('ethernet', ipv6(IP, segment(get), [[60, new Uint8Array(7)]]))],
    ['a VLAN', link('ethernet', ipv4(IP, segment(get)), [[0x8100, 5]])],
    ['UDP', link('ethernet', ipv4({ ...IP, protocol: 17 }, segment(get)))],
  ];
  const payloads = [
    'get key\n',
    'get key',
    'get key\r',
    'get  key\r\n',
    'get key \r\n',
    'get a b \r\n',
    'get a\0b\r\n',
    'get a\rb\r\n',
    'get a\r\r\n',
    `get ${'k'.repeat(251)}\r\n`,
    `get a ${'k'.repeat(251)}\r\n`,
    'get \r\n',
    'get a\r\nxyz\r\n',
    'bget a\r\n',
    'GET a\r\n',
    'set k 0 0 3\r\nabcd\r\n',
    'set k 0 0 3\r\nab',
    'set k 0 0 3\r\nabc',
    'set k 0 0 3\r\nabc\r',
    'set k 0 0 3 x y\r\nabc\r\n',
    'set k 0 0 +3\r\nabc\r\n',
    'set k 0 0 -1\r\nabc\r\n',
    'set k 0 x 3\r\nabc\r\n',
    'set k 0 0\r\nabc\r\n',
    `set k 0 0 1024\r\n${V(1000)}`,
    'cas k 0 0 3\r\nabc\r\n',
    'VALUE k 0 3\r\nabc\r\nEN',
    'mg Zm9v b v\r\n',
    'mg Zm9v v b\r\n',
    'ms Zm9v 3 b\r\nabc\r\n',
    'HD kfoo\r\n',
    'HD s1 kfoo b\r\n',
    'VA 3 kfoo\r\nabc\r\n',
    'ME foo exp=-1\r\n',
    'EN\n',
    `mg foo O${'x'.repeat(60)}\r\n`,
    'delete noreply\r\n',
    'ms k 0\r\n\r\nmn\r\n',
    'stats\r\n',
    'STAT pid 1\r\n',
    'VERSION 1.6.18\r\n',
    'ERROR\r\n',
    'SERVER_ERROR out of memory\r\n',
    'verbosity 1\r\n',
    '\x16\x03\x01\x00\x05hello',
    'x',
    binary(0x80, 0x21, '', 'PLAIN', '\0user\0password'),
    binary(0x81, 0x10, '', 'pid', '1'),
    binary(0x80, 0x00, 'FLAG', 'foo', ''),
    binary(0x80, 0x00, '', '', ''),
    binary(0x80, 0x01, 'FLAGSTTL', 'k'.repeat(251), 'v'),
    binary(0x80, 0x3f, '', 'foo', ''),
    binary(0x80, 0xff, '', 'foo', ''),
    binary(0x82, 0x00, '', 'foo', ''),
    binary(0x80, 0x00, '', 'foo', '').slice(0, 25),
    binary(0x80, 0x00, '', 'foo', '').slice(0, 20),
  ];
  frames.push(...payloads.map((payload): [string, Uint8Array] => [payload, frameOf(payload)]));
  for (const [name, bytes] of frames) {
    const record = recordOf(program, bytes);
    t.false(isMessageRecord(record), JSON.stringify(name));
  }
});

const LINES = [
  'get K',
  'get K K',
  'gets K',
  'gets K K K',
  'gat 10 K K',
  'set K 0 0 #',
  'set K 5 60 #',
  'set K 12345678 00 #',
  'set K 123456789 0 # noreply',
  'add K 0 0 #',
  'append K 0 0 #',
  'cas K 0 0 # 77',
  'VALUE K 0 #',
  'VALUE K 32 #',
  'VALUE K 0 # 123',
  'END',
  'STORED',
  'NOT_FOUND',
  'mg K v t s',
  'mg K O12345678901234567890 v',
  'ms K # T0 q',
  'VA # s9 f0',
  'HD',
  'HD O123 t5',
  'incr K 5',
  'delete K',
  'touch K 99',
  '17',
];

live(titled('random segments: spelled again from their record, they are what they were'), async (t) => {
  const program = await load();
  t.teardown(() => program.close());
  const random = seeded(Number(process.env.MEMBENCH_SEED ?? 11));
  const pick = <T>(list: readonly T[]) => list[between(random, 0, list.length - 1)]!;
  const keys = new Map<bigint, string>();
  const key = () => {
    const text = Array.from({ length: pick([1, 3, 7, 8, 9, 15, 16, 20, 31, 249, 250]) }, () =>
      pick([...'\x01\t\x1f!@', String.fromCharCode(between(random, 64, 255))]),
    ).join('');
    keys.set(hashOf(text), text);
    return text;
  };
  // Where a byte of a key was changed.
  const keyOf = (hash: bigint, size: number) => keys.get(hash) ?? '?'.repeat(size);
  const text = () => {
    const size = pick([0, 1, 2, 3, 100, 400, 1023, 1024, 1025, 1100, 1400]);
    const line = pick(LINES).replace('#', String(size)).replaceAll('K', key);
    const hasValue = /^(set|add|append|cas|ms|VALUE|VA) /.test(line);
    return `${line}\r\n${hasValue ? `${V(size)}\r\n` : ''}${hasValue && random() < 0.4 ? 'END\r\n' : ''}`;
  };
  const bytes = () => {
    const size = pick([0, 1, 8, 300, 1100]);
    const extras = pick(['', 'flag', 'flagsttl', 'x'.repeat(20)]);
    const opcode = pick([0, 1, 2, 4, 5, 9, 0x0a, 0x0c, 0x0e, 0x1c, 0x1d, 0x23]);
    return binary(pick([0x80, 0x81]), opcode, extras, random() < 0.7 ? key() : '', V(size));
  };
  let parsed = 0;
  for (let i = 0; i < 6000; i++) {
    let payload = '';
    const part = random() < 0.2 ? bytes : text;
    do payload += part();
    while (random() < 0.5 && payload.length < PAYLOAD_MAX);
    if (random() < 0.1) payload = payload.slice(0, -between(random, 1, 40));
    const changed = random() < 0.05;
    if (changed) {
      const at = between(random, 0, payload.length);
      payload = payload.slice(0, at) + pick([' ', '\r', '\n', '\0', 'x']) + payload.slice(at + 1);
    }
    payload = payload.slice(0, PAYLOAD_MAX) || 'x';
    const record = recordOf(program, frameOf(payload));
    if (!isMessageRecord(record)) continue;
    parsed++;
    const read = readMessageRecord(record);
    const spelled = spell(read, keyOf, 'v');
    const differ = [...spelled].filter((byte, at) => byte !== payload[at] && byte !== '?').length;
    const said = `${JSON.stringify(payload)}: ${JSON.stringify(spelled)}`;
    t.is(spelled.length, payload.length, said);
    // Only a byte of a value may be another one.
    t.true(differ === 0 || (changed && differ === 1 && read.messages.some((one) => one.valueSize > 0)), said);
    if (!changed) t.false(spelled.includes('?'), said);
  }
  t.true(parsed > 2500, `${parsed} of 6,000 segments`);
});

live(titled('no key and no value of parsed segments is in the memory of the rings'), async (t) => {
  const program = await load();
  t.teardown(() => program.close());
  const canary = 'CANARY-9f3a';
  const value = canary.repeat(9);
  const n = value.length;
  for (const payload of [
    ...LINES.map((line) => {
      const whole = line.replace('#', String(n)).replaceAll('K', canary);
      return /^(set|add|append|cas|ms|VALUE|VA) /.test(line) ? `${whole}\r\n${value}\r\n` : `${whole}\r\n`;
    }),
    binary(0x80, 0x00, '', canary, ''),
    binary(0x80, 0x01, 'flagsttl', canary, value),
    binary(0x81, 0x0c, 'flag', canary, value),
  ]) {
    t.deepEqual(program.run(frameOf(payload)), ['submitted_parsed'], payload);
  }
  for (const memory of program.memory()) t.false(Buffer.from(memory).includes(canary.slice(0, 8)));
  // A search that finds nothing proves nothing unless it can find something.
  program.run(frameOf(`${canary}\r\n`));
  t.true(program.memory().some((memory) => Buffer.from(memory).includes(canary)));
});

/** Occurrences of some bytes in what a process may write to. */
function occurrences(pid: number, bytes: Uint8Array): number {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').matchAll(/^(\w+)-(\w+) rw/gm);
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  let found = 0;
  for (const [, from, to] of maps) {
    const region = Buffer.alloc(Number(BigInt(`0x${to}`) - BigInt(`0x${from}`)));
    try {
      readSync(memory, region, 0, region.length, BigInt(`0x${from}`));
    } catch {
      // Memory of a device.
    }
    for (let at = region.indexOf(bytes); at >= 0; at = region.indexOf(bytes, at + 1)) found++;
  }
  closeSync(memory);
  return found;
}

live(titled('the process that loads the program forgets the secret'), async (t) => {
  const child = spawn(process.execPath, ['build/test/source/ebpf-secret.js'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill());
  const found: number[] = [];
  for await (const line of createInterface(child.stdout)) {
    found.push(
      occurrences(
        child.pid!,
        Buffer.from(line, 'hex').map((byte) => byte ^ 0xff),
      ),
    );
    child.stdin.write('\n');
  }
  t.is(found.length, 2);
  // A search that finds nothing proves nothing unless it can find something.
  t.true(found[0]! > 0);
  t.is(found[1], 0);
});

/** Instructions that the verifier may go through. */
const LIMIT = 60_000;

live(titled('the verifier is done soon'), async (t) => {
  const program = await load();
  t.teardown(() => program.close());
  t.log(`parse: ${program.verified.join(' and ')} instructions`);
  for (const count of program.verified) t.true(count <= LIMIT, String(count));
});
