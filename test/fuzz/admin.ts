/** Commands that administer, the stats family, and what leaves request and answer: sections H to L, row by row. */
import { between, oneOf } from '../support/random.js';
import { ERROR_ROWS } from './errors.js';
import type { Grammar, Row } from './grammar.js';
import { lines } from './rows.js';
import { fill, lineEnd, type Random } from './tokens.js';

/** A command that is answered by many lines, and then perhaps by no more. */
function many(id: string, asks: readonly string[], line: readonly string[], ends: readonly string[]): Row {
  return {
    id,
    make(random) {
      let answer = '';
      const most = random() < 0.95 ? 8 : 200;
      for (let i = between(random, 0, most); i > 0; i--) answer += fill(random, oneOf(random, line));
      return {
        ask: `${fill(random, oneOf(random, asks))}${lineEnd(random)}`,
        answer: answer + fill(random, oneOf(random, ends)),
      };
    },
  };
}

const DUMPED = 'key=<word>%20x exp=<n> la=<n> cas=<n> fetch=yes cls=1 size=<n>\n';
const WATCHED = [
  'ts=1.1 gid=1 type=item_get key=<word>%0a status=found clsid=1 cfd=30 size=<n>\n',
  'ts=1.2 gid=<n> type=item_store key=<word> status=stored cmd=set ttl=0 clsid=1 cfd=30 size=3\n',
  'ts=1.3 gid=2 type=eviction key=<word> fetch=no ttl=-1 la=1 clsid=1 size=<n>\n',
  'skipped=<n>\n',
  '<word>\n',
];
const REFUSED_DUMPS = [
  ...['BUSY currently processing crawler request\r\n', 'BADCLASS invalid class id\r\n'],
  ...[
    'NOTSTARTED no items to crawl\r\n',
    'ERROR locked try again later\r\n',
    'ERROR metadump not allowed\r\n',
  ],
  ...['ERROR cannot pipeline other commands before metadump\r\n', 'CLIENT_ERROR lru crawler disabled\r\n'],
];

/** Success and status words of section K, in its order, as they begin a line. */
const STATUS_WORDS = (
  'STORED NOT_STORED EXISTS NOT_FOUND DELETED TOUCHED OK RESET END VALUE STAT ITEM PREFIX VERSION HD VA EN NS EX NF ' +
  'ME MN BUSY BADCLASS NOSPARE NOTFULL UNSAFE SAME NOTSTARTED MEMLIMIT_TOO_SMALL MEMLIMIT_ADJUST_FAILED ' +
  'WATCHER_TOO_MANY WATCHER_FAILED MISS'
).split(' ');

/** What any command may be answered with, though most never are. */
const ASKED = [
  ...[
    'get <key>',
    'set <key> 0 0 1\r\nx',
    'delete <key>',
    'incr <key> 1',
    'touch <key> 0',
    'mn',
    'mg <key> v',
  ],
  ...[
    'ms <key> 1\r\nx',
    'md <key>',
    'ma <key>',
    'me <key>',
    'version',
    'stats',
    'flush_all',
    '<word>',
    'gat 0 <key>',
  ],
];

function answeredBy(id: string, answers: readonly string[]): Row {
  return {
    id,
    make: (random: Random) => ({
      ask: `${fill(random, oneOf(random, ASKED))}\r\n`,
      answer: `${fill(random, oneOf(random, answers))}\r\n`,
    }),
  };
}

const words = STATUS_WORDS.map((word, i) =>
  answeredBy(`K${String(i + 1).padStart(2, '0')}`, [
    word,
    `${word} <n>`,
    `${word} <key> <n> <n>`,
    `${word}x`,
  ]),
);

export const ADMIN: Grammar = {
  name: 'admin',
  rows: [
    lines('H01', ['version'], ['VERSION 1.6.18', 'VERSION <word>']),
    lines('H02', ['verbosity <n>', 'verbosity <n> noreply', 'verbosity'], ['OK', 'ERROR']),
    lines(
      'H03',
      ['flush_all', 'flush_all <time>', 'flush_all <n> noreply'],
      ['OK', 'CLIENT_ERROR flush_all not allowed', 'CLIENT_ERROR invalid exptime argument'],
    ),
    lines(
      'H06',
      ['cache_memlimit <n>', 'cache_memlimit <n> noreply'],
      ['OK', 'MEMLIMIT_TOO_SMALL <word>', 'MEMLIMIT_ADJUST_FAILED <word>', 'ERROR'],
    ),
    lines(
      'H07 H08 H09',
      ['slabs reassign <n> <n>', 'slabs automove <n>', 'slabs automove ratio 0.5', 'slabs <word>'],
      [
        'OK',
        'BUSY currently processing',
        'BADCLASS invalid',
        'SAME <word>',
        'NOTFULL',
        'UNSAFE <word>',
        'ERROR',
      ],
    ),
    lines(
      'H10 H11 H12 H17',
      ['lru tune 1 2 3 4', 'lru mode flat', 'lru temp_ttl <n>', 'lru <word>', 'extstore free_memchunks <n>'],
      ['OK', 'ERROR <word>', 'ERROR'],
    ),
    lines(
      'H13 H14 H15 H16',
      [
        ...['lru_crawler enable', 'lru_crawler disable', 'lru_crawler sleep <n>', 'lru_crawler tocrawl <n>'],
        ...['lru_crawler crawl all', 'lru_crawler crawl 1,2', 'lru_crawler <word>'],
      ],
      ['OK', 'BUSY <word>', 'NOTSTARTED no items to crawl', 'ERROR failed to start lru crawler thread'],
    ),
    lines(
      'H18 H19 H20 H21',
      ['refresh_certs', 'misbehave', 'debugtime p', 'debugtime <n>', 'debugitem lock <key>'],
      ['OK', 'Error TLS not enabled', 'MISS', 'ERROR'],
    ),
    many(
      'I01 I03 I04 I05 I06 I08 I13 I14 I17',
      [
        ...[
          'stats',
          'stats settings',
          'stats items',
          'stats slabs',
          'stats sizes',
          'stats conns',
          'stats extstore',
        ],
        ...['stats proxy', 'stats <word>'],
      ],
      ['STAT pid 1\r\n', 'STAT <word> <n>\r\n', 'STAT items:1:age <n>\r\n', 'STAT <word>\r\n', 'STAT\r\n'],
      ['END\r\n', 'END\r\n', 'ERROR\r\n', ''],
    ),
    lines(
      'I02 I07 I09 I16',
      [
        'stats reset',
        'stats r',
        'stats sizes_enable',
        'stats sizes_disable',
        'stats detail on',
        'stats detail off',
      ],
      ['RESET', 'STAT sizes_status enabled', 'STAT sizes_status disabled\r\nEND', 'OK'],
    ),
    many(
      'I10 I12',
      ['stats detail dump', 'stats cachedump 1 <n>', 'stats cachedump <n> 0'],
      [
        'PREFIX <key> get 1 hit 1 set 1 del 0\r\n',
        'ITEM <key> [1 b; 0 s]\r\n',
        'ITEM <key> [<n> b; <n> s]\r\n',
      ],
      ['END\r\n'],
    ),
    lines(
      'I11 I15',
      ['stats detail', 'stats detail <word>', 'stats <word> <word>', 'stats noreply'],
      ['CLIENT_ERROR usage: stats detail on|off|dump', 'CLIENT_ERROR stats detail not allowed', 'ERROR'],
    ),
    lines(
      'J02',
      ['watch', 'watch <word>'],
      [
        ...[
          'ERROR',
          'CLIENT_ERROR watch commands not allowed',
          'ERROR cannot pipeline other commands before watch',
        ],
        ...['WATCHER_TOO_MANY <word>', 'WATCHER_FAILED <word>'],
      ],
    ),
    many(
      'J03 J06 G14',
      ['lru_crawler metadump all', 'lru_crawler metadump hash', 'lru_crawler metadump <n>'],
      [DUMPED, `OK\r\n${DUMPED}`],
      ['END\r\n', 'END\r\n', 'END\r\nEND\r\n', '', 'ERROR <word>\r\n'],
    ),
    many(
      'J04 J06 G14',
      ['lru_crawler mgdump all', 'lru_crawler mgdump hash', 'lru_crawler mgdump <word>'],
      ['mg <key>\r\n', 'mg Zm9v b\r\n', 'mg <word>\r\n', 'OK\r\n'],
      ['EN\r\n', 'EN\r\n', 'END\r\n', ''],
    ),
    many('J05', ['lru_crawler metadump all', 'lru_crawler mgdump all'], [''], REFUSED_DUMPS),
    ...Object.entries(ERROR_ROWS).map(([id, errors]) => answeredBy(id, errors)),
  ],
  breaking: [
    lines(
      'H04 H05 G12',
      ['quit', 'quit <word>', 'shutdown', 'shutdown graceful', 'shutdown <word>'],
      ['', '', 'ERROR: shutdown not enabled', 'SERVER_ERROR: shutdown not enabled'],
    ),
    lines(
      'H23 H24 H25',
      [
        'config get cluster',
        'lease-get <key>',
        'metaget <key>',
        'metaget <key> <key>',
        'lease-set <key> 77 0 0 3\r\nabc',
        'lease-set <key> 77 0 0 3 noreply\r\nabc',
        '<word> <key>',
      ],
      [
        'CONFIG cluster 0 5\r\n1\n\r\n\n\r\nEND',
        'LVALUE <key> 77 0 3\r\nabc\r\nEND',
        'META <key> age: <n>; exptime: <n>; from: unknown\r\nEND',
        'END',
        'VALUE <key> 0 3\r\nabc\r\nEND',
        'STORED',
        'STALE_STORED',
        'STAT <word> <n>\r\nEND',
        '',
      ],
    ),
    lines(
      'H22 A05 A10',
      ['<word> <key>', '<word>', 'GET <key>', '', 'a', '<word> <word> HTTP/1.1', '<word> noreply'],
      ['ERROR', 'CLIENT_ERROR bad command line format', ''],
    ),
    many(
      'J01 G14',
      ['watch', 'watch fetchers mutations', 'watch evictions', 'watch rawcmds <word>'],
      ['OK\r\n', ...WATCHED],
      ['', '', 'skipped=<n>\n', 'ts=1'],
    ),
    ...words,
    answeredBy('K35', ['<n>', '12345', '18446744073709551615', '9'.repeat(25)]),
    answeredBy('K36', ['<word> <word>', 'ts=1', '=', 'x'.repeat(100)]),
  ],
};
