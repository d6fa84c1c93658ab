import test from 'ava';
import fc from 'fast-check';
import { ERROR_CODES, type ErrorCode } from '#src/errors.js';
import { COUNTER_NAMES, type Counter } from '#src/layout/generated.js';
import { encode, encodeFrame, type Magic } from '#src/profile/envelope.js';
import { Reports } from '#src/recorder/accept.js';
import { frameHead, Refused } from '#src/recorder/frames.js';
import { ENDS, type FromRecorder, REBUILT_MAX } from '#src/recorder/messages.js';
import { encodeReport } from '#src/recorder/report.js';
import { READY_MESSAGE } from '../support/sandbox.js';

const WORKERS = 3;

type Block = Extract<FromRecorder, { kind: 'block' }>['block'];

const frame = (magic: Magic, size = 20) =>
  encodeFrame(magic, encode({ payload: new Uint8Array(size) })) as Uint8Array<ArrayBuffer>;

const block = (more: Partial<Block> = {}): Block => ({
  ...{ frame: frame('MBBK'), worker: 0, seq: 0, events: 7, minNs: 5n, maxNs: 9n, counts: {} },
  ...more,
});

const bytesOf = (message: FromRecorder): Buffer => Buffer.concat(encodeReport(message));

/** Everything a recorder that runs says by these bytes, handed over in pieces of so many bytes. */
function take(bytes: Uint8Array, pieces: readonly number[] = [bytes.length], running = true): FromRecorder[] {
  const reports = new Reports(WORKERS);
  if (running) reports.run();
  const messages: FromRecorder[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, pieces[i % pieces.length]!);
    messages.push(...reports.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return messages;
}

const count = fc.maxSafeNat();
const text = fc.string({ unit: 'grapheme-ascii', maxLength: 300 });
const lag = fc.option(fc.record({ p50: count, p99: count, max: count }));
const progress: fc.Arbitrary<FromRecorder> = fc.record({
  kind: fc.constant('progress' as const),
  progress: fc.record({
    ...{ bytesRead: count, packets: count, requests: count, hits: count, misses: count, lost: count },
    lag,
  }),
});
const worker = fc.nat(WORKERS - 1);
const rebuilt: fc.Arbitrary<FromRecorder> = fc.record({
  kind: fc.constant('rebuilt' as const),
  worker,
  why: text,
});
const sealed: fc.Arbitrary<FromRecorder> = fc
  .record({
    worker,
    events: fc.nat(),
    times: fc.tuple(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 2n ** 64n - 1n)),
    size: fc.nat(300),
    // A thousand of them stay below 2 ** 53.
    counts: fc.dictionary(fc.constantFrom(...COUNTER_NAMES), fc.nat()),
  })
  .map(({ worker, events, times: [a, b], size, counts }) => {
    const [minNs, maxNs] = a < b ? [a, b] : [b, a];
    const order = COUNTER_NAMES.filter((name) => name in counts).map((name) => [name, counts[name]!]);
    const inOrder = Object.fromEntries(order);
    return {
      kind: 'block',
      block: block({ worker, events, minNs, maxNs, frame: frame('MBBK', size), counts: inOrder }),
    };
  });
const counters = fc
  .tuple(...COUNTER_NAMES.map(() => count))
  .map((values) => Object.fromEntries(COUNTER_NAMES.map((name, i) => [name, values[i]!])));
const done: fc.Arbitrary<FromRecorder> = fc.record({
  kind: fc.constant('done' as const),
  result: fc.record({
    counters: counters as fc.Arbitrary<Record<Counter, number>>,
    ended: fc.constantFrom(...ENDS),
    span: fc.option(fc.record({ first: fc.bigInt(0n, 2n ** 64n - 1n), last: fc.bigInt(0n, 2n ** 64n - 1n) })),
    lag,
    broken: fc.option(fc.record({ name: text, why: text })),
    // What a live source filters is never seen.
    elsewhere: fc.constant([]),
  }),
});
const failed: fc.Arbitrary<FromRecorder> = fc.record({
  kind: fc.constant('failed' as const),
  code: fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[])),
  message: text,
  hint: fc.option(text, { nil: undefined }),
});
/** What an honest recorder says: its blocks numbered, and one last word. */
const conversation = fc
  .tuple(fc.array(fc.oneof(sealed, progress, rebuilt), { maxLength: 12 }), fc.oneof(done, failed))
  .map(([messages, last]): FromRecorder[] => {
    const next = new Array<number>(WORKERS).fill(0);
    const numbered = messages.map((message): FromRecorder => {
      if (message.kind !== 'block') return message;
      const seq = next[message.block.worker]!++;
      return { kind: 'block', block: { ...message.block, seq } };
    });
    return [READY_MESSAGE, ...numbered, last];
  });

/** With frames as plain lists: where their memory lies makes no difference. */
const comparable = (messages: FromRecorder[]) =>
  messages.map((message) =>
    message.kind === 'block'
      ? { ...message, block: { ...message.block, frame: [...message.block.frame] } }
      : message,
  );

test('what a recorder says arrives as it was, however it is cut', (t) => {
  fc.assert(
    fc.property(conversation, fc.array(fc.nat(700), { minLength: 1, maxLength: 9 }), (messages, pieces) => {
      const bytes = Buffer.concat(messages.map(bytesOf));
      t.deepEqual(comparable(take(bytes, pieces)), comparable(messages));
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('changed bytes make another message, or are refused by name', (t) => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
  let refused = 0;
  fc.assert(
    fc.property(conversation, changes, fc.integer({ min: 1, max: 700 }), (messages, changed, piece) => {
      const bytes = Buffer.concat(messages.map(bytesOf));
      for (const [at, byte] of changed) bytes[at % bytes.length] = byte;
      try {
        for (const message of take(bytes, [piece])) {
          if (message.kind !== 'block') continue;
          const { worker, frame } = message.block;
          t.true(worker < WORKERS && frame.length >= 16);
        }
      } catch (error) {
        refused++;
        if (!(error instanceof Refused)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
  t.true(refused > 100);
});

test('rubbish is refused, and never takes much memory', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 4000 }), (bytes) => {
      try {
        take(bytes);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

/** A frame by hand. */
const raw = (type: number, payload: Uint8Array, length = payload.length) =>
  Buffer.concat([frameHead(type, length), payload]);
const READY = bytesOf(READY_MESSAGE);
const DONE = bytesOf({
  kind: 'done',
  result: {
    counters: Object.fromEntries(COUNTER_NAMES.map((name) => [name, 0])) as Record<Counter, number>,
    ...{ ended: 'stopped', span: null, lag: null, broken: null, elsewhere: [] },
  },
});
/** A block message with bytes of its payload put differently. */
function bent(at: number, bytes: number[]): Buffer {
  const message = bytesOf({ kind: 'block', block: block() });
  message.set(bytes, 5 + at);
  return message;
}
const say = (more: Partial<Block>) => bytesOf({ kind: 'block', block: block(more) });
const TOP = COUNTER_NAMES[0];

const REFUSED: [what: string, bytes: Uint8Array, why: RegExp][] = [
  ['a type there is not', raw(6, Buffer.alloc(0)), /^a message of type 6$/],
  ['a block of 4 GiB', raw(1, Buffer.alloc(10), 0xffffffff), /^a message of type 1 with 4294967295 bytes$/],
  ['a readiness that says much', raw(0, Buffer.alloc(4000)), /^a message of type 0 with 4000 bytes$/],
  ['readiness twice', Buffer.concat([READY, READY]), /^ready, at the wrong time$/],
  ['a worker there is not', say({ worker: WORKERS }), /^unknown worker 3$/],
  ['a block twice', Buffer.concat([say({ seq: 4 }), say({ seq: 4 })]), /^block 4 of worker 0 out of order$/],
  ['a number above 2 ** 53', bent(4, [0, 0, 0, 0, 0, 0, 32, 0]), /^a count that is too large$/],
  ['a block that ends first', say({ minNs: 2n, maxNs: 1n }), /^a block that ends before it begins$/],
  ['a counter there is not', bent(32, [1, 0, 255, 255]), /^counter 65535 out of order, or unknown$/],
  [
    'counts that add up to what no number holds',
    Buffer.concat([say({ counts: { [TOP]: 2 ** 53 - 1 } }), say({ seq: 1, counts: { [TOP]: 1 } })]),
    /^counts that are too large$/,
  ],
  ['a footer', say({ frame: frame('MBFT') }), /^an invalid block$/],
  ['a block cut short', say({ frame: frame('MBBK').subarray(0, -1) }), /^an invalid block$/],
  ['no block at all', say({ frame: new Uint8Array(0) }), /^an invalid block$/],
  [
    'a block with something behind it',
    say({ frame: Uint8Array.from([...frame('MBBK'), ...frame('MBFT')]) }),
    /^an invalid block$/,
  ],
  ['a cut message', raw(2, Buffer.alloc(3)), /^a message that ends within a field$/],
  ['a message that goes on', raw(2, Buffer.alloc(7)), /^a message with bytes after its fields$/],
  ['a text longer than any', raw(2, Buffer.from([0, 0, 0, 0, 0xff, 0xff])), /^a text that is too long$/],
  ['an error there is not', raw(5, Buffer.from([99, 0, 0, 0])), /^unknown error code 99$/],
  ['neither yes nor no', raw(5, Buffer.from([0, 0, 0, 2])), /^unknown boolean 2$/],
];

for (const [what, bytes, why] of REFUSED) {
  test(`refused: ${what}`, (t) => {
    t.regex(t.throws(() => take(bytes), { instanceOf: Refused })!.message, why);
  });
}

test('refused: not a number', (t) => {
  const message = bytesOf({
    kind: 'progress',
    progress: {
      ...{ bytesRead: 0, packets: 0, requests: 0, hits: 0, misses: 0, lost: 0 },
      lag: { p50: 1, p99: 2, max: 3 },
    },
  });
  for (const value of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
    message.writeDoubleLE(value, 5 + 6 * 8 + 1);
    t.throws(() => take(message), { instanceOf: Refused, message: 'an invalid number' });
  }
});

test('blocks and the end come only from a recorder that was told to run', (t) => {
  for (const bytes of [say({}), DONE]) {
    t.throws(() => take(Buffer.concat([READY, bytes]), undefined, false), {
      instanceOf: Refused,
      message: /, at the wrong time$/,
    });
    t.is(take(Buffer.concat([READY, bytes])).length, 2);
  }
});

test('nothing is looked at behind the last word', (t) => {
  t.deepEqual(
    take(Buffer.concat([DONE, say({}), Buffer.from([255, 255])]), [3]).map(({ kind }) => kind),
    ['done'],
  );
});

test('a worker is said to be replaced only so often', (t) => {
  const one = bytesOf({ kind: 'rebuilt', worker: 0, why: 'it trapped' });
  const all = Array.from({ length: REBUILT_MAX }, () => one);
  t.is(take(Buffer.concat(all)).length, REBUILT_MAX);
  t.throws(() => take(Buffer.concat([...all, one])), { instanceOf: Refused, message: 'rebuilt, too often' });
});

test('a text cannot steer a terminal, and is cut where it is long', (t) => {
  const shown = (why: string) => {
    const [message] = take(bytesOf({ kind: 'rebuilt', worker: 0, why }));
    return (message as { why: string }).why;
  };
  t.is(shown('\u001b]0;owned\u0007\u001b[2J\nmembench: all is well'), ' ]0;owned [2J membench: all is well');
  t.is(shown('a\u202egnp.exe\u2028b\u009b31m'), 'a gnp.exe b 31m');
  t.is(shown('é'.repeat(3000)), 'é'.repeat(1000));
  // Bytes that are no UTF-8.
  const [message] = take(raw(2, Buffer.from([0, 0, 0, 0, 3, 0, 0x61, 0xff, 0x1b])));
  t.deepEqual(message, { kind: 'rebuilt', worker: 0, why: 'a\ufffd ' });
});
