/** The classic text protocol, row by row: sections B, C and D, and what is silent of section G. */
import { between } from '../support/random.js';
import type { Grammar, Row } from './grammar.js';
import { lines, retrieval, storage } from './rows.js';
import { key, type Random, value } from './tokens.js';

const STORED = ['STORED', 'NOT_STORED'];
const FORMAT = ['CLIENT_ERROR bad command line format'];
/** The same, and the value ran as a command, up to release 1.6.39. */
const RAN = [...FORMAT, `${FORMAT[0]}\r\nERROR`, `${FORMAT[0]}\r\nEND`];

/** A retrieval of thousands of keys, all on one line. */
const MANY: Row = {
  id: 'C11 A08',
  make(random: Random) {
    const count = random() < 0.05 ? 10_000 : between(random, 200, 800);
    let line = 'get';
    let answer = '';
    for (let i = 0; i < count; i++) {
      line += ` k${i & 63}`;
      if ((i & 1023) === 7) answer += `VALUE k${i & 63} 0 3\r\nabc\r\n`;
    }
    return { ask: `${line}\r\n`, answer: `${answer}END\r\n` };
  },
};

/** A multiget whose keys are answered in any order, and now and then one that was not asked for. */
const REORDERED: Row = {
  id: 'C13',
  make(random: Random) {
    const keys = Array.from({ length: between(random, 2, random() < 0.1 ? 90 : 8) }, () => key(random));
    const found = keys.filter(() => random() < 0.7);
    for (let i = found.length - 1; i > 0; i--) {
      const j = between(random, 0, i);
      [found[i], found[j]] = [found[j]!, found[i]!];
    }
    if (random() < 0.1) found.push(key(random));
    const values = found.map((name) => `VALUE ${name} 0 3\r\nabc\r\n`).join('');
    return { ask: `get ${keys.join(' ')}\r\n`, answer: `${values}END\r\n` };
  },
};

/** A request after quit: nobody reads it. */
const QUIT: Row = {
  id: 'G11',
  make: (random) => ({
    ask: `quit\r\nset ${key(random)} 0 0 1\r\n${value(random)}\r\nmn\r\n`,
    answer: '',
  }),
};

export const TEXT: Grammar = {
  name: 'text',
  rows: [
    storage('A02 A03 B01 B07 B08 B09 B10 B11 B12 G01', 'set', ['STORED']),
    storage('B02', 'add', STORED),
    storage('B03', 'replace', STORED),
    storage('B04', 'append', STORED),
    storage('B05', 'prepend', STORED),
    storage('B06', 'cas', ['STORED', 'EXISTS', 'NOT_FOUND']),
    storage('B13', 'set', ['SERVER_ERROR object too large for cache']),
    storage('B14', 'set', ['SERVER_ERROR out of memory storing object']),
    storage('B15', 'set', ['CLIENT_ERROR bad data chunk', 'CLIENT_ERROR bad data chunk\r\nERROR']),
    retrieval('C01 C06 C10 C12', 'get', false),
    retrieval('C02', 'gets', false),
    retrieval('C03', 'gat', true),
    retrieval('C04', 'gats', true),
    retrieval('C05', 'bget', false),
    lines(
      'C07',
      [`get <key> ${'k'.repeat(251)} <key>`, `gats 0 ${'k'.repeat(400)}`],
      ['CLIENT_ERROR bad command line format', 'CLIENT_ERROR bad command line format\r\n'],
    ),
    REORDERED,
    lines(
      'C09',
      ['get', 'gat 10', 'gets ', 'get <key>'],
      ['ERROR', 'END', 'CLIENT_ERROR bad command line format'],
    ),
    MANY,
    lines(
      'D01 D02 D03',
      [
        'delete <key>',
        'delete <key> noreply',
        'delete <key> 0',
        'delete <key> <n>',
        'delete <key> 0 noreply',
      ],
      ['DELETED', 'NOT_FOUND', 'CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]'],
    ),
    lines(
      'D04 D05 D07',
      ['incr <key> <n>', 'decr <key> <n> noreply', 'decr <key> <n>', 'incr <key>'],
      ['<n>', '12345', 'NOT_FOUND', 'CLIENT_ERROR cannot increment or decrement non-numeric value'],
    ),
    lines(
      'D06',
      ['touch <key> <time>', 'touch <key> <time> noreply', 'touch <key>'],
      ['TOUCHED', 'NOT_FOUND', 'CLIENT_ERROR invalid exptime argument'],
    ),
  ],
  breaking: [
    storage('B16 M02', 'set', RAN, { key: 'k'.repeat(251) }),
    storage('B17 M05', 'set', RAN, { flags: 'x' }),
    storage('B17 M06', 'add', RAN, { time: 'x' }),
    storage('M14', 'cas', ['ERROR\r\nERROR', 'ERROR', ...FORMAT], { flags: '' }),
    lines(
      'B18',
      ['set <key> <n> <time>', 'set <key>', 'set', 'cas <key> 0 0 <n>', 'add <key> <n> <n> -1'],
      ['ERROR', 'CLIENT_ERROR bad command line format'],
    ),
    lines(
      'B12',
      ['set <key> 0 0 +1\r\n1', 'set <key> 0 0 000000000001\r\n1', 'add <key> 0 0 +4 noreply\r\nabcd'],
      ['STORED', ...FORMAT, `${FORMAT[0]}\r\n${FORMAT[0]}`, ''],
    ),
    lines(
      'B19',
      ['set <key> 0 0 noreply', 'add <key> 0 0 x noreply', 'incr <key> noreply'],
      ['', ...FORMAT, 'ERROR'],
    ),
    lines(
      'C08',
      ['get <key> <key>', 'gat <time> <key>'],
      ['SERVER_ERROR out of memory writing get response', 'VALUE <key> 0 3\r\nabc\r\nSERVER_ERROR <word>'],
    ),
    lines('G02', ['<word> noreply', '<word> <key> noreply'], ['ERROR', '']),
    QUIT,
  ],
};
