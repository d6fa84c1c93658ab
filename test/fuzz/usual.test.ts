/**
 * The traffic nearly all connections have: one request in a packet, its answer in another. The vector build takes
 * such packets by a short way through the parser (assembly/tcp/quick.ts), its scalar twin takes the long way, and both
 * must come to the same. Fuzzing seldom makes many such packets in a row, as each odd one ends the short way.
 *
 * MEMBENCH_SEED says where to begin.
 */
import test from 'ava';
import { between, oneOf, stream } from '../support/random.js';
import { resetConversations } from './conversations.js';
import { CLIENT, Dialogue, SERVER } from './dialogue.js';
import { freshSeed } from './hunt.js';
import { CHUNK_MAX, ROOMS, type Room } from './parser.js';
import { FILE_HEAD, Records } from './records.js';
import type { Random } from './tokens.js';
import { Wire } from './transport.js';
import { twinsOf } from './twins.js';

const SESSIONS = 30;
const CONVERSATIONS = 100;

const KEYS = ['a', 'bb', 'user:1', 'k'.repeat(250), 'k'.repeat(251), 'caf\u00e9', 'a\tb'];
const SIZES = [0, 1, 2, 5, 7, 100, 1400];
const FLAGS = ['0', '1', '4294967295', '4294967296', '00', '-1', '12345678901'];

/** One request and its answer. */
type Exchange = (random: Random) => [ask: string, answer: string];

const randomValue = (random: Random) =>
  oneOf(random, ['x', 'END\r\n', '\r\n', 'VALUE ']).repeat(oneOf(random, SIZES));

const get: Exchange = (random) => {
  const key = oneOf(random, KEYS);
  const value = randomValue(random);
  // Now and then it is not the value of what was asked, or not as long as it says, or there is more behind it.
  const of = random() < 0.03 ? oneOf(random, KEYS) : key;
  const size = random() < 0.02 ? between(random, 0, 2000) : value.length;
  const hit = `VALUE ${of} ${random() < 0.8 ? '0' : oneOf(random, FLAGS)} ${size}\r\n${value}\r\nEND\r\n`;
  return [`get ${key}${random() < 0.03 ? ' ' : ''}\r\n`, random() < 0.6 ? hit : 'END\r\n'];
};

const set: Exchange = (random) => {
  const value = randomValue(random);
  const size = random() < 0.03 ? between(random, 0, 2000) : value.length;
  const flags = random() < 0.8 ? '0' : oneOf(random, FLAGS);
  const end = random() < 0.03 ? 'xx' : '\r\n';
  const noreply = random() < 0.05;
  const ask = `set ${oneOf(random, KEYS)} ${flags} 0 ${size}${noreply ? ' noreply' : ''}\r\n${value}${end}`;
  return [ask, noreply ? '' : oneOf(random, ['STORED\r\n', 'STORED\r\n', 'NOT_STORED\r\n', 'ERROR\r\n'])];
};

const meta: Exchange = (random) => {
  const key = oneOf(random, KEYS);
  const value = randomValue(random);
  const opaque = random() < 0.3 ? ` O${between(random, 1, 3)}` : '';
  const quiet = random() < 0.1 ? ' q' : '';
  return oneOf<[string, string]>(random, [
    [`mg ${key} v f${opaque}${quiet}\r\n`, `VA ${value.length} f1${opaque}\r\n${value}\r\n`],
    [`mg ${key} s v k${opaque}\r\n`, `VA ${value.length} s${value.length} k${key}${opaque}\r\n${value}\r\n`],
    [`mg ${key} t${opaque}\r\n`, `HD t-1${opaque}\r\n`],
    [`mg ${key} v${opaque}${quiet}\r\n`, quiet ? '' : 'EN\r\n'],
    [`ms ${key} ${value.length} T0${opaque}\r\n${value}\r\n`, `HD${opaque}\r\n`],
    [`ms ${key} ${value.length} T0${quiet}\r\n${value}\r\n`, quiet ? '' : 'NS\r\n'],
    [`md ${key}${opaque}\r\n`, oneOf(random, [`HD${opaque}\r\n`, 'NF\r\n', 'EX\r\n'])],
    ['mn\r\n', 'MN\r\n'],
  ]);
};

const other: Exchange = (random) =>
  oneOf<[string, string]>(random, [
    ['delete a\r\n', 'DELETED\r\n'],
    ['incr a 5\r\n', '15\r\n'],
    ['touch a 0\r\n', 'TOUCHED\r\n'],
    ['get a bb\r\n', 'VALUE a 0 1\r\nx\r\nEND\r\n'],
    ['version\r\n', 'VERSION 1.6.40\r\n'],
    ['stats\r\n', 'STAT pid 1\r\nEND\r\n'],
    // The server wants credentials: from here on a value may be some.
    ['get a\r\n', 'CLIENT_ERROR unauthenticated\r\n'],
    ['set a 0 0 3\r\nabc\r\n', 'SERVER_ERROR out of memory storing object\r\n'],
  ]);

const exchanges: readonly Exchange[] = [get, get, get, set, meta];

function say(dialogue: Dialogue, side: number, text: string): void {
  const bytes = dialogue.said[side]!;
  const from = dialogue.size[side]!;
  const to = from + bytes.write(text, from, 'latin1');
  if (to === from) return;
  dialogue.size[side] = to;
  dialogue.turns.push({ side, from, to });
}

/** A conversation of one request after the other, now and then of several, each in a turn of its own. */
function converse(random: Random, dialogue: Dialogue): void {
  dialogue.size.fill(0);
  dialogue.turns.length = 0;
  const odd = random() < 0.3 ? 0.1 : 0.005;
  for (let left = between(random, 1, 40); left > 0; ) {
    const depth = random() < 0.85 ? 1 : between(random, 2, 6);
    left -= depth;
    const said = Array.from({ length: depth }, () =>
      (random() < odd ? other : oneOf(random, exchanges))(random),
    );
    for (const [ask] of said) say(dialogue, CLIENT, ask);
    for (const [, answer] of said) say(dialogue, SERVER, answer);
  }
}

test('usual traffic: the short way and the long way come to the same', (t) => {
  t.timeout(240_000);
  const first = process.env.MEMBENCH_SEED === undefined ? freshSeed() : Number(process.env.MEMBENCH_SEED);
  t.log(`usual traffic from seed ${first} on`);
  const records = new Records(CHUNK_MAX);
  const wire = new Wire(records);
  const dialogue = new Dialogue();
  let answered = 0;
  for (let seed = first; seed < first + SESSIONS; seed++) {
    const random = stream(seed);
    const twins = twinsOf(oneOf(random, Object.keys(ROOMS) as Room[]));
    resetConversations();
    records.reset();
    twins.begin(FILE_HEAD);
    try {
      for (let i = 0; i < CONVERSATIONS; i++) {
        records.clear();
        converse(random, dialogue);
        wire.carry(random, dialogue);
        twins.feed(records.view);
        twins.check();
      }
      twins.finish();
    } catch (error) {
      t.log(`MEMBENCH_SEED=${seed}`);
      throw error;
    }
    answered += twins.count('answered');
  }
  t.true(answered > SESSIONS * CONVERSATIONS);
});
