/** The meta protocol, row by row, with every flag of its alphabet. */
import { between, oneOf } from '../support/random.js';
import type { Grammar, Row } from './grammar.js';
import { lines } from './rows.js';
import { key, lineEnd, number, oddly, type Random, respace, time, value, WORDS } from './tokens.js';

/** Rows E20 to E45: what follows a flag's letter. */
const FLAGS: Record<string, (random: Random) => string> = {
  ...Object.fromEntries([...'bcfhIklqstuvx'].map((letter) => [letter, () => ''])),
  ...Object.fromEntries([...'CDEFJS'].map((letter) => [letter, number])),
  ...Object.fromEntries([...'NRT'].map((letter) => [letter, time])),
  L: (random) => oneOf(random, WORDS),
  P: (random) => oneOf(random, WORDS),
  M: (random) => oneOf(random, [...'EAPRSI+D-eapsi', '', 'EA']),
  O: (random) => oneOf(random, ['1', '2', 'abc', 'x'.repeat(31), 'x'.repeat(32), '']),
};
const LETTERS = Object.keys(FLAGS);
/** What an answer tells of each, where it is not the request's own token. */
const RETURNED: Record<string, (random: Random) => string> = {
  ...Object.fromEntries(
    [...'cfslt'].map((letter) => [letter, (random: Random) => `${letter}${number(random)}`]),
  ),
  h: (random) => `h${between(random, 0, 1)}`,
};

interface Asked {
  /** As they stand in the request. */
  tokens: string[];
  letters: string;
}

function flags(random: Random, usual: string): Asked {
  const tokens: string[] = [];
  let letters = '';
  const count = oddly(random, 0.03) ? between(random, 6, 30) : between(random, 0, 5);
  for (let i = 0; i < count; i++) {
    const letter = oddly(random, 0.1) ? oneOf(random, LETTERS) : oneOf(random, [...usual]);
    // The same flag twice is refused; so is one there is none of.
    if (letters.includes(letter) && !oddly(random, 0.1)) continue;
    letters += letter;
    tokens.push(oddly(random, 0.01) ? oneOf(random, WORDS) : `${letter}${FLAGS[letter]!(random)}`);
  }
  return { tokens, letters };
}

/** Return flags in the order they were asked for, then what only an answer has. */
function returned(random: Random, { tokens }: Asked, asked: string): string {
  let text = '';
  for (const token of tokens) {
    const letter = token[0] ?? '';
    if (letter === 'O') text += ` ${oddly(random, 0.05) ? 'O9' : token}`;
    else if (letter === 'k') text += ` k${oddly(random, 0.05) ? key(random) : asked}`;
    else if (letter === 'b') text += ' b';
    else if (RETURNED[letter]) text += ` ${RETURNED[letter](random)}`;
  }
  if (random() < 0.1) text += oneOf(random, [' W', ' X', ' Z', ' W X', ' Z X', ' ?']);
  return text;
}

function keyFor(random: Random): string {
  const plain = key(random);
  return random() < 0.1 ? Buffer.from(plain, 'latin1').toString('base64') : plain;
}

/** A command without a value of its own. */
function command(
  id: string,
  name: string,
  usual: string,
  codes: readonly string[],
  silent: readonly string[],
): Row {
  return {
    id,
    make(random) {
      const asked = keyFor(random);
      const wanted = flags(random, usual);
      const line = [name, asked, ...wanted.tokens].join(' ');
      let code = oneOf(random, codes);
      if (code === 'HD' && wanted.letters.includes('v') && random() < 0.9) code = 'VA';
      const quiet = wanted.letters.includes('q') && silent.includes(code) && !oddly(random, 0.1);
      let answer = `${code}${returned(random, wanted, asked)}\r\n`;
      if (code === 'VA') {
        const data = value(random);
        const size = oddly(random, 0.02) ? number(random) : String(data.length);
        answer = `VA ${size}${returned(random, wanted, asked)}\r\n${data}\r\n`;
      }
      return { ask: `${respace(random, line)}${lineEnd(random)}`, answer: quiet ? '' : answer };
    },
  };
}

/** ms, its value mostly of the length that is declared; `old` with the syntax before 1.6.10. */
function storage(id: string, old: boolean): Row {
  return {
    id,
    make(random) {
      const asked = keyFor(random);
      const data = value(random);
      const wanted = flags(random, 'bcCFIkOqTMN');
      const size = oddly(random, 0.05) ? number(random) : String(data.length);
      const line = ['ms', asked, `${old ? 'S' : ''}${size}`, ...wanted.tokens].join(' ');
      const code = oneOf(random, ['HD', 'HD', 'NS', 'EX', 'NF', 'OK']);
      const quiet = wanted.letters.includes('q') && code === 'HD' && !oddly(random, 0.1);
      const end = oddly(random, 0.03) ? oneOf(random, ['\n', '', 'x\r\n']) : '\r\n';
      return {
        ask: `${respace(random, line)}${lineEnd(random)}${data}${end}`,
        answer: quiet ? '' : `${code}${returned(random, wanted, asked)}\r\n`,
      };
    },
  };
}

export const META: Grammar = {
  name: 'meta',
  rows: [
    {
      id: 'E01',
      make: (random) => ({ ask: `mn${oddly(random, 0.1) ? ' x' : ''}${lineEnd(random)}`, answer: 'MN\r\n' }),
    },
    command('E02 G03', 'mg', 'bcfhklOqstuTNR', ['HD', 'EN', 'EN'], ['EN']),
    command('E03 G03', 'mg', 'vvvbcfkOqstE', ['HD', 'EN', 'VA'], ['EN']),
    storage('E04 G04 E20-E48', false),
    command('E05 G05', 'md', 'bCEIkOqTx', ['HD', 'NF', 'EX', 'NS'], ['HD', 'NF']),
    command('E06 G06', 'ma', 'bCDEJkMNOqtT', ['HD', 'NF', 'NS', 'EX'], ['HD']),
    command('E07 G06', 'ma', 'vvvDJMNOq', ['HD', 'NF'], ['HD', 'VA']),
    command('E08', 'me', 'b', ['ME x exp=-1 la=1 cas=1 fetch=no cls=1 size=60', 'EN'], []),
    command(
      'F07 E11',
      'mg',
      'v',
      ['CLIENT_ERROR invalid flag', 'CLIENT_ERROR opaque token too long', 'ERROR'],
      [],
    ),
  ],
  breaking: [
    storage('E09', true),
    lines(
      'E09',
      ['ms <key> S2\r\nhi', 'ms <key> T0 S2 c\r\nhi', 'mg <key> s', 'md <key>', 'ms <key> S2 q\r\nhi'],
      [
        'OK',
        'OK c1',
        'NS',
        'EN',
        'CLIENT_ERROR bad data chunk',
        'CLIENT_ERROR bad command line format\r\nERROR',
        '',
      ],
    ),
    lines(
      'E12',
      ['ms <key> 2 !\r\nhi', 'ms <key> 2 q *\r\nmn', 'ms <key> +2\r\nhi'],
      ['CLIENT_ERROR invalid flag', 'CLIENT_ERROR bad command line format\r\nMN', 'HD'],
    ),
    command('E10', 'mx', 'v', ['ERROR'], []),
  ],
};
