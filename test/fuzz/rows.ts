/** Rows of the text protocol by their form. */
import { between, oneOf } from '../support/random.js';
import type { Exchange, Row } from './grammar.js';
import { fill, key, lineEnd, number, oddly, type Random, respace, time, value } from './tokens.js';

/** What the key, the flags and the exptime of a storage command are, where they are not what they should be. */
export interface Bad {
  key?: string;
  flags?: string;
  time?: string;
}

/** A storage command: its value mostly has the length that is declared. */
export function storage(id: string, name: string, answers: readonly string[], bad: Bad = {}): Row {
  return {
    id,
    make(random) {
      const data = value(random);
      let declared = String(data.length);
      if (oddly(random, 0.05)) declared = String(Math.max(0, data.length + between(random, -3, 3)));
      if (oddly(random, 0.05)) declared = number(random);
      const unique = name === 'cas' ? ` ${number(random)}` : '';
      const extra = oddly(random, 0.03) ? ' junk' : '';
      const noreply = random() < 0.12 ? ' noreply' : '';
      const line = `${name} ${bad.key ?? key(random)} ${bad.flags ?? number(random)} ${bad.time ?? time(random)} ${declared}${unique}${extra}${noreply}`;
      const end = oddly(random, 0.03) ? oneOf(random, ['\n', '', '\r', 'x\r\n']) : '\r\n';
      return {
        ask: `${respace(random, line)}${lineEnd(random)}${data}${end}`,
        answer: noreply === '' ? `${oneOf(random, answers)}\r\n` : '',
      };
    },
  };
}

/** A retrieval: hits are a subsequence of the keys asked for, mostly. */
export function retrieval(id: string, name: string, expiry: boolean): Row {
  return {
    id,
    make(random) {
      const pick = random();
      const count = pick < 0.6 ? 1 : pick < 0.96 ? between(random, 2, 12) : between(random, 0, 200);
      const withCas = name === 'gets' || name === 'gats';
      let line = expiry ? `${name} ${time(random)}` : name;
      let answer = '';
      const share = random();
      for (let i = 0; i < count; i++) {
        const asked = key(random);
        line += ` ${asked}`;
        if (random() > share) continue;
        const data = value(random);
        const size = oddly(random, 0.02) ? number(random) : String(data.length);
        answer += `VALUE ${oddly(random, 0.02) ? key(random) : asked} ${number(random)} ${size}${withCas ? ' 7' : ''}\r\n${data}\r\n`;
      }
      return { ask: `${respace(random, line)}${lineEnd(random)}`, answer: `${answer}END\r\n` };
    },
  };
}

/** Commands of one line, by templates. */
export function lines(id: string, asks: readonly string[], answers: readonly string[]): Row {
  return {
    id,
    make(random: Random): Exchange {
      let line = fill(random, oneOf(random, asks));
      if (oddly(random, 0.03)) line += ' noreply';
      const silent = line.endsWith(' noreply') && !oddly(random, 0.1);
      const answer = fill(random, oneOf(random, answers));
      return {
        ask: `${respace(random, line)}${lineEnd(random)}`,
        answer: silent || answer === '' ? '' : `${answer}\r\n`,
      };
    },
  };
}
