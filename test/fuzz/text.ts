/** The classic text protocol, row by row. */
import { between, oneOf } from '../support/random.js';
import type { Exchange, Grammar, Row } from './grammar.js';
import { fill, key, lineEnd, number, type Random, respace, time, value } from './tokens.js';

/** A storage command: its value mostly has the length that is declared. */
function storage(id: string, name: string, answers: readonly string[]): Row {
  return {
    id,
    make(random) {
      const data = value(random);
      const pick = random();
      const declared =
        pick < 0.9
          ? String(data.length)
          : pick < 0.95
            ? String(Math.max(0, data.length + between(random, -3, 3)))
            : number(random);
      const unique = name === 'cas' ? ` ${number(random)}` : '';
      const extra = random() < 0.03 ? ' junk' : '';
      const noreply = random() < 0.12 ? ' noreply' : '';
      const line = `${name} ${key(random)} ${number(random)} ${time(random)} ${declared}${unique}${extra}${noreply}`;
      const end = random() < 0.97 ? '\r\n' : oneOf(random, ['\n', '', '\r', 'x\r\n']);
      return {
        ask: `${respace(random, line)}${lineEnd(random)}${data}${end}`,
        answer: noreply === '' ? `${oneOf(random, answers)}\r\n` : '',
      };
    },
  };
}

/** A retrieval: hits are a subsequence of the keys asked for, mostly. */
function retrieval(id: string, name: string, expiry: boolean): Row {
  return {
    id,
    make(random) {
      const pick = random();
      const count = pick < 0.6 ? 1 : pick < 0.95 ? between(random, 2, 12) : between(random, 0, 200);
      const withCas = name === 'gets' || name === 'gats';
      let line = expiry ? `${name} ${time(random)}` : name;
      let answer = '';
      const share = random();
      for (let i = 0; i < count; i++) {
        const asked = key(random);
        line += ` ${asked}`;
        if (random() > share) continue;
        const data = value(random);
        const size = random() < 0.98 ? String(data.length) : number(random);
        answer += `VALUE ${random() < 0.98 ? asked : key(random)} ${number(random)} ${size}${withCas ? ' 7' : ''}\r\n${data}\r\n`;
      }
      return { ask: `${respace(random, line)}${lineEnd(random)}`, answer: `${answer}END\r\n` };
    },
  };
}

/** Commands of one line, by templates. */
function lines(id: string, asks: readonly string[], answers: readonly string[]): Row {
  return {
    id,
    make(random: Random): Exchange {
      const line = fill(random, oneOf(random, asks));
      const silent = line.endsWith(' noreply') && random() < 0.9;
      const answer = fill(random, oneOf(random, answers));
      return {
        ask: `${respace(random, line)}${lineEnd(random)}`,
        answer: silent || answer === '' ? '' : `${answer}\r\n`,
      };
    },
  };
}

const STORED = ['STORED', 'NOT_STORED'];
const DUMP = 'key=<word> exp=<n> la=<n> cas=<n> fetch=yes cls=1 size=<n>';

export const TEXT: Grammar = {
  name: 'text',
  rows: [
    storage('B01', 'set', ['STORED']),
    storage('B02', 'add', STORED),
    storage('B03', 'replace', STORED),
    storage('B04', 'append', STORED),
    storage('B05', 'prepend', STORED),
    storage('B06', 'cas', ['STORED', 'EXISTS', 'NOT_FOUND']),
    storage('B13', 'set', ['SERVER_ERROR object too large for cache']),
    storage('B15', 'set', ['CLIENT_ERROR bad data chunk', 'CLIENT_ERROR bad data chunk\r\nERROR']),
    lines(
      'B18',
      ['set <key> <n> <time>', 'set <key>', 'set', 'cas <key> 0 0 <n>', 'add <key> <n> <n> -1'],
      ['ERROR', 'CLIENT_ERROR bad command line format'],
    ),
    retrieval('C01', 'get', false),
    retrieval('C02', 'gets', false),
    retrieval('C03', 'gat', true),
    retrieval('C04', 'gats', true),
    retrieval('C05', 'bget', false),
    lines(
      'C09',
      ['get', 'gat 10', 'gets ', 'get <key>'],
      ['ERROR', 'END', 'CLIENT_ERROR bad command line format'],
    ),
    lines(
      'D01',
      ['delete <key>', 'delete <key> noreply', 'delete <key> 0', 'delete <key> <n>'],
      ['DELETED', 'NOT_FOUND'],
    ),
    lines(
      'D04',
      ['incr <key> <n>', 'decr <key> <n> noreply', 'decr <key> <n>', 'incr <key>'],
      ['<n>', '12345', 'NOT_FOUND', 'CLIENT_ERROR cannot increment or decrement non-numeric value'],
    ),
    lines(
      'D06',
      ['touch <key> <time>', 'touch <key> <time> noreply', 'touch <key>'],
      ['TOUCHED', 'NOT_FOUND', 'CLIENT_ERROR invalid exptime argument'],
    ),
    lines('H01', ['version'], ['VERSION 1.6.18', 'VERSION <word>']),
    lines('H02', ['verbosity <n>', 'verbosity <n> noreply', 'verbosity'], ['OK', 'ERROR']),
    lines(
      'H03',
      ['flush_all', 'flush_all <time>', 'flush_all <n> noreply'],
      ['OK', 'CLIENT_ERROR flush_all not allowed'],
    ),
    lines(
      'H04',
      ['quit', 'quit <word>', 'shutdown', 'shutdown graceful'],
      ['', '', 'ERROR: shutdown not enabled'],
    ),
    lines(
      'H06',
      ['cache_memlimit <n>', 'cache_memlimit <n> noreply'],
      ['OK', 'MEMLIMIT_TOO_SMALL <word>', 'ERROR'],
    ),
    lines(
      'H07',
      ['slabs reassign <n> <n>', 'slabs automove <n>', 'slabs <word>'],
      ['OK', 'BUSY currently processing', 'BADCLASS invalid', 'SAME <word>', 'ERROR'],
    ),
    lines(
      'H10',
      ['lru tune 1 2 3 4', 'lru mode flat', 'lru <word>', 'extstore free_memchunks <n>'],
      ['OK', 'ERROR <word>'],
    ),
    lines(
      'H13',
      ['lru_crawler enable', 'lru_crawler crawl all', 'lru_crawler <word>'],
      ['OK', 'BUSY <word>', 'NOTSTARTED no items to crawl'],
    ),
    lines(
      'H18',
      ['refresh_certs', 'misbehave', 'debugtime p', 'debugitem lock <key>'],
      ['OK', 'Error TLS not enabled', 'MISS', 'ERROR'],
    ),
    lines(
      'H22',
      ['<word> <key>', '<word>', 'GET <key>', '', 'a', '<word> <word> HTTP/1.1', '<word> noreply'],
      ['ERROR', 'CLIENT_ERROR bad command line format', ''],
    ),
    lines(
      'I01',
      ['stats', 'stats settings', 'stats items', 'stats <word>'],
      ['STAT pid 1\r\nSTAT <word> <n>\r\nEND', 'END', 'ERROR', 'STAT <word>\r\nEND'],
    ),
    lines(
      'I02',
      ['stats reset', 'stats sizes_enable', 'stats sizes_disable', 'stats detail on'],
      ['RESET', 'STAT sizes_status enabled', 'OK'],
    ),
    lines(
      'I10',
      ['stats detail dump', 'stats cachedump 1 <n>'],
      [
        'PREFIX <key> get 1 hit 1 set 1 del 0\r\nEND',
        'ITEM <key> [1 b; 0 s]\r\nITEM <key> [<n> b; <n> s]\r\nEND',
      ],
    ),
    lines(
      'J01',
      ['watch', 'watch fetchers mutations'],
      ['OK\r\nts=1.1 gid=1 type=item_get key=<key> status=found', 'ERROR', 'WATCHER_TOO_MANY <word>'],
    ),
    lines(
      'J03',
      ['lru_crawler metadump all', 'lru_crawler metadump hash'],
      [`${DUMP}\r\n${DUMP}\r\nEND`, 'END', 'BUSY <word>', 'ERROR locked try again later'],
    ),
    lines(
      'J04',
      ['lru_crawler mgdump all'],
      ['mg <key>\r\nmg <key> b\r\nEN', 'EN', 'CLIENT_ERROR lru crawler disabled'],
    ),
  ],
};
