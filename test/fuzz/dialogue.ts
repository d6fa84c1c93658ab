/** What both sides of one connection say, in order: generated, or taken from the corpus, then damaged. */

import { loadConversations } from '../support/markdown.js';
import { between, oneOf } from '../support/random.js';
import { type Exchange, GRAMMARS } from './grammar.js';
import { type Random, WORDS } from './tokens.js';

/** Bytes one side may say in all; what is more is cut off. */
const SAID_MAX = 96 * 1024;

export const CLIENT = 0;
export const SERVER = 1;

/** One side's bytes from `from` to `to`, said before the next turn. */
export interface Turn {
  side: number;
  from: number;
  to: number;
}

/** Error lines of section L, and some that are none. */
const ERRORS = [
  ...[
    'ERROR',
    'ERROR Too many open connections',
    'ERROR: x',
    'CLIENT_ERROR bad command line format',
    'CLIENT_ERROR ',
  ],
  ...['CLIENT_ERROR bad data chunk', 'CLIENT_ERROR invalid exptime argument', 'CLIENT_ERROR line too long'],
  ...[
    'CLIENT_ERROR invalid numeric delta argument',
    'CLIENT_ERROR unauthenticated',
    'CLIENT_ERROR invalid flag',
  ],
  ...[
    'CLIENT_ERROR cannot increment or decrement non-numeric value',
    'SERVER_ERROR',
    'SERVER_ERROR: x',
    'Error x',
  ],
  ...['SERVER_ERROR object too large for cache', 'SERVER_ERROR out of memory storing object'],
];

/** The conversations written by hand, as bytes. */
const CORPUS = loadConversations().map(({ turns }) => turns);

/** Bytes that mean something to the parser. */
const MEANINGFUL = [0, 10, 13, 32, 0x30, 0x39, 0x53, 0x80, 0xff];

export class Dialogue {
  /** By side. */
  readonly said = [Buffer.alloc(SAID_MAX), Buffer.alloc(SAID_MAX)] as const;
  readonly size = [0, 0];
  readonly turns: Turn[] = [];

  /** Makes another conversation, one in three of them damaged. */
  make(random: Random): void {
    this.size.fill(0);
    this.turns.length = 0;
    const damaged = random() < 0.33;
    const pick = random();
    if (pick < 0.12) this.#take(random, damaged);
    else if (pick < 0.14) this.#stray(random);
    else if (pick < 0.145) this.#misunderstand(random);
    else this.#generate(random, damaged);
  }

  #generate(random: Random, damaged: boolean): void {
    const rows = random() < 0.4 ? GRAMMARS.flatMap((grammar) => grammar.rows) : oneOf(random, GRAMMARS).rows;
    let left = random() < 0.95 ? between(random, 1, 8) : between(random, 8, 60);
    while (left > 0) {
      const depth = random() < 0.6 ? 1 : between(random, 2, Math.min(left, 12) + 1);
      left -= depth;
      let ask = '';
      let answer = '';
      for (let i = 0; i < depth; i++) {
        const exchange = oneOf(random, rows).make(random);
        ask += exchange.ask;
        answer += answered(random, exchange);
      }
      this.#say(random, CLIENT, ask, damaged);
      this.#say(random, SERVER, answer, damaged);
    }
  }

  /** One of the corpus, or the client of one with the server of another. */
  #take(random: Random, damaged: boolean): void {
    const one = oneOf(random, CORPUS);
    const other = random() < 0.8 ? one : oneOf(random, CORPUS);
    for (const { from, bytes } of one)
      if (from === 'client' || one === other)
        this.#say(random, from === 'client' ? CLIENT : SERVER, bytes, damaged);
    if (one !== other)
      for (const { from, bytes } of other) if (from === 'server') this.#say(random, SERVER, bytes, damaged);
  }

  /** Answers that fit nothing, until nobody takes the connection for memcache any more. */
  #misunderstand(random: Random): void {
    const { rows } = oneOf(random, GRAMMARS);
    for (let i = between(random, 60, 200); i > 0; i--) {
      this.#say(random, CLIENT, oneOf(random, rows).make(random).ask, false);
      this.#say(random, SERVER, `${oneOf(random, WORDS)}\r\n`, false);
    }
  }

  /** Anything but memcache: TLS, the binary protocol, PROXY headers, noise. */
  #stray(random: Random): void {
    const heads = [
      '\x16\x03\x01\x02\0',
      '\x80\0\0\x01\0\0\0\0',
      '\x81\0',
      '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c',
      'PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n',
      'GET / HTTP/1.1\r\n',
      '',
    ];
    for (let i = between(random, 1, 4); i > 0; i--) {
      let noise = i === 1 ? oneOf(random, heads) : '';
      for (let n = between(random, 0, 60); n > 0; n--) noise += String.fromCharCode(between(random, 0, 255));
      this.#say(random, random() < 0.6 ? CLIENT : SERVER, noise, false);
    }
  }

  #say(random: Random, side: number, what: string | Uint8Array, damaged: boolean): void {
    const bytes = this.said[side]!;
    const from = this.size[side]!;
    let to = from;
    if (typeof what === 'string') to += bytes.write(what, from, 'latin1');
    else {
      bytes.set(what.subarray(0, bytes.length - from), from);
      to += Math.min(what.length, bytes.length - from);
    }
    if (damaged && to > from && random() < 0.5) to = damage(random, bytes, from, to);
    if (to === from) return;
    this.size[side] = to;
    this.turns.push({ side, from, to });
  }
}

/** What the server says: mostly the answer; else an error, another answer, nothing, or too much. */
function answered(random: Random, { answer }: Exchange): string {
  const pick = random();
  if (pick < 0.86) return answer;
  if (pick < 0.91) return `${oneOf(random, ERRORS)}\r\n`;
  if (pick < 0.94) return `${oneOf(random, WORDS)}\r\n`;
  if (pick < 0.97) return '';
  if (pick < 0.98) return answer + answer;
  return answer.slice(0, Math.floor(random() * answer.length));
}

/** Damages [from, to) in place; returns where it ends then. */
function damage(random: Random, bytes: Buffer, from: number, to: number): number {
  for (let times = between(random, 1, 4); times > 0 && to > from; times--) {
    const at = between(random, from, to - 1);
    const size = Math.min(between(random, 1, random() < 0.9 ? 8 : 300), to - at);
    const room = bytes.length - to;
    switch (between(random, 0, 6)) {
      case 0:
        bytes[at] = oneOf(random, MEANINGFUL);
        break;
      case 1:
        bytes[at]! ^= 1 << between(random, 0, 7);
        break;
      case 2:
        // Out.
        bytes.copyWithin(at, at + size, to);
        to -= size;
        break;
      case 3: {
        // Twice.
        if (room < size) break;
        bytes.copyWithin(at + size, at, to);
        to += size;
        break;
      }
      case 4: {
        const word = oneOf(random, WORDS);
        if (room < word.length) break;
        bytes.copyWithin(at + word.length, at, to);
        bytes.write(word, at, 'latin1');
        to += word.length;
        break;
      }
      case 5:
        bytes.copyWithin(at, from, Math.min(from + size, to));
        break;
      default:
        bytes.fill(oneOf(random, MEANINGFUL), at, at + size);
    }
  }
  return to;
}
