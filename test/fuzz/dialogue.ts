/** What both sides of one connection say, in order: generated, or taken from the corpus, then damaged. */

import { loadConversations } from '../support/markdown.js';
import { between, oneOf } from '../support/random.js';
import { ERRORS } from './errors.js';
import { type Exchange, GRAMMARS, type Grammar } from './grammar.js';
import { OPENINGS } from './hostile.js';
import { donate, mutate } from './mutate.js';
import { oddly, type Random, setOddness, WORDS } from './tokens.js';

/** Bytes one side may say in all; what is more is cut off. */
const SAID_MAX = 96 * 1024;

/** How odd conversations are: half of them are as they should be, so that they get far. */
export const ODDNESS = [0, 0, 0.1, 1];

/** How much of what a conversation says breaks it. */
export const BREAKS = [0, 0, 0.05, 0.3];

export const CLIENT = 0;
export const SERVER = 1;

/** One side's bytes from `from` to `to`, said before the next turn. */
export interface Turn {
  side: number;
  from: number;
  to: number;
}

/** The conversations written by hand, as bytes. */
const CORPUS = loadConversations().map(({ turns }) => turns);

export class Dialogue {
  /** By side. */
  readonly said = [Buffer.alloc(SAID_MAX), Buffer.alloc(SAID_MAX)] as const;
  readonly size = [0, 0];
  readonly turns: Turn[] = [];

  /** Makes another conversation, one in three of them mutated. */
  make(random: Random): void {
    this.size.fill(0);
    this.turns.length = 0;
    setOddness(oneOf(random, ODDNESS));
    const damaged = random() < 0.33;
    if (random() < 0.08) {
      const { ask, answer } = oneOf(random, OPENINGS).make(random);
      this.#say(random, CLIENT, ask, damaged);
      this.#say(random, SERVER, answer, damaged);
    }
    const pick = random();
    if (pick < 0.12) this.#take(random, damaged);
    else if (pick < 0.125) this.#misunderstand(random);
    else this.#generate(random, damaged);
    for (const side of [CLIENT, SERVER])
      if (random() < 0.1) donate(random, this.said[side]!.subarray(0, this.size[side]));
  }

  #generate(random: Random, damaged: boolean): void {
    const grammar = oneOf(random, GRAMMARS);
    const breaks = oneOf(random, BREAKS);
    let left = random() < 0.95 ? between(random, 1, 8) : between(random, 8, 60);
    while (left > 0) {
      const depth = random() < 0.6 ? 1 : between(random, 2, Math.min(left, 12) + 1);
      left -= depth;
      let ask = '';
      let answer = '';
      for (let i = 0; i < depth; i++) {
        const exchange = exchangeOf(random, grammar, breaks);
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
    const grammar = oneOf(random, GRAMMARS);
    for (let i = between(random, 60, 200); i > 0; i--) {
      this.#say(random, CLIENT, exchangeOf(random, grammar, 0).ask, false);
      this.#say(random, SERVER, `${oneOf(random, WORDS)}\r\n`, false);
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
    if (damaged && to > from && random() < 0.5) to = mutate(random, bytes, from, to);
    if (to === from) return;
    this.size[side] = to;
    this.turns.push({ side, from, to });
  }
}

/** An exchange of a grammar, a share `breaks` of them such as break the conversation. */
export function exchangeOf(random: Random, { rows, breaking }: Grammar, breaks: number): Exchange {
  return oneOf(random, random() < breaks ? breaking : rows).make(random);
}

/** What a server says: mostly the answer; else an error, another answer, nothing, or too much. */
export function answered(random: Random, { answer }: Exchange): string {
  if (!oddly(random, 0.14)) return answer;
  const pick = 0.86 + random() * 0.14;
  if (pick < 0.91) return `${oneOf(random, ERRORS)}\r\n`;
  if (pick < 0.94) return `${oneOf(random, WORDS)}\r\n`;
  if (pick < 0.97) return '';
  if (pick < 0.98) return answer + answer;
  return answer.slice(0, Math.floor(random() * answer.length));
}
