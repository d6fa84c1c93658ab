/** What is made of answers, cut anywhere: by bytes written by hand. */
import test from 'ava';
import { BinaryAnswers } from '#src/replay/answers/binary.js';
import { TextAnswers } from '#src/replay/answers/text.js';
import { writeKey } from '#src/replay/keys.js';
import { PendingQueue, WAITS } from '#src/replay/pending.js';
import { Settler } from '#src/replay/settle.js';
import { OPS, S } from '#src/replay/shapes.js';
import { Tally } from '#src/replay/tally.js';

type Status = keyof typeof S;

/** A request under way: what it waits for, and the outcomes of its keys when it was recorded. */
interface Asked {
  op: (typeof OPS)[number];
  waits: keyof typeof WAITS;
  quiet?: boolean;
  opaque?: number;
  recorded: readonly Status[];
}

const SIZE = 12;
const keyOf = (number: number) => {
  const bytes = Buffer.alloc(SIZE);
  writeKey(bytes, 0, number, 0, SIZE);
  return bytes.toString('latin1');
};

/** Key n of all requests has the hash n. */
function ask(asked: readonly Asked[]): { queue: PendingQueue; settler: Settler } {
  const queue = new PendingQueue();
  const settler = new Settler(new Tally());
  let number = 0;
  for (const { op, waits, quiet = false, opaque = 0, recorded } of asked) {
    const at = queue.push(WAITS[waits], OPS.indexOf(op), quiet, recorded.length);
    queue.begins[at] = 1;
    queue.opaque[at] = opaque;
    for (const status of recorded)
      queue.keyQueue.push(number++, 0, SIZE, { status: S[status], valueSize: 0 });
    settler.waiting++;
    settler.begin(queue);
  }
  return { queue, settler };
}

/** Reads an answer in pieces of a size; `null` where it was not understood. */
function read(asked: readonly Asked[], answer: string, piece: number, binary = false) {
  const { queue, settler } = ask(asked);
  const answers = binary ? new BinaryAnswers(queue, settler) : new TextAnswers(queue, settler);
  const bytes = Buffer.from(answer, 'latin1');
  for (let at = 0; at < bytes.length; at += piece) {
    const part = Buffer.from(bytes.subarray(at, at + piece));
    if (!answers.feed(part, part.length)) return null;
  }
  const { tally } = settler;
  const ops = tally.ops.flatMap((op, i) =>
    op === undefined ? [] : [[OPS[i], op.hits, op.misses, op.errors, op.bytesIn, op.latency.total]],
  );
  return { ops, outcome: tally.outcome, failures: tally.failures, left: queue.length, settler };
}

const PIECES = [1, 2, 3, 7, 1000];

/** The same under every cut. */
function readAll(asked: readonly Asked[], answer: string, binary = false) {
  const [whole, ...others] = PIECES.toReversed().map((piece) => read(asked, answer, piece, binary));
  return { whole, isSame: others.every((one) => JSON.stringify(one) === JSON.stringify(whole)) };
}

const none = { same: 0, hit_to_miss: 0, miss_to_hit: 0, other: 0, unknown: 0 };

test('a multiget: the keys that are not in the answer are misses, in whichever order a proxy answers', (t) => {
  const asked: Asked[] = [
    { op: 'get', waits: 'values', recorded: ['hit', 'hit', 'miss', 'hit'] },
    { op: 'get', waits: 'values', recorded: ['miss'] },
  ];
  const value = (key: number, text: string) => `VALUE ${keyOf(key)} 0 ${text.length}\r\n${text}\r\n`;
  const inOrder = `${value(0, 'ab\r\nEND\r\n')}${value(2, '')}END\r\nEND\r\n`;
  for (const answer of [inOrder, `${value(2, '')}${value(0, 'ab\r\nEND\r\n')}END\r\nEND\r\n`]) {
    const { whole, isSame } = readAll(asked, answer);
    t.true(isSame);
    t.deepEqual(whole!.ops, [['get', 2, 3, 0, 9, 2]]);
    t.deepEqual(whole!.outcome, { ...none, same: 2, hit_to_miss: 2, miss_to_hit: 1 });
    t.is(whole!.left, 0);
  }
  // A key twice, or one nobody asked for, is not understood.
  t.is(readAll(asked, `${value(0, 'a')}${value(0, 'a')}`).whole, null);
  t.is(readAll(asked, value(9, 'a')).whole, null);
});

test('the words of changes', (t) => {
  const line = (op: Asked['op'], recorded: Status): Asked => ({ op, waits: 'line', recorded: [recorded] });
  const asked = [
    line('set', 'stored'),
    line('add', 'not_stored'),
    line('cas', 'exists'),
    line('cas', 'not_found'),
    line('delete', 'deleted'),
    line('touch', 'touched'),
    line('incr', 'value'),
    line('decr', 'value'),
    line('set', 'stored'),
    line('incr', 'value'),
    line('set', 'error'),
  ];
  const answer = [
    ...['STORED', 'NOT_STORED', 'EXISTS', 'NOT_FOUND', 'DELETED', 'TOUCHED', '18446744073709551615', '99 '],
    'SERVER_ERROR out of memory storing object',
    'CLIENT_ERROR cannot increment or decrement non-numeric value',
    'SERVER_ERROR object too large for cache',
  ].join('\r\n');
  const { whole, isSame } = readAll(asked, `${answer}\r\n`);
  t.true(isSame);
  t.deepEqual(whole!.outcome, { ...none, same: 9, other: 2 });
  // What failed in the recording, too, is no failure of the replay.
  t.deepEqual(whole!.failures, { out_of_memory: 1, client_error: 1 });
  t.is(whole!.left, 0);
});

test('quiet meta requests are silent until a later answer proves it', (t) => {
  const asked: Asked[] = [
    { op: 'mg', waits: 'meta', quiet: true, opaque: 1, recorded: ['hit'] },
    { op: 'mg', waits: 'meta', quiet: true, opaque: 2, recorded: ['hit'] },
    { op: 'ms', waits: 'meta', quiet: true, recorded: ['silent'] },
    { op: 'mg', waits: 'meta', quiet: true, recorded: ['miss'] },
    { op: 'mn', waits: 'noop', recorded: [] },
  ];
  const { whole, isSame } = readAll(asked, 'VA 4 O2 f0\r\nEN\r\n\r\nMN\r\n');
  t.true(isSame);
  t.deepEqual(whole!.outcome, { ...none, same: 3, hit_to_miss: 1 });
  t.deepEqual(whole!.ops, [
    ['mg', 1, 2, 0, 4, 1],
    ['ms', 0, 0, 0, 0, 0],
    ['mn', 0, 0, 0, 0, 1],
  ]);
  t.is(whole!.left, 0);
  // By the key, as it is or in base64, where there is no opaque.
  const base64 = Buffer.from(keyOf(3), 'latin1').toString('base64');
  for (const key of [keyOf(3), `${base64} b`]) {
    const { whole: byKey } = readAll(asked, `HD s77 k${key}\r\nMN\r\n`);
    t.deepEqual(byKey!.outcome, { ...none, same: 1, hit_to_miss: 2, miss_to_hit: 1 });
  }
  // A quiet set that fails is heard of.
  const failed = readAll(asked.slice(2), 'NS\r\nMN\r\n');
  t.deepEqual(failed.whole!.outcome, { ...none, same: 1, unknown: 1 });
});

/** An answer header as doc/protocol-binary.txt draws it. */
function header(status: number, opaque: number, body = '', extras = 0, cas = 0n): string {
  const head = Buffer.alloc(24);
  head[0] = 0x81;
  head[4] = extras;
  head.writeUInt16BE(status, 6);
  head.writeUInt32BE(body.length, 8);
  head.writeUInt32BE(opaque, 12);
  head.writeBigUInt64BE(cas, 16);
  return head.toString('latin1') + body;
}

test('binary answers are found by their opaque', (t) => {
  const asked: Asked[] = [
    { op: 'get', waits: 'binary', quiet: true, opaque: 1, recorded: ['hit'] },
    { op: 'get', waits: 'binary', quiet: true, opaque: 2, recorded: ['miss'] },
    { op: 'noop', waits: 'binaryNoop', opaque: 3, recorded: [] },
    { op: 'set', waits: 'binary', opaque: 4, recorded: ['stored'] },
    { op: 'add', waits: 'binary', opaque: 5, recorded: ['not_stored'] },
    { op: 'replace', waits: 'binary', opaque: 6, recorded: ['not_stored'] },
    { op: 'set', waits: 'binary', quiet: true, opaque: 7, recorded: ['silent'] },
    { op: 'incr', waits: 'binary', opaque: 8, recorded: ['value'] },
    { op: 'set', waits: 'binary', opaque: 9, recorded: ['stored'] },
  ];
  const answer = [
    header(0, 2, '\0\0\0\0value', 4),
    header(0, 3),
    header(0, 4, '', 0, 77n),
    header(2, 5, 'Data exists for key.'),
    header(1, 6, 'Not found'),
    header(6, 8, 'Non-numeric server-side value for incr or decr'),
    header(0x82, 9, 'Out of memory'),
  ].join('');
  const { whole, isSame } = readAll(asked, answer, true);
  t.true(isSame);
  t.deepEqual(whole!.outcome, { ...none, same: 4, hit_to_miss: 1, miss_to_hit: 1, other: 2 });
  t.deepEqual(whole!.failures, { client_error: 1, out_of_memory: 1 });
  t.is(whole!.left, 0);
  t.is(whole!.settler.casOf(2, 0), '77');
  for (const wrong of [header(0, 99), `\x80${header(0, 4).slice(1)}`, 'ERROR\r\n'.repeat(5)])
    t.is(readAll(asked, wrong, true).whole, null);
});

test('what is no answer is not understood, and a line without end is not kept', (t) => {
  const asked: Asked[] = [{ op: 'get', waits: 'values', recorded: ['hit'] }];
  for (const answer of [
    'HTTP/1.1 400 Bad Request\r\n',
    'STORED\r\n',
    'VALUE\r\n',
    `VALUE ${keyOf(0)} 0 x\r\n`,
    `VALUE ${keyOf(0)} 0 99999999999999\r\n`,
    `VALUE ${keyOf(0)} 0 -1\r\n`,
    '\x16\x03\x01\x02\0\n',
    'END\r\nEND\r\n',
    'x'.repeat(5000),
  ])
    t.is(readAll(asked, answer).whole, null, answer.slice(0, 40));
});
