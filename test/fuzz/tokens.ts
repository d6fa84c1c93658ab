/** Tokens of request and answer lines: valid ones, nearly valid ones, and hostile ones. */
import { between, oneOf } from '../support/random.js';

export type Random = () => number;

/** How odd what is made now is: 0 nothing but what a client and a server would say, 1 anything. */
let oddness = 1;

/** Says how odd it shall be from now on. */
export function setOddness(share: number): void {
  oddness = share;
}

/** True for a share of the cases where all is odd, and for fewer where less is. */
export function oddly(random: Random, share: number): boolean {
  return random() < share * oddness;
}

/** Text that means something to a parser of any of the protocols, to be put where it does not belong. */
export const WORDS = [
  ...[
    'get',
    'gets',
    'gat',
    'gats',
    'bget',
    'set',
    'add',
    'replace',
    'append',
    'prepend',
    'cas',
    'delete',
    'incr',
  ],
  ...[
    'decr',
    'touch',
    'mn',
    'mg',
    'ms',
    'md',
    'ma',
    'me',
    'mx',
    'stats',
    'version',
    'verbosity',
    'flush_all',
    'quit',
  ],
  ...[
    'shutdown',
    'watch',
    'slabs',
    'lru',
    'lru_crawler',
    'metadump',
    'mgdump',
    'extstore',
    'noreply',
    'sizes_enable',
  ],
  ...[
    'STORED',
    'NOT_STORED',
    'EXISTS',
    'NOT_FOUND',
    'DELETED',
    'TOUCHED',
    'OK',
    'RESET',
    'END',
    'VALUE',
    'STAT',
  ],
  ...[
    'ITEM',
    'PREFIX',
    'VERSION',
    'HD',
    'VA',
    'EN',
    'NS',
    'EX',
    'NF',
    'ME',
    'MN',
    'BUSY',
    'BADCLASS',
    'NOSPARE',
  ],
  ...[
    'NOTFULL',
    'UNSAFE',
    'SAME',
    'NOTSTARTED',
    'MEMLIMIT_TOO_SMALL',
    'WATCHER_TOO_MANY',
    'MISS',
    'ERROR',
    'Error',
  ],
  ...[
    'CLIENT_ERROR',
    'SERVER_ERROR',
    'CLIENT_ERROR unauthenticated',
    'PROXY TCP4 1.1.1.1 2.2.2.2 1 2',
    'HTTP/1.1',
  ],
  ...[
    '\r\n',
    '\n',
    '\r',
    '\0',
    ' ',
    '  ',
    '\t',
    '\r\r\n',
    '\x80',
    '\x81',
    '\x16\x03\x01',
    '\r\n\r\n\0\r\nQUIT\n',
  ],
  ...[
    '0',
    '1',
    '9',
    '250',
    '251',
    '2047',
    '2048',
    '2147483645',
    '2147483646',
    '4294967295',
    '18446744073709551615',
  ],
];

const KEYS = Array.from({ length: 12 }, (_, i) => `key:${i}`);
const ODD_KEYS = [
  ...['', 'noreply', 'a\tb', '\x01\x7f\xff', 'a\0b', 'a\r', '0', 'v', 'END', 'get', '='],
  ...[1, 7, 8, 15, 16, 17, 249, 250, 251, 336, 337, 600, 2044, 2100].map((n) => 'k'.repeat(n)),
];

/** A key, mostly of a few that come again. */
export function key(random: Random): string {
  if (!oddly(random, 0.12)) return oneOf(random, KEYS);
  return random() < 0.3
    ? `${oneOf(random, KEYS)}${'x'.repeat(between(random, 1, 255))}`
    : oneOf(random, ODD_KEYS);
}

const ODD_NUMBERS = [
  ...['+1', '0001', '-1', '-0', '1.5', '0x10', '', '+', '-', '1e3', 'abc', '1a', '+-1', '-+1', '--1'],
  ...[
    '2592000',
    '2592001',
    '2147483645',
    '2147483646',
    '2147483647',
    '4294967294',
    '4294967295',
    '4294967296',
  ],
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809'],
  ...['18446744073709551615', '18446744073709551616', '99999999999999999999', '0'.repeat(40), '9'.repeat(60)],
];

/** A number as it stands in a line. */
export function number(random: Random): string {
  return oddly(random, 0.15)
    ? oneOf(random, ODD_NUMBERS)
    : String(between(random, 0, random() < 0.5 ? 100 : 1e6));
}

/** One that may be negative, such as an exptime. */
export function time(random: Random): string {
  return oddly(random, 0.2) ? number(random) : oneOf(random, ['0', '60', '-1', '2592000', '2000000000']);
}

/** What stands for itself in a line of templates: `<key>` becomes a key. */
const TOKENS: Record<string, (random: Random) => string> = {
  key,
  n: number,
  time,
  word: (random) => oneOf(random, WORDS),
  opaque: (random) => `O${oneOf(random, ['1', '2', '3', 'abc', 'x'.repeat(31), 'x'.repeat(32), ''])}`,
};

const compiled = new Map<string, ((random: Random) => string)[]>();

function compile(template: string): ((random: Random) => string)[] {
  return template
    .split(/(<\w+>)/)
    .filter(Boolean)
    .map((part) => TOKENS[part.slice(1, -1)] ?? (() => part));
}

/** Fills a template in. */
export function fill(random: Random, template: string): string {
  let parts = compiled.get(template);
  if (parts === undefined) {
    parts = compile(template);
    compiled.set(template, parts);
  }
  let text = '';
  for (const part of parts) text += part(random);
  return text;
}

/** Bytes of a value: digits, letters, or what looks like the protocol. */
export function value(random: Random): string {
  const pick = random();
  if (pick < 0.3) return String(between(random, 0, 1e6));
  if (pick < 0.6) return 'v'.repeat(between(random, 0, 40));
  if (pick < 0.62) return 'w'.repeat(between(random, 0, 6000));
  let text = '';
  for (let i = between(random, 0, 6); i > 0; i--)
    text += `${oneOf(random, WORDS)}${random() < 0.5 ? '\r\n' : ' '}`;
  return text;
}

/** Ends of lines: nearly all are CRLF. */
export function lineEnd(random: Random): string {
  if (!oddly(random, 0.05)) return '\r\n';
  return oneOf(random, ['\n', '\r\r\n', '\0\r\n', ' \r\n', '', '\r', 'x\0y\n']);
}

/** A line as a client might also write it: more spaces, a tab, none at all. */
export function respace(random: Random, line: string): string {
  if (!oddly(random, 0.04)) return line;
  const space = oneOf(random, ['  ', '     ', '\t', '', ' '.repeat(2100)]);
  return random() < 0.7 ? line.replace(' ', space) : `${space}${line}`;
}
