/**
 * Random conversations through the counting program, whole and disturbed: segments lost, repeated, swapped or cut
 * anew, and connections joined in mid-stream, with values full of protocol text. What it counts must be in the
 * truth, and all of it where nothing is disturbed; so must what a sample of all keys says.
 */
import test from 'ava';
import { statusNumber } from '#src/count/key-outcomes.js';
import { KeyRequests } from '#src/count/key-requests.js';
import type { Counted } from '#src/count/report.js';
import { KEY_IS_ANSWER, KEY_RECORD } from '#src/layout/generated.js';
import { keyText } from '../reference/siphash.js';
import { ascii } from '../support/conversation.js';
import { Conversation, CountingProgram } from '../support/counting.js';
import { takeTurns, whyNotLive } from '../support/network.js';
import { between, oneOf, seeded } from '../support/random.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = reason === '' ? test : test.skip;

type Numbers = Record<string, number>;

/** What a conversation holds. */
interface Truth {
  ops: Numbers;
  answers: Numbers;
  hits: number;
  misses: number;
  /** Of each key, by its hash: how often it was named, and how its reads ended. */
  keys: Numbers;
}

interface Part {
  from: 'client' | 'server';
  text: string;
}

const add = (numbers: Numbers, name: string, n = 1) => {
  numbers[name] = (numbers[name] ?? 0) + n;
};

const TRAPS = [
  'get x\r\n',
  'set y 0 0 1\r\nz\r\n',
  'STORED\r\n',
  'END\r\n',
  'VALUE x 0 3\r\nabc\r\nEND\r\n',
  'mg a v\r\n',
  'HD\r\n',
  'delete q\r\n',
];

function value(random: () => number): string {
  const kind = random();
  if (kind < 0.3) return 'v'.repeat(between(random, 0, 60));
  if (kind < 0.4) return 'v'.repeat(between(random, 1000, 2500));
  let text = '';
  for (let n = between(random, 1, 60); n > 0; n--) text += oneOf(random, TRAPS);
  return text;
}

const SECRET = new Uint8Array(16).fill(9);
const hashes = new Map<string, string>();
function hashOf(name: string): string {
  const known = hashes.get(name) ?? keyText(SECRET, ascii(name));
  hashes.set(name, known);
  return known;
}

const key = (random: () => number) => `k${between(random, 0, 99)}${'y'.repeat(random() < 0.1 ? 200 : 0)}`;

/** One request and its answer. */
function exchange(random: () => number, truth: Truth): [request: string, answer: string] {
  const word = (name: string, line = `${name}\r\n`) => {
    add(truth.answers, name);
    return line;
  };
  const named = (name: string, ...ends: ('hit' | 'miss')[]) => {
    for (const what of ['named', ...ends]) add(truth.keys, `${hashOf(name)} ${what}`);
    return name;
  };
  const kind = random();
  if (kind < 0.45) {
    const keys = Array.from({ length: random() < 0.7 ? 1 : between(random, 2, 12) }, () => key(random));
    add(truth.ops, 'get', keys.length);
    let answer = '';
    for (const one of keys) {
      if (random() < 0.4) {
        truth.misses++;
        named(one, 'miss');
        continue;
      }
      truth.hits++;
      named(one, 'hit');
      const found = value(random);
      answer += word('VALUE', `VALUE ${one} 0 ${found.length}\r\n${found}\r\n`);
    }
    return [`get ${keys.join(' ')}\r\n`, answer + word('END')];
  }
  if (kind < 0.75) {
    const op = oneOf(random, ['set', 'add']);
    add(truth.ops, op);
    const stored = value(random);
    const silent = random() < 0.2;
    const line = `${op} ${named(key(random))} 0 0 ${stored.length}${silent ? ' noreply' : ''}\r\n${stored}\r\n`;
    return [line, silent ? '' : word(oneOf(random, ['STORED', 'NOT_STORED']))];
  }
  if (kind < 0.9) {
    add(truth.ops, 'delete');
    return [`delete ${named(key(random))}\r\n`, word(oneOf(random, ['DELETED', 'NOT_FOUND']))];
  }
  add(truth.ops, 'mg');
  if (random() < 0.5) {
    truth.misses++;
    return [`mg ${named(key(random), 'miss')} v\r\n`, word('EN')];
  }
  truth.hits++;
  const found = value(random);
  return [`mg ${named(key(random), 'hit')} v\r\n`, word('VA', `VA ${found.length}\r\n${found}\r\n`)];
}

/** Payload by turns: batches of requests, and the answers to each. */
function conversation(random: () => number, truth: Truth): Part[] {
  const parts: Part[] = [];
  for (let turn = between(random, 3, 25); turn > 0; turn--) {
    let asked = '';
    let answered = '';
    for (let n = random() < 0.7 ? 1 : between(random, 2, 6); n > 0; n--) {
      const [request, answer] = exchange(random, truth);
      asked += request;
      answered += answer;
    }
    parts.push({ from: 'client', text: asked });
    if (answered !== '') parts.push({ from: 'server', text: answered });
  }
  return parts;
}

/** Cuts at random places, or at lines, which is where a value can deceive most. */
function cut({ from, text }: Part, random: () => number): Part[] {
  const parts: Part[] = [];
  const byLines = random() < 0.5;
  for (let at = 0; at < text.length; ) {
    let end = at + between(random, 1, 1448);
    if (byLines) end = text.indexOf('\n', at + between(random, 0, 400)) + 1 || text.length;
    // The kernel runs a program on at most some 3,500 bytes.
    end = Math.min(end, at + 3000, text.length);
    parts.push({ from, text: text.slice(at, end) });
    at = end;
  }
  return parts;
}

interface Disturbance {
  lose: number;
  repeat: number;
  swap: number;
  /** Whether the beginning, the handshake included, is not seen. */
  late: boolean;
}

function play(program: CountingProgram, parts: Part[], how: Disturbance, random: () => number): void {
  const speakers = new Conversation(program, between(random, 0, 0xffffffff), between(random, 0, 0xffffffff));
  const segments: (() => void)[] = [];
  if (!how.late) speakers.open();
  for (const { from, text } of parts.flatMap((part) => cut(part, random))) {
    const { client, server } = speakers;
    const seq = from === 'client' ? client : server;
    const ack = from === 'client' ? server : client;
    segments.push(() => speakers.segment(from, seq, text, undefined, ack));
    if (from === 'client') speakers.client = (client + text.length) >>> 0;
    else speakers.server = (server + text.length) >>> 0;
  }
  let rest = segments.slice(how.late ? between(random, 0, segments.length >> 1) : 0);
  for (let i = 0; i + 1 < rest.length; i++) {
    if (random() < how.swap) [rest[i], rest[i + 1]] = [rest[i + 1]!, rest[i]!];
  }
  rest = rest.flatMap((one) => (random() < how.lose ? [] : random() < how.repeat ? [one, one] : [one]));
  for (const one of rest) one();
  speakers.close();
}

/** What the records of keys say, by the code that ships. */
function keysOf(program: CountingProgram): Numbers {
  const requests = new KeyRequests();
  const keys: Numbers = {};
  const names: string[] = [];
  program.ring.drain((words, at) => {
    if (((words[at + KEY_RECORD.what / 4]! >> 8) & KEY_IS_ANSWER) !== 0) return requests.answer(words, at);
    const [low, high] = [words[at + KEY_RECORD.hash / 4]!, words[at + KEY_RECORD.hash / 4 + 1]!];
    const name = ((BigInt(high) << 32n) | BigInt(low)).toString(16).padStart(16, '0');
    add(keys, `${name} named`);
    requests.add(words, at, 0, names.push(name) - 1);
  });
  for (let row = requests.take(1); row >= 0; row = requests.take(1)) {
    for (const what of ['hit', 'miss'] as const) {
      if (requests.status[row] === statusNumber(what)) add(keys, `${names[requests.id[row]!]} ${what}`);
    }
  }
  return keys;
}

/** What was counted, in the form of the truth. */
function truthOf({ ops, answers, hits, misses }: Counted, keys: Numbers): Truth {
  const numbers = Object.fromEntries(Object.entries(ops).map(([op, { count }]) => [op, count]));
  return { ops: numbers, answers, hits: hits ?? 0, misses: misses ?? 0, keys };
}

const empty = (): Truth => ({ ops: {}, answers: {}, hits: 0, misses: 0, keys: {} });
const ROUNDS = Number(process.env.MEMBENCH_ROUNDS ?? 150);
const SEED = Number(process.env.MEMBENCH_SEED ?? Date.now() % 1_000_000);

function rounds(title: string, how: Disturbance, whole: boolean): void {
  live(`${title}${reason && ` (${reason})`}`, async (t) => {
    const programs = [
      await CountingProgram.load(),
      await CountingProgram.load(1, { limit: 2 ** 32, secret: SECRET }),
    ];
    t.teardown(() => {
      for (const program of programs) program.close();
    });
    const random = seeded(SEED);
    t.log(`seed ${SEED}`);
    let [counted, all] = [0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      const truth = empty();
      const program = programs[round % 2]!;
      const before = program.counters;
      play(program, conversation(random, truth), how, random);
      const told = program.since(before);
      const seen = truthOf(told, keysOf(program));
      const name = `seed ${SEED}, round ${round}`;
      if (program === programs[0]) truth.keys = {};
      const skipped = Object.keys(told.skipped).filter((reason) => reason !== 'repeated');
      if (whole && skipped.length === 0) t.deepEqual(seen, truth, name);
      // A line of more than a window that is cut cannot be held; nothing else is lost.
      else if (whole)
        t.true(
          ['split_line', 'long_line'].some((one) => skipped.includes(one)),
          `${name}: ${skipped}`,
        );
      for (const [of, known] of [
        [seen.ops, truth.ops],
        [seen.answers, truth.answers],
        [seen.keys, truth.keys],
        [
          { hits: seen.hits, misses: seen.misses },
          { hits: truth.hits, misses: truth.misses },
        ],
      ] as Numbers[][]) {
        for (const [what, n] of Object.entries(of!))
          t.true(n <= (known![what] ?? 0), `${name}: ${what} ${n}`);
      }
      const sum = (numbers: Numbers) => Object.values(numbers).reduce((a, b) => a + b, 0);
      counted += sum(seen.ops);
      all += sum(truth.ops);
    }
    t.log(`${counted} of ${all} operations counted`);
    t.true(counted > 0);
  });
}

const NONE: Disturbance = { lose: 0, repeat: 0, swap: 0, late: false };
rounds('whole conversations are counted whole', NONE, true);
rounds('repeated segments are counted once', { ...NONE, repeat: 0.3 }, true);
rounds('nothing is invented where segments are lost', { ...NONE, lose: 0.05, repeat: 0.05 }, false);
rounds('nothing is invented where segments are swapped', { ...NONE, swap: 0.1 }, false);
rounds('nothing is invented in connections joined later', { ...NONE, late: true, lose: 0.03 }, false);
