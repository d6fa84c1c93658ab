/** The sample of keys that leaves the counting program, on packets made by hand. */
import test, { type ExecutionContext } from 'ava';
import {
  COUNT_ANSWER_NAMES,
  KEY_HAS_FLAGS,
  KEY_HAS_TTL,
  KEY_HAS_VALUE,
  KEY_IS_ANSWER,
  KEY_IS_COMPLETE,
  KEY_IS_UNPAIRED,
  OP_NAMES,
} from '#src/layout/generated.js';
import { sipHash } from '../reference/siphash.js';
import { encode, OPCODES } from '../support/binary.js';
import { ascii } from '../support/conversation.js';
import { Conversation, CountingProgram, type KeyRecord } from '../support/counting.js';
import { takeTurns, whyNotLive } from '../support/network.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test : test.skip;
const why = reason && ` (${reason})`;

const SECRET = Uint8Array.from({ length: 16 }, (_, i) => 7 * i + 3);
const ALL = 2 ** 32;
const hashOf = (key: string) => sipHash(SECRET, ascii(key));

/** A test with a program of its own, which samples all keys. */
function samples(title: string, body: (t: ExecutionContext, program: CountingProgram) => void): void {
  live(`${title}${why}`, async (t) => {
    const program = await CountingProgram.load(1, { limit: ALL, secret: SECRET });
    t.teardown(() => program.close());
    body(t, program);
  });
}

interface Said {
  /** `op key` of a request, `word key` of an answer. */
  say: string;
  size?: number;
  ttl?: number;
  flags?: true;
  unpaired?: true;
  silent?: true;
  mode?: string;
}

/** What records say of keys, of which the names are given. */
function told(records: readonly KeyRecord[], keys: readonly string[]): Said[] {
  const names = new Map<bigint, string>([[0n, ''], ...keys.map((key) => [hashOf(key), ` ${key}`] as const)]);
  return records.map(({ hash, bits, what, valueSize, ttl, mode, keySize }) => {
    const isAnswer = (bits & KEY_IS_ANSWER) !== 0;
    const isValue = isAnswer && (bits & KEY_IS_COMPLETE) === 0;
    const word = isAnswer ? COUNT_ANSWER_NAMES[what] : OP_NAMES[what];
    const name = names.get(hash) ?? ` ${hash.toString(16)}`;
    if (!isAnswer && keySize !== name.length - 1) throw new Error(`${name} has ${keySize} bytes`);
    return {
      say: `${isValue ? 'value' : word}${name}`,
      ...((bits & KEY_HAS_VALUE) !== 0 && { size: valueSize }),
      ...((bits & KEY_HAS_TTL) !== 0 && { ttl }),
      ...((bits & KEY_HAS_FLAGS) !== 0 && { flags: true as const }),
      ...((bits & KEY_IS_UNPAIRED) !== 0 && { unpaired: true as const }),
      ...(!isAnswer && (bits & KEY_IS_COMPLETE) === 0 && { silent: true as const }),
      ...(mode !== '\0' && { mode }),
    };
  });
}

const key250 = 'k'.repeat(250);
const key60 = 'l'.repeat(60);
/** A request, its answer, the keys in them, and what must be said. */
const EXCHANGES: [request: string, answer: string, keys: string[], said: Said[]][] = [
  ['get a\r\n', 'END\r\n', ['a'], [{ say: 'get a' }, { say: 'end' }]],
  [
    'get a\n',
    'VALUE a 0 1\r\nx\r\nEND\r\n',
    ['a'],
    [{ say: 'get a' }, { say: 'value a', size: 1 }, { say: 'end' }],
  ],
  [
    'get   aa    b  \r\n',
    'VALUE b 5 0\r\n\r\nEND\r\n',
    ['aa', 'b'],
    [{ say: 'get aa' }, { say: 'get b' }, { say: 'value b', size: 0, flags: true }, { say: 'end' }],
  ],
  [
    `get ${key250} ${key60}\r\n`,
    `VALUE ${key250} 7 3\r\nabc\r\nEND\r\n`,
    [key250, key60],
    [
      { say: `get ${key250}` },
      { say: `get ${key60}` },
      { say: `value ${key250}`, size: 3, flags: true },
      { say: 'end' },
    ],
  ],
  [
    'gats 100 12345678 b\r\n',
    'END\r\n',
    ['12345678', 'b'],
    [{ say: 'gats 12345678', ttl: 100 }, { say: 'gats b', ttl: 100 }, { say: 'end' }],
  ],
  ['set a 0 0 5\r\nhello\r\n', 'STORED\r\n', ['a'], [{ say: 'set a', size: 5, ttl: 0 }, { say: 'stored' }]],
  [
    'set  a  1  -1  0\r\n\r\n',
    'STORED\r\n',
    ['a'],
    [{ say: 'set a', size: 0, ttl: -1, flags: true }, { say: 'stored' }],
  ],
  [
    `add ${key250} 0 1767225600 3\r\nabc\r\n`,
    'NOT_STORED\r\n',
    [key250],
    [{ say: `add ${key250}`, size: 3, ttl: 1767225600 }, { say: 'not_stored' }],
  ],
  [
    'set a 0 99 1 noreply\r\nx\r\nget b\r\n',
    'END\r\n',
    ['a', 'b'],
    [{ say: 'set a', size: 1, ttl: 99, silent: true }, { say: 'get b' }, { say: 'end' }],
  ],
  ['delete a\r\n', 'DELETED\r\n', ['a'], [{ say: 'delete a' }, { say: 'deleted' }]],
  ['incr a 1\r\n', '12345678901234567890\r\n', ['a'], [{ say: 'incr a' }, { say: 'number' }]],
  ['touch a 100\r\n', 'NOT_FOUND\r\n', ['a'], [{ say: 'touch a', ttl: 100 }, { say: 'not_found' }]],
  [
    'mg a v T30\r\n',
    'VA 5 f9\r\nhello\r\n',
    ['a'],
    [
      { say: 'mg a', ttl: 30 },
      { say: 'va', size: 5, flags: true },
    ],
  ],
  ['mg a\r\n', 'EN\r\n', ['a'], [{ say: 'mg a' }, { say: 'en' }]],
  [
    'ms a 5 T10 F3 ME\r\nhello\r\n',
    'HD\r\n',
    ['a'],
    [{ say: 'ms a', size: 5, ttl: 10, flags: true, mode: 'E' }, { say: 'hd' }],
  ],
  [`ms ${key250} 5\r\nhello\r\n`, 'NS\r\n', [key250], [{ say: `ms ${key250}`, size: 5 }, { say: 'ns' }]],
  [
    'mg a q v\r\nmg b v\r\nmn\r\n',
    'VA 1\r\nx\r\nMN\r\n',
    ['a', 'b'],
    [
      { say: 'mg a', unpaired: true, silent: true },
      { say: 'mg b', unpaired: true },
    ],
  ],
];

samples('requests and their answers are told by hashes that SipHash gives', (t, p) => {
  for (const [request, answer, keys, said] of EXCHANGES) {
    const before = p.counters;
    new Conversation(p).open().exchange(request, answer).close();
    const name = JSON.stringify(request.slice(0, 80));
    t.deepEqual(p.since(before).skipped, {}, name);
    t.deepEqual(told(p.ring.take(), keys), said, name);
  }
});

samples('they are told once wherever they are cut', (t, p) => {
  for (const [request, answer, keys, said] of EXCHANGES) {
    for (let cut = 1; cut < Math.min(Math.max(request.length, answer.length), 80); cut++) {
      const before = p.counters;
      const conversation = new Conversation(p).open();
      for (const part of [request.slice(0, cut), request.slice(cut)]) if (part !== '') conversation.ask(part);
      for (const part of [answer.slice(0, cut), answer.slice(cut)])
        if (part !== '') conversation.answer(part);
      conversation.close();
      const { skipped } = p.since(before);
      const records = told(p.ring.take(), keys);
      // Lines that are cut have a bound, as in count-program.test.ts; nothing is invented beyond.
      if (skipped.split_line || skipped.long_line) {
        for (const { say } of records)
          t.true(
            said.some((one) => one.say === say),
            `${request} at ${cut}`,
          );
      } else {
        t.deepEqual(records, said, `${JSON.stringify(request.slice(0, 80))} at ${cut}`);
      }
    }
  }
});

samples('keys of every length are hashed', (t, p) => {
  const conversation = new Conversation(p).open();
  for (let size = 1; size <= 250; size++) {
    const key = Array.from({ length: size }, (_, i) => String.fromCharCode(33 + ((7 * i + size) % 90))).join(
      '',
    );
    conversation.exchange(`get ${key}\r\n`, `VALUE ${key} 0 1\r\nx\r\nEND\r\n`);
    t.deepEqual(told(p.ring.take(), [key]), [
      { say: `get ${key}` },
      { say: `value ${key}`, size: 1 },
      { say: 'end' },
    ]);
  }
  t.deepEqual(p.since().skipped, {});
});

samples('a request of many keys tells up to 256, and counts the others', (t, p) => {
  const keys = Array.from({ length: 300 }, (_, i) => `key:${i}`);
  new Conversation(p).open().exchange(`get ${keys.join(' ')}\r\nget z\r\n`, 'END\r\nEND\r\n');
  const said = told(p.ring.take(), [...keys, 'z']).map(({ say }) => say);
  const read = said.length - 3;
  t.deepEqual(said, [...keys.slice(0, read).map((key) => `get ${key}`), 'get z', 'end', 'end']);
  t.true(read >= 256);
  t.deepEqual(p.since().skipped, { key_unread: 300 - read });
});

samples('keys that memcached refuses are counted, and so are those behind them', (t, p) => {
  new Conversation(p).open().ask(`get a ${'k'.repeat(251)} b\r\n`);
  new Conversation(p).open().ask(`set ${'k'.repeat(251)} 0 0 1\r\nx\r\n`);
  t.deepEqual(told(p.ring.take(), ['a']), [{ say: 'get a' }]);
  t.deepEqual(p.since().skipped, { key_unread: 3 });
});

samples('a key in base64 is counted, and not told', (t, p) => {
  new Conversation(p).open().exchange('mg Zm9v b v\r\nmg Zm9v v\r\n', 'EN\r\nEN\r\n');
  t.deepEqual(told(p.ring.take(), ['Zm9v']), [{ say: 'mg Zm9v' }, { say: 'en' }, { say: 'en' }]);
  t.deepEqual(p.since().skipped, { key_unread: 1 });
});

samples('once it is open which requests are answered, answers are not told', (t, p) => {
  const conversation = new Conversation(p).open().exchange('mg a v\r\n', 'EN\r\n');
  conversation.exchange('mg b q v\r\nmn\r\n', 'VA 1\r\nx\r\nMN\r\n').exchange('mg c v\r\n', 'EN\r\n');
  t.deepEqual(told(p.ring.take(), ['a', 'b', 'c']), [
    { say: 'mg a' },
    { say: 'en' },
    { say: 'mg b', unpaired: true, silent: true },
    { say: 'mg c', unpaired: true },
  ]);
});

samples('after an answer that came before its request, answers are not told, and all is counted', (t, p) => {
  const conversation = new Conversation(p).open().ask('get a\r\n');
  conversation.answer('END\r\nVALUE b 0 1\r\nx\r\n').ask('get b\r\n').answer('END\r\n');
  conversation.exchange('get c\r\n', 'END\r\n');
  t.deepEqual(told(p.ring.take(), ['a', 'b', 'c']), [
    { say: 'get a' },
    { say: 'end' },
    { say: 'get b', unpaired: true },
    { say: 'get c', unpaired: true },
  ]);
  t.like(p.since(), { skipped: {}, ops: { get: { count: 3 } }, answers: { VALUE: 1, END: 3 } });
});

samples('requests of a connection have numbers, and their answers the same', (t, p) => {
  const conversation = new Conversation(p).open();
  conversation.ask('get a\r\nset b 0 0 1\r\nx\r\nget c d\r\n');
  conversation.answer('VALUE a 0 1\r\nx\r\nEND\r\nSTORED\r\n').answer('VALUE d 0 1\r\ny\r\nEND\r\n');
  conversation.exchange('delete a\r\n', 'DELETED\r\n');
  const records = p.ring.take();
  const first = records[0]!.number;
  t.deepEqual(
    records.map(({ number }) => number - first),
    [0, 1, 2, 2, 0, 0, 1, 2, 2, 3, 3],
  );
  t.is(new Set(records.map(({ flow }) => flow)).size, 1);
});

samples('binary requests and answers are told, too', (t, p) => {
  const ask = (name: string, rest = {}) => encode({ magic: 0x80, opcode: OPCODES[name]!, ...rest });
  const say = (name: string, rest = {}) => encode({ magic: 0x81, opcode: OPCODES[name]!, ...rest });
  const key = ascii('a');
  const flags = Uint8Array.of(0, 0, 0, 9);
  const conversation = new Conversation(p).open();
  conversation.exchange(
    ask('SET', { extras: Uint8Array.of(0, 0, 0, 9, 0, 0, 1, 0), key, value: ascii('hello') }),
    say('SET'),
  );
  conversation.exchange(ask('GET', { key }), say('GET', { extras: flags, value: ascii('hello') }));
  conversation.exchange(
    Buffer.concat([
      ask('GETKQ', { key }),
      ask('GETKQ', { key: ascii('b') }),
      ask('GETQ', { key }),
      ask('NOOP'),
    ]),
    Buffer.concat([say('GETKQ', { extras: flags, key: ascii('b'), value: ascii('xyz') }), say('NOOP')]),
  );
  conversation.exchange(ask('DELETE', { key }), say('DELETE', { status: 1 }));
  t.deepEqual(told(p.ring.take(), ['a', 'b']), [
    { say: 'set a', size: 5, ttl: 256, flags: true },
    { say: 'binary_success' },
    { say: 'get a' },
    { say: 'binary_success', size: 5, flags: true },
    { say: 'get a', silent: true },
    { say: 'get b', silent: true },
    { say: 'get a', silent: true, unpaired: true },
    { say: 'value b', size: 3, flags: true },
    { say: 'binary_success' },
    { say: 'delete a' },
    { say: 'binary_not_found' },
  ]);
  t.deepEqual(p.since().skipped, {});
});

live(`only keys whose hash is below the limit are told, with the answers to them${why}`, async (t) => {
  const limit = Math.floor(ALL / 4);
  const program = await CountingProgram.load(1, { limit, secret: SECRET });
  t.teardown(() => program.close());
  const keys = Array.from({ length: 400 }, (_, i) => `key:${i}`);
  const sampled = keys.filter((key) => hashOf(key) >> 32n < BigInt(limit));
  t.true(sampled.length > 60 && sampled.length < 140);
  const conversation = new Conversation(program).open();
  for (const key of keys) conversation.exchange(`get ${key}\r\n`, `VALUE ${key} 0 1\r\nx\r\nEND\r\n`);
  t.deepEqual(
    told(program.ring.take(), keys).map(({ say }) => say),
    sampled.flatMap((key) => [`get ${key}`, `value ${key}`, 'end']),
  );
});

samples('no byte of a key is in the memory of the ring', (t, p) => {
  const canary = 'canary:';
  for (const [request, answer] of EXCHANGES) {
    const marked = (text: string) => text.replaceAll(/\b(a|b|aa)\b(?= |\r|\n)/g, `${canary}$1`);
    new Conversation(p).open().exchange(marked(request), marked(answer)).close();
  }
  t.true(p.ring.take().length > 20);
  t.is(Buffer.from(p.ring.memory).indexOf(canary), -1);
  t.is(Buffer.from(p.ring.memory).indexOf('k'.repeat(8)), -1);
});

samples('where the ring is full, that is counted', (t, p) => {
  const conversation = new Conversation(p).open();
  const line = 'get a\r\n'.repeat(100);
  const answers = 'END\r\n'.repeat(100);
  for (let i = 0; i < 120; i++) conversation.exchange(line, answers);
  const taken = p.ring.take().length;
  const { skipped, ops } = p.since();
  t.deepEqual(Object.keys(skipped), ['key_ring_full']);
  t.is(taken + skipped.key_ring_full!, 24_000);
  // Counting goes on.
  t.deepEqual(ops.get, { count: 12_000, hits: 0, misses: 12_000, errors: 0 });
});

samples('a connection that was refused begins anew with other numbers', (t, p) => {
  const conversation = new Conversation(p).open();
  conversation.exchange('get a\r\n', 'ERROR\r\n');
  const [before] = p.ring.take();
  for (let i = 0; i < 3; i++) conversation.exchange('get b\r\n', 'END\r\n');
  t.deepEqual(p.ring.take(), []);
  conversation.exchange('get c\r\n', 'END\r\n');
  const records = p.ring.take();
  t.deepEqual(told(records, ['c']), [{ say: 'get c' }, { say: 'end' }]);
  t.not(records[0]!.number, before!.number);
});
