/** Connections that begin oddly, and lines that end badly: sections A and M, row by row. */
import { between, oneOf } from '../support/random.js';
import type { Grammar, Row } from './grammar.js';
import { lines } from './rows.js';
import { fill, key, type Random, value, WORDS } from './tokens.js';

/** A row of templates, sent as they are. */
function plain(id: string, pairs: readonly [ask: string, answer: string][]): Row {
  return {
    id,
    make(random) {
      const [ask, answer] = oneOf(random, pairs);
      return { ask: fill(random, ask), answer: fill(random, answer) };
    },
  };
}

const FORMAT = 'CLIENT_ERROR bad command line format\r\n';
const CHUNK = 'CLIENT_ERROR bad data chunk\r\n';
const UNAUTHENTICATED = 'CLIENT_ERROR unauthenticated\r\n';

/** Lines around the 2048 bytes after which memcached gives up on one without an end. */
const LONG: Row = {
  id: 'A08 A09',
  make(random) {
    const size = oneOf(random, [2046, 2047, 2048, 2049, 4096, 70_000]);
    const head = oneOf(random, [
      'incr a 1',
      'set a 0 0 1',
      'get ',
      'gets ',
      'mg a',
      'md ',
      `${oneOf(random, WORDS)} `,
      '',
    ]);
    const filler = oneOf(random, [' ', 'k', '\0', 'k ', '\t']);
    const line = head + filler.repeat(Math.ceil((size - head.length) / filler.length));
    const ends = random() < 0.6;
    return { ask: ends ? `${line}\r\n` : line, answer: ends ? 'ERROR\r\n' : '' };
  },
};

/** Text authentication: what is sent before it, it, and what is sent after. */
const LOGIN: Row = {
  id: 'A17 A18',
  make(random) {
    const secret = oneOf(random, ['user pass', 'user', 'a\r\nb', ' ', '', 'x '.repeat(9000), value(random)]);
    const size = random() < 0.9 ? secret.length : between(random, 0, 30_000);
    let ask = '';
    let answer = '';
    if (random() < 0.4) {
      ask += fill(random, oneOf(random, ['get <key>\r\n', 'mn\r\n', '<word>\r\n', 'x\r\n']));
      answer += UNAUTHENTICATED;
    }
    ask += `set ${key(random)} 0 0 ${size}${random() < 0.1 ? ' noreply' : ''}\r\n${secret}\r\n`;
    answer += oneOf(random, [
      ...['STORED\r\n', 'STORED\r\n', UNAUTHENTICATED, 'CLIENT_ERROR authentication failure\r\n'],
      ...['CLIENT_ERROR bad authentication token format\r\n', 'CLIENT_ERROR auth token too long\r\n', ''],
    ]);
    return { ask, answer };
  },
};

const V2 = '\r\n\r\n\0\r\nQUIT\n';
/** PROXY headers, whole, cut and lying, before whatever follows. */
const PROXY: Row = {
  id: 'A20',
  make(random) {
    const size = oneOf(random, [0, 12, 36, 216, 2048, 65535]);
    const there = random() < 0.9 ? size : between(random, 0, size);
    const v2 = `${V2}${oneOf(random, ['\x21\x11', '\x20\0', '\x21\x21', '\x31\x31', '\0\0'])}`;
    const ask = oneOf(random, [
      'PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n',
      'PROXY TCP6 fd::1 fd::2 65535 11211\r\n',
      'PROXY UNKNOWN\r\n',
      `PROXY ${'x'.repeat(between(random, 0, 200))}\r\n`,
      'PROXY',
      'PROXYX\r\n',
      v2 + String.fromCharCode(size >> 8, size & 255) + 'a'.repeat(there),
      v2,
    ]);
    return { ask, answer: random() < 0.1 ? 'ERROR\r\n' : '' };
  },
};

/** A TLS hello, and records of it as long as they say or not. */
const TLS: Row = {
  id: 'A19',
  make(random) {
    const record = () => `\x17\x03\x03\0\x20${'\xaa'.repeat(between(random, 0, 40))}`;
    const versions = ['\x16\x03\x01\x02\0', '\x16\x03\x03\0\x05', '\x16\x03', '\x16', '\x16\x02\0'];
    return { ask: oneOf(random, versions) + record(), answer: random() < 0.5 ? record() : '' };
  },
};

/** Values of a length nobody has, declared. */
const HUGE: Row = {
  id: 'M03 M04 M08 M09 M10',
  make(random) {
    const sizes = [
      '1073741824',
      '2147483645',
      '2147483646',
      '2147483647',
      '4294967295',
      '-1',
      'abc',
      '2000000',
    ];
    const size = oneOf(random, sizes);
    const noreply = random() < 0.3 ? ' noreply' : '';
    const line = random() < 0.7 ? `set ${key(random)} 0 0 ${size}${noreply}` : `ms ${key(random)} ${size}`;
    const answers = [FORMAT, `${FORMAT}END\r\n`, 'SERVER_ERROR object too large for cache\r\n', ''];
    return { ask: `${line}\r\nget z\r\n`, answer: oneOf(random, answers) };
  },
};

/** Anything but memcache. */
const NOISE: Row = {
  id: '',
  make(random: Random) {
    const noise = () => {
      let text = '';
      for (let n = between(random, 0, 60); n > 0; n--) text += String.fromCharCode(between(random, 0, 255));
      return text;
    };
    return { ask: noise(), answer: random() < 0.5 ? noise() : '' };
  },
};

/** What a connection may begin with, whatever it speaks then. */
export const OPENINGS: readonly Row[] = [
  PROXY,
  TLS,
  LOGIN,
  NOISE,
  plain('A16', [
    ['', 'ERROR Too many open connections\r\n'],
    ['', 'ERROR'],
    ['', '\x81\0\0\0'],
  ]),
  plain('A14 A15', [
    ['\x80\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0a', 'ERROR\r\n'],
    ['get a\r\n', '\x81\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'],
    ['\x81\0', 'ERROR\r\n'],
  ]),
];

export const HOSTILE: Grammar = {
  name: 'hostile',
  rows: [],
  breaking: [
    ...OPENINGS,
    LONG,
    HUGE,
    lines(
      'A01 A04 A06 A07 A11',
      ['get\t<key>', '  get <key>  <key> ', 'a', 'x\r', 'get \x01\x7f\xff', ` ${' '.repeat(100)}get <key>`],
      ['END', 'ERROR', FORMAT.trimEnd()],
    ),
    plain('A12 M19 M20', [
      ['get a\0b\r\n', 'END\r\n'],
      ['set a\0b 0 0 1\r\n1\r\n', 'ERROR\r\nERROR\r\n'],
      ['set a 0 0 1\0\r\n1\r\n', 'STORED\r\n'],
      ['get a\r\r\n', 'END\r\n'],
      ['\0\0\0\0\r\n', 'ERROR\r\n'],
      ['mg a\0 v\0\r\n', 'EN\r\n'],
    ]),
    plain('G13', [
      ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', ''],
      ['POST /set HTTP/1.0\r\n\r\nset a 0 0 1\r\nx\r\n', ''],
    ]),
    plain('M01 M11 M12 M13', [
      ['set a 0 0 9\r\nx\r\nget b\r\n\r\n', `${CHUNK}ERROR\r\n`],
      ['set a 0 0 4\r\n12345\r\nmn\r\n', `${CHUNK}ERROR\r\nMN\r\n`],
      ['set a 0 0 7\r\n12345\r\nmn\r\n', `${CHUNK}ERROR\r\n`],
      ['set a 0 0 1 noreply\r\n123\r\nmn\r\n', 'ERROR\r\nMN\r\n'],
    ]),
    plain('M07', [
      ['set a 0 0\r\nget z\r\nmn\r\n', 'ERROR\r\nEND\r\nMN\r\n'],
      ['set a 0 0\r\nget z\r\nmn\r\n', `${FORMAT}END\r\nMN\r\n`],
    ]),
    plain('M15 M16 M17 M18 F01 F02 F05', [
      ['ms a x\r\nhi\r\nmn\r\n', `${FORMAT}ERROR\r\nMN\r\n`],
      [`ms ${'k'.repeat(251)} 2\r\nhi\r\nmn\r\n`, `${FORMAT}ERROR\r\nMN\r\n`],
      [`ms ${'k'.repeat(251)} 2\r\nhi\r\nmn\r\n`, `${FORMAT}MN\r\n`],
      ['ms a S2\r\nhi\r\nmn\r\n', `${FORMAT}ERROR\r\nMN\r\n`],
      ['ms a 2 q\r\nhello\r\nmn\r\n', `${CHUNK}ERROR\r\nMN\r\n`],
    ]),
    plain('F03 F04 F06', [
      ['ms a 2 !\r\nhi\r\nmn\r\n', 'CLIENT_ERROR invalid flag\r\nMN\r\n'],
      ['ms a 2 T1 T1\r\nhi\r\n', 'CLIENT_ERROR duplicate flag\r\n'],
      ['ms a 2 MZ\r\nhi\r\n', 'CLIENT_ERROR invalid mode for ms M token\r\n'],
      ['ms %%% 2 b\r\nhi\r\n', 'CLIENT_ERROR error decoding key\r\n'],
      ['ms a 2 q\r\nhi\r\n', 'SERVER_ERROR object too large for cache\r\n'],
      [`mg a O${'x'.repeat(40)}\r\n`, 'CLIENT_ERROR opaque token too long\r\n'],
    ]),
  ],
};
