/** The counting program on packets made by hand: what it counts, and what it does not believe. */
import test, { type ExecutionContext } from 'ava';
import type { Counters } from '#src/count/counters.js';
import { COUNT_COUNTERS, COUNT_SETTINGS } from '#src/layout/generated.js';
import { Conversation, CountingProgram, WRAPPINGS } from '../support/counting.js';
import { takeTurns, whyNotLive } from '../support/network.js';
import { ACK, FIN, ipv4, link, PSH, RST, tcp, udp } from '../support/packets.js';
import { verifierSays } from '../support/verifier.js';

const reason = whyNotLive();
// Programs in the kernel are seen by all: other files count them.
test.before(takeTurns);
const live = reason === '' ? test : test.skip;
const why = reason && ` (${reason})`;

type Program = CountingProgram;

/** A test with a program of its own. */
function counts(title: string, body: (t: ExecutionContext, program: Program) => void): void {
  live(`${title}${why}`, async (t) => {
    const program = await CountingProgram.load();
    t.teardown(() => program.close());
    body(t, program);
  });
}

/** Counts of commands, without outcomes. */
const asked = (program: Program, before?: Counters) =>
  Object.fromEntries(Object.entries(program.since(before).ops).map(([op, { count }]) => [op, count]));

const key250 = 'k'.repeat(250);
/** Requests, what they count, and their answers with the words of these. */
const EXCHANGES: [
  request: string,
  ops: Record<string, number>,
  answer: string,
  words: Record<string, number>,
][] = [
  ['get a\r\n', { get: 1 }, 'END\r\n', { END: 1 }],
  ['get a\n', { get: 1 }, 'VALUE a 0 1\r\nx\r\nEND\r\n', { VALUE: 1, END: 1 }],
  ['get   a    a  \r\n', { get: 2 }, 'VALUE a 0 0\r\n\r\nVALUE a 0 0\r\n\r\nEND\r\n', { VALUE: 2, END: 1 }],
  [`get ${key250} ${key250}\r\n`, { get: 2 }, `VALUE ${key250} 7 3\r\nabc\r\nEND\r\n`, { VALUE: 1, END: 1 }],
  [`get ${'key '.repeat(500)}\r\n`, { get: 500 }, 'END\r\n', { END: 1 }],
  [`get ${'x'.repeat(58)} \r\n`, { get: 1 }, 'END\r\n', { END: 1 }],
  [`get ${'x'.repeat(58)} y\r\n`, { get: 2 }, 'END\r\n', { END: 1 }],
  [`get ${'x'.repeat(59)}\r\n`, { get: 1 }, 'END\r\n', { END: 1 }],
  [`get ${'x'.repeat(60)}\r\n`, { get: 1 }, 'END\r\n', { END: 1 }],
  ['gets a b\r\n', { gets: 2 }, 'VALUE b 0 2 18446744073709551615\r\nxy\r\nEND\r\n', { VALUE: 1, END: 1 }],
  ['gat 100 a\r\n', { gat: 1 }, 'END\r\n', { END: 1 }],
  ['gats 100 a b\r\n', { gats: 2 }, 'END\r\n', { END: 1 }],
  ['set a 0 0 5\r\nhello\r\n', { set: 1 }, 'STORED\r\n', { STORED: 1 }],
  ['set a 4294967295 -1 0\r\n\r\n', { set: 1 }, 'STORED\r\n', { STORED: 1 }],
  [`set ${key250} 1 2 3\r\nabc\r\n`, { set: 1 }, 'STORED\r\n', { STORED: 1 }],
  ['add a 0 0 0001\r\nx\r\n', { add: 1 }, 'NOT_STORED\r\n', { NOT_STORED: 1 }],
  ['replace a 0 0 1\r\nx\r\n', { replace: 1 }, 'STORED\r\n', { STORED: 1 }],
  ['append a 0 0 1\r\nx\r\n', { append: 1 }, 'STORED\r\n', { STORED: 1 }],
  ['prepend a 0 0 1\r\nx\r\n', { prepend: 1 }, 'NOT_STORED\r\n', { NOT_STORED: 1 }],
  ['cas a 0 0 1 99\r\nx\r\n', { cas: 1 }, 'EXISTS\r\n', { EXISTS: 1 }],
  ['set a 0 0 1 noreply\r\nx\r\nget b\r\n', { set: 1, get: 1 }, 'END\r\n', { END: 1 }],
  ['delete a\r\n', { delete: 1 }, 'DELETED\r\n', { DELETED: 1 }],
  ['delete a noreply\r\ndelete b\r\n', { delete: 2 }, 'NOT_FOUND\r\n', { NOT_FOUND: 1 }],
  ['incr a 1\r\n', { incr: 1 }, '12345678901234567890\r\n', { number: 1 }],
  ['decr a 1\r\n', { decr: 1 }, '0\r\n', { number: 1 }],
  ['touch a 100\r\n', { touch: 1 }, 'TOUCHED\r\n', { TOUCHED: 1 }],
  ['mg a v\r\n', { mg: 1 }, 'VA 5\r\nhello\r\n', { VA: 1 }],
  ['mg a v t Oabc\r\n', { mg: 1 }, 'VA 12 t-1 Oabc\r\nhello, world\r\n', { VA: 1 }],
  ['mg a\r\n', { mg: 1 }, 'EN\r\n', { EN: 1 }],
  ['mg a k s\r\n', { mg: 1 }, 'HD ka s1\r\n', { HD: 1 }],
  ['ms a 5 T10\r\nhello\r\n', { ms: 1 }, 'HD\r\n', { HD: 1 }],
  [`ms ${key250} 5\r\nhello\r\n`, { ms: 1 }, 'NS\r\n', { NS: 1 }],
  ['md a\r\n', { md: 1 }, 'NF\r\n', { NF: 1 }],
  ['ma a N0 v\r\n', { ma: 1 }, 'VA 1\r\n5\r\n', { VA: 1 }],
  ['me a\r\n', { me: 1 }, 'ME a exp=-1 la=2 cas=3 fetch=no cls=1 size=63\r\n', { ME: 1 }],
  ['mg a q v\r\nmg b q v\r\nmn\r\n', { mg: 2, mn: 1 }, 'VA 1\r\nx\r\nMN\r\n', { VA: 1, MN: 1 }],
  ['version\r\n', { version: 1 }, 'VERSION 1.6.18\r\n', { VERSION: 1 }],
];

counts('every command and every answer is counted, and read to its end', (t, p) => {
  for (const [request, ops, answer, words] of EXCHANGES) {
    const before = p.counters;
    // Behind it a get, which is read only where the first one ended at its border.
    new Conversation(p).open().exchange(request, answer).exchange('get z\r\n', 'END\r\n');
    const { skipped, answers, bytes_in, bytes_out, connections, packets } = p.since(before);
    const name = JSON.stringify(request.slice(0, 80));
    t.deepEqual(skipped, {}, name);
    t.deepEqual(asked(p, before), { ...ops, get: (ops.get ?? 0) + 1 }, name);
    t.deepEqual(answers, { ...words, END: (words.END ?? 0) + 1 }, name);
    t.deepEqual({ connections, packets }, { connections: 1, packets: 4 }, name);
    t.deepEqual([bytes_in, bytes_out], [request.length + 7, answer.length + 5], name);
  }
});

counts('every command and every answer is counted once wherever it is cut', (t, p) => {
  for (const [request, ops, answer, words] of EXCHANGES) {
    const longest = Math.max(request.length, answer.length);
    for (let cut = 1; cut < Math.min(longest, 80); cut++) {
      const before = p.counters;
      const name = `${JSON.stringify(request.slice(0, 80))} at ${cut}`;
      const conversation = new Conversation(p).open();
      for (const part of [request.slice(0, cut), request.slice(cut)]) if (part !== '') conversation.ask(part);
      for (const part of [answer.slice(0, cut), answer.slice(cut)])
        if (part !== '') conversation.answer(part);
      conversation.close();
      const { skipped, answers } = p.since(before);
      // What is held of a line has a bound, and a line longer than a window is not held.
      if (skipped.split_line || skipped.long_line) {
        t.true(longest > 40, name);
        for (const [op, n] of Object.entries(asked(p, before))) t.true(n <= (ops[op] ?? 0), `${name}: ${op}`);
        for (const [word, n] of Object.entries(answers)) t.true(n <= (words[word] ?? 0), `${name}: ${word}`);
        continue;
      }
      t.deepEqual(skipped, {}, name);
      t.deepEqual(asked(p, before), ops, name);
      t.deepEqual(answers, words, name);
    }
  }
});

counts('byte by byte, a request and its answer are counted once', (t, p) => {
  const conversation = new Conversation(p).open();
  for (const c of 'set a 0 0 5\r\nhello\r\n') conversation.ask(c);
  for (const c of 'STORED\r\n') conversation.answer(c);
  for (const c of 'get a\r\n') conversation.ask(c);
  for (const c of 'VALUE a 0 5\r\nhello\r\nEND\r\n') conversation.answer(c);
  t.deepEqual(asked(p), { set: 1, get: 1 });
  t.like(p.since(), { hits: 1, misses: 0, skipped: {}, answers: { STORED: 1, VALUE: 1, END: 1 } });
});

const TRAP = 'get x\r\nset y 0 0 1\r\nz\r\nSTORED\r\nEND\r\nVALUE x 0 3\r\nabc\r\nEND\r\n';

counts('values full of protocol text are not read, however they are cut', (t, p) => {
  const value = TRAP.repeat(20);
  const set = `set a 0 0 ${value.length}\r\n${value}\r\n`;
  const found = `VALUE a 0 ${value.length}\r\n${value}\r\nEND\r\n`;
  // Segments that begin at lines of the value.
  const cut = (text: string) => text.split(/(?<=\r\n)(?=get|STORED|VALUE|END)/);
  const conversation = new Conversation(p).open();
  for (const part of cut(set)) conversation.ask(part);
  conversation.answer('STORED\r\n').ask('get a\r\n');
  for (const part of cut(found)) conversation.answer(part);
  t.deepEqual(asked(p), { set: 1, get: 1 });
  t.like(p.since(), { hits: 1, misses: 0, skipped: {}, answers: { STORED: 1, VALUE: 1, END: 1 } });
});

counts('a hole inside a value loses nothing', (t, p) => {
  const conversation = new Conversation(p).open();
  conversation.ask(`set a 0 0 3000\r\n${'x'.repeat(985)}`);
  conversation.client += 1000;
  conversation.ask(`${'x'.repeat(1015)}\r\nget a\r\n`).answer('STORED\r\nEND\r\n');
  t.deepEqual(asked(p), { set: 1, get: 1 });
  t.like(p.since(), { hits: 0, misses: 1, skipped: {} });
});

counts('after a hole elsewhere nothing is counted until three answers have fitted', (t, p) => {
  const conversation = new Conversation(p).open().exchange('get a\r\n', 'END\r\n');
  conversation.client += 7;
  conversation.exchange('get b\r\n', 'END\r\n');
  t.deepEqual(p.since().skipped, { gap: 1, not_in_step: 1 });
  for (let i = 0; i < 3; i++) conversation.exchange('get c\r\n', 'END\r\n');
  t.deepEqual(asked(p), { get: 1 });
  conversation.exchange('get d e\r\n', 'VALUE e 0 1\r\nx\r\nEND\r\n');
  t.deepEqual(asked(p), { get: 3 });
  t.like(p.since(), { hits: 1, misses: 2, skipped: { gap: 1, not_in_step: 7 } });
});

counts('a connection joined later is counted once three answers have fitted', (t, p) => {
  const conversation = new Conversation(p, 4_294_967_290, 4_294_967_200);
  conversation
    .exchange('set a 0 0 3\r\nabc\r\n', 'STORED\r\n')
    .exchange('get a\r\n', 'VALUE a 0 3\r\nabc\r\nEND\r\n');
  conversation.exchange('delete a\r\n', 'DELETED\r\n');
  t.deepEqual(asked(p), {});
  conversation.exchange('get a\r\n', 'END\r\n').exchange('get a\r\n', 'END\r\n');
  t.deepEqual(asked(p), { get: 2 });
  t.like(p.since(), { hits: 0, misses: 2, skipped: { not_in_step: 6 } });
});

counts('inside a value that looks like requests, a connection joined later is not believed', (t, p) => {
  // The client sends a value of requests; the server acknowledges without data, then stores it.
  const conversation = new Conversation(p);
  for (let i = 0; i < 50; i++) conversation.ask('get a\r\n');
  conversation.exchange('get a\r\nset b 0 0 1\r\nx\r\n\r\n', 'STORED\r\n');
  t.deepEqual(asked(p), {});
  // The server sends a value of answers, and the client acknowledges each part without data.
  const other = new Conversation(p);
  for (let i = 0; i < 50; i++) other.answer('VALUE a 0 1\r\nx\r\nEND\r\n');
  t.deepEqual(asked(p), {});
  t.deepEqual(p.since().answers, {});
});

counts('answers of another kind are no proof', (t, p) => {
  const conversation = new Conversation(p);
  for (let i = 0; i < 10; i++) conversation.exchange('get a\r\n', 'STORED\r\n');
  for (let i = 0; i < 10; i++) conversation.exchange('set a 0 0 1\r\nx\r\n', 'END\r\n');
  t.deepEqual(asked(p), {});
});

counts('what is sent again is counted once', (t, p) => {
  const conversation = new Conversation(p).open();
  const { client, server } = conversation;
  conversation.ask('get a\r\n');
  conversation.segment('client', client, 'get a\r\n');
  conversation.answer('VALUE a 0 3\r\nabc\r\nEND\r\n');
  conversation.segment('server', server, 'VALUE a 0 3\r\nabc\r\nEND\r\n');
  // A part again, and more; and the byte of a keep-alive.
  conversation.segment('client', client + 4, 'a\r\nget b\r\n');
  conversation.client += 7;
  conversation.answer('END\r\n');
  conversation.segment('client', conversation.client - 1, '\0');
  t.deepEqual(asked(p), { get: 2 });
  t.like(p.since(), {
    ...{ hits: 1, misses: 1, bytes_in: 14, bytes_out: 28 },
    skipped: { repeated: 3 },
    answers: { VALUE: 1, END: 2 },
  });
});

counts('misses of pipelined gets are known once all are answered', (t, p) => {
  const conversation = new Conversation(p)
    .open()
    .ask('get a b\r\nget c\r\nset d 0 0 1\r\nx\r\nget e f g\r\n');
  conversation.answer('VALUE b 0 1\r\nx\r\nEND\r\nEND\r\n');
  t.like(p.since(), { hits: 1, misses: 0 });
  conversation.answer('STORED\r\nVALUE e 0 1\r\nx\r\nEND\r\n');
  t.like(p.since(), { hits: 2, misses: 4, skipped: {} });
});

counts('an unknown command ends belief, and what follows in its segment is not read', (t, p) => {
  const conversation = new Conversation(p).open().exchange('get a\r\n', 'END\r\n');
  conversation.exchange('stats\r\nget b\r\n', 'STAT pid 1\r\nEND\r\nEND\r\n');
  t.deepEqual(asked(p), { get: 1 });
  t.deepEqual(p.since().skipped, { unknown_line: 1, not_in_step: 1 });
});

counts('a refusal that leaves open what was read ends belief', (t, p) => {
  for (const refusal of ['CLIENT_ERROR bad data chunk\r\n', 'ERROR\r\n', 'SERVER_ERROR out of memory\r\n']) {
    new Conversation(p).open().exchange('get a\r\n', refusal).exchange('get b\r\n', 'END\r\n');
  }
  t.deepEqual(asked(p), { get: 3 });
  t.like(p.since(), { misses: 0, skipped: { refused: 3, not_in_step: 6 } });
  const before = p.counters;
  // These do not.
  const conversation = new Conversation(p).open();
  conversation.exchange('incr a 1\r\n', 'CLIENT_ERROR cannot increment or decrement non-numeric value\r\n');
  conversation.exchange('set a 0 0 3\r\nabc\r\n', 'SERVER_ERROR object too large for cache\r\n');
  conversation.exchange('get a\r\n', 'END\r\n');
  t.like(p.since(before), { misses: 1, skipped: {} });
});

counts('lines and segments above the bounds end belief, by name', (t, p) => {
  new Conversation(p).open().ask(`get ${'k '.repeat(1500)}\r\n`);
  t.deepEqual(asked(p), { get: 1500 });
  const refused = (request: string | Uint8Array) => {
    const before = p.counters;
    new Conversation(p).open().ask(request);
    return p.since(before).skipped;
  };
  t.deepEqual(refused(`get ${'k'.repeat(3300)}`), { long_line: 1 });
  t.deepEqual(refused('set a 0 0 123456789\r\n'), { long_number: 1 });
  t.deepEqual(refused('set a 0 0 1x\r\n'), { long_number: 1 });
  t.deepEqual(refused(' get a\r\n'), { unknown_line: 1 });
  t.deepEqual(refused('GET a\r\n'), { unknown_line: 1 });
  t.deepEqual(refused('get a\r\n'.repeat(300)), { too_many: 1 });
  t.deepEqual(refused('get a\r\n'.repeat(256)), {});
});

/** A binary message (doc/protocol-binary.txt). */
function binary(
  magic: number,
  opcode: number,
  fields: { extras?: number; key?: string; value?: string; status?: number },
): Uint8Array {
  const { extras = 0, key = '', value = '', status = 0 } = fields;
  const bytes = new Uint8Array(24 + extras + key.length + value.length);
  const view = new DataView(bytes.buffer);
  bytes.set([magic, opcode]);
  view.setUint16(2, key.length);
  bytes[4] = extras;
  view.setUint16(6, status);
  view.setUint32(8, bytes.length - 24);
  bytes.set(new TextEncoder().encode(key + value), 24 + extras);
  return bytes;
}
const ask = (opcode: number, fields = {}) => binary(0x80, opcode, fields);
const say = (opcode: number, fields = {}) => binary(0x81, opcode, fields);
const join = (...parts: Uint8Array[]) => Buffer.concat(parts);

counts('binary requests and answers are counted by opcode and status', (t, p) => {
  const c = new Conversation(p).open();
  c.exchange(ask(1, { extras: 8, key: 'a', value: 'hello' }), say(1));
  c.exchange(ask(0, { key: 'a' }), say(0, { extras: 4, value: 'hello' }));
  c.exchange(ask(0, { key: 'b' }), say(0, { status: 1, value: 'Not found' }));
  c.exchange(ask(4, { key: 'b' }), say(4, { status: 1 }));
  c.exchange(ask(5, { extras: 20, key: 'a' }), say(5, { status: 6 }));
  // Three quiet gets, of which one hits, and the NOOP that proves the others missed.
  c.exchange(
    join(ask(0x0d, { key: 'a' }), ask(0x09, { key: 'b' }), ask(0x09, { key: 'c' }), ask(0x0a)),
    join(say(0x0d, { extras: 4, key: 'a', value: 'x' }), say(0x0a)),
  );
  t.like(p.since(), {
    skipped: {},
    ops: {
      get: { count: 5, hits: 2, misses: 3, errors: 0 },
      set: { count: 1, hits: 0, misses: 0, errors: 0 },
      delete: { count: 1, hits: 0, misses: 1, errors: 0 },
      incr: { count: 1, hits: 0, misses: 0, errors: 1 },
      noop: { count: 1, hits: 0, misses: 0, errors: 0 },
    },
    answers: { binary_success: 4, binary_not_found: 2, binary_error: 1 },
  });
});

counts('outcomes are null where only pairing could tell whose they are', (t, p) => {
  const c = new Conversation(p).open();
  c.exchange('get a\r\n', 'VALUE a 0 1\r\nx\r\nEND\r\n').exchange('gat 1 b\r\n', 'END\r\n');
  c.exchange('delete a\r\n', 'NOT_FOUND\r\n').exchange('touch a 1\r\n', 'TOUCHED\r\n');
  t.like(p.since(), {
    ...{ hits: 1, misses: 1 },
    ops: {
      get: { count: 1, hits: null, misses: null, errors: 0 },
      gat: { count: 1, hits: null, misses: null, errors: 0 },
      delete: { count: 1, hits: 0, misses: null, errors: 0 },
      touch: { count: 1, hits: 1, misses: null, errors: 0 },
    },
  });
});

counts('a connection on the same ports begins anew, and a closed one leaves its place', (t, p) => {
  const c = new Conversation(p).open().exchange('get a\r\n', 'END\r\n');
  // A spurious reset and one at the exact place.
  c.segment('client', c.client + 100, '', RST);
  c.exchange('get b\r\n', 'END\r\n');
  c.segment('client', c.client, '', FIN | ACK);
  c.segment('server', c.server, 'x', FIN | PSH | ACK);
  c.client = 77;
  c.server = 99;
  c.open().exchange('get c\r\n', 'END\r\n');
  t.deepEqual(asked(p), { get: 3 });
  t.is(p.since().connections, 2);
});

counts('of two thousand connections at a time hardly one finds no place, and none loses it', (t, p) => {
  const all = Array.from({ length: 2000 }, () => new Conversation(p));
  for (const one of all) one.open();
  for (const one of all) one.exchange('get a\r\n', 'END\r\n');
  const { no_room = 0, ...others } = p.since().skipped;
  t.deepEqual(others, {});
  // Three of them fall on the same two of 65,536 places 1.2 times in the mean.
  t.true(no_room <= 2 * 8, `${no_room} packets`);
  t.deepEqual(asked(p), { get: 2000 - no_room / 2 });
  // Where a place is free again the other keeps its own; who had none gets it, and is not in step.
  for (const one of all.slice(0, 1000)) one.close();
  const before = p.counters;
  for (const one of all.slice(1000)) one.exchange('get a\r\n', 'END\r\n');
  const { skipped } = p.since(before);
  const missed = (skipped.no_room ?? 0) + (skipped.not_in_step ?? 0);
  t.true(missed <= no_room);
  t.is(asked(p, before).get, 1000 - missed / 2);
});

counts('it finds the payload behind all headers', (t, p) => {
  for (const [name, wrap] of Object.entries(WRAPPINGS)) {
    const before = p.counters;
    const conversation = new Conversation(p);
    conversation.wrap = wrap;
    conversation.open().exchange('get a\r\n', 'VALUE a 0 1\r\nx\r\nEND\r\n').close();
    const { hits, skipped, bytes_in, connections } = p.since(before);
    t.deepEqual(
      { hits, skipped, bytes_in, connections },
      { hits: 1, skipped: {}, bytes_in: 7, connections: 1 },
      name,
    );
  }
});

counts('of other traffic it counts at most why it was not read', (t, p) => {
  const segment = (sourcePort: number, destinationPort: number) =>
    tcp({ sourcePort, destinationPort, seq: 1, ack: 1, flags: ACK, payload: new Uint8Array(9) });
  const ip = { source: 1, destination: 2 };
  p.pass(link('ethernet', ipv4(ip, segment(80, 4000))));
  p.pass(link('ethernet', ipv4({ ...ip, protocol: 1 }, new Uint8Array(20))));
  t.deepEqual(p.since().skipped, {});
  p.pass(link('ethernet', ipv4(ip, segment(11211, 11211))));
  p.pass(link('ethernet', ipv4({ ...ip, protocol: 17 }, udp(4000, 11211, new Uint8Array(20)))));
  p.pass(link('ethernet', ipv4({ ...ip, fragment: 0x2000 }, segment(4000, 11211))));
  p.pass(link('ethernet', ipv4(ip, segment(4000, 11211).subarray(0, 14))));
  t.like(p.since(), {
    ...{ packets: 0, bytes_in: 0 },
    skipped: { both_ports: 1, udp: 1, fragment: 1, cut_header: 1 },
  });
});

live(`the verifier reads few instructions of it, and its stack is small${why}`, async (t) => {
  for (const [name, limit, most] of [
    ['without a key sample', 0n, 40_000],
    ['with one', 1n << 32n, 60_000],
  ] as const) {
    const { instructions, stack } = await verifierSays('count', 'membench_l2', (libbpf, object) => {
      libbpf.setMaxEntries(libbpf.findMap(object, 'windows')!, libbpf.cpus());
      libbpf.setMaxEntries(libbpf.findMap(object, 'counters')!, libbpf.cpus() * COUNT_COUNTERS);
      libbpf.setMaxEntries(libbpf.findMap(object, 'keys')!, libbpf.cpus());
      const { at, size } = libbpf.initialValue(libbpf.findMap(object, '.rodata')!)!;
      const settings = libbpf.read(at, size);
      new DataView(settings.buffer).setBigUint64(COUNT_SETTINGS.key_limit, limit, true);
      libbpf.write(at, settings);
    });
    t.log(`${name}: ${instructions} verified instructions, frames of ${stack.join(', ')} bytes`);
    t.true(instructions > 1000 && instructions < most);
    // The kernel refuses chains of frames above 512 bytes in all.
    for (const frame of stack) t.true(frame <= 160);
  }
});
