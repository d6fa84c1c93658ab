/**
 * Two small memcacheds that differ as releases do: the text parser up to 1.6.39, and that of 1.6.40. They execute a
 * client's bytes one command after another, and say what they did: the truth of conversations in which a refused
 * value is skipped by one and read as commands by the other.
 *
 * By process_command_ascii and process_update_command of proto_text.c in 1.6.18, which a live memcached confirms, and
 * by process_request of proto_parser.c in later ones.
 */
import { ascii, type Turn } from './conversation.js';
import { between, oneOf, seeded } from './random.js';

export type Release = 'old' | 'late';

/** One command that names a key, as the server took it; the key is null where it was too long to be one. */
export interface Executed {
  op: string;
  key: string | null;
  status: string;
}

const FORMAT = 'CLIENT_ERROR bad command line format\r\n';
const STORAGE = new Set(['set', 'add', 'cas']);
const isNumber = (text: string | undefined) => text !== undefined && /^\d+$/.test(text);
const isSigned = (text: string | undefined) => text !== undefined && /^-?\d+$/.test(text);
const bare = (key: string) => (key.length > 250 ? null : key);

export class Server {
  readonly #release: Release;
  readonly #items = new Map<string, string>();
  #unread = '';
  readonly executed: Executed[] = [];
  /** A command whose value is not whole yet. */
  #begun: Executed | undefined;

  constructor(release: Release) {
    this.#release = release;
  }

  /** What is answered to the client's next bytes. */
  take(bytes: string): string {
    this.#unread += bytes;
    let answer = '';
    for (;;) {
      const feed = this.#unread.indexOf('\n');
      if (feed < 0) return answer;
      const next = this.#command(this.#unread.slice(0, feed).replace(/\r$/, ''), feed + 1);
      if (next === undefined) return answer;
      answer += next;
    }
  }

  /** The client says no more. */
  end(): void {
    if (this.#begun) this.executed.push(this.#begun);
  }

  #done(op: string, key: string | null, status: string, answer: string): string {
    this.executed.push({ op, key, status });
    return answer;
  }

  /** Executes the command of a line that ends before `behind`, and takes its bytes. Undefined where some are to come. */
  #command(whole: string, behind: number): string | undefined {
    const late = this.#release === 'late';
    const line = late ? whole : whole.replace(/\0.*$/s, '');
    const tokens = line.split(' ').filter((token) => token !== '');
    const [name = '', ...args] = tokens;
    const unknown = late && (line.startsWith(' ') || behind < 4);
    if (!unknown && STORAGE.has(name)) return this.#storage(name, args, behind);
    if (!unknown && name === 'ms') return this.#ms(args, behind);
    this.#unread = this.#unread.slice(behind);
    if (unknown) return 'ERROR\r\n';
    if (name === 'get' && args.length > 0) return this.#get(args);
    if (name === 'delete' && args.length > 0) {
      const key = bare(args[0]!);
      if (key === null) return this.#done('delete', null, 'error', FORMAT);
      const found = this.#items.delete(key);
      return this.#done(
        'delete',
        key,
        found ? 'deleted' : 'not_found',
        found ? 'DELETED\r\n' : 'NOT_FOUND\r\n',
      );
    }
    if (name === 'mn') return 'MN\r\n';
    return 'ERROR\r\n';
  }

  #get(keys: string[]): string {
    const found = keys.map((key) => {
      const value = this.#items.get(key);
      this.#done('get', key, value === undefined ? 'miss' : 'hit', '');
      return value === undefined ? '' : `VALUE ${key} 0 ${value.length}\r\n${value}\r\n`;
    });
    return `${found.join('')}END\r\n`;
  }

  /** Takes the data block behind a line: undefined where it is not there yet, null where it does not end as it must. */
  #data(behind: number, size: number): string | null | undefined {
    const end = behind + size + 2;
    if (this.#unread.length < end) return undefined;
    const value = this.#unread.slice(behind, end);
    this.#unread = this.#unread.slice(end);
    return value.endsWith('\r\n') ? value.slice(0, -2) : null;
  }

  #storage(op: string, args: string[], behind: number): string | undefined {
    const late = this.#release === 'late';
    const needed = op === 'cas' ? 5 : 4;
    const refuse = (answer: string) => {
      this.#unread = this.#unread.slice(behind);
      if (args.length === 0) return 'ERROR\r\n';
      return this.#done(op, bare(args[0]!), 'error', answer);
    };
    if (args.length < (late ? 4 : needed)) return refuse(late ? FORMAT : 'ERROR\r\n');
    if (!late && args.length > needed + 1) return refuse('ERROR\r\n');
    const quiet = args.at(-1) === 'noreply';
    const [key = '', flags, expiry, length = ''] = args;
    const size = late ? length : length.replace(/^\+/, '');
    if (!isNumber(size) || Number(size) > 2147483645) {
      this.#unread = this.#unread.slice(behind);
      // The length is read before noreply is looked for, since 1.6.40.
      const told = late || !quiet;
      return this.#done(op, bare(key), told ? 'error' : 'silent', told ? FORMAT : '');
    }
    const wrong =
      bare(key) === null || !isNumber(flags) || !isSigned(expiry) || (op === 'cas' && !isNumber(args[4]));
    if (wrong && !late) {
      this.#unread = this.#unread.slice(behind);
      return this.#done(op, bare(key), quiet ? 'silent' : 'error', quiet ? '' : FORMAT);
    }
    const value = this.#data(behind, Number(size));
    this.#begun = value === undefined ? { op, key: bare(key), status: 'unanswered' } : undefined;
    if (value === undefined) return undefined;
    if (wrong) return this.#done(op, bare(key), quiet ? 'silent' : 'error', quiet ? '' : FORMAT);
    if (value === null)
      return this.#done(op, key, quiet ? 'silent' : 'error', quiet ? '' : 'CLIENT_ERROR bad data chunk\r\n');
    let status = 'stored';
    if (op === 'add' && this.#items.has(key)) status = 'not_stored';
    if (op === 'cas') status = this.#items.has(key) ? 'exists' : 'not_found';
    if (status === 'stored') this.#items.set(key, value);
    return this.#done(op, key, quiet ? 'silent' : status, quiet ? '' : `${status.toUpperCase()}\r\n`);
  }

  #ms(args: string[], behind: number): string | undefined {
    const [key = '', size = '', ...flags] = args;
    const quiet = flags.includes('q');
    const refuse = (answer: string) => {
      this.#unread = this.#unread.slice(behind);
      return args.length === 0 ? answer : this.#done('ms', bare(key), 'error', answer);
    };
    if (args.length === 0) return refuse('ERROR\r\n');
    // A length as a flag is of releases before 1.6.10.
    if (!isNumber(size)) return refuse('CLIENT_ERROR bad data chunk\r\n');
    if (bare(key) === null && this.#release === 'old') return refuse(FORMAT);
    const odd = flags.some((flag) => !/^[0-9A-z]/.test(flag));
    if (odd && this.#release === 'late') return refuse(FORMAT);
    const value = this.#data(behind, Number(size));
    this.#begun = value === undefined ? { op: 'ms', key: bare(key), status: 'unanswered' } : undefined;
    if (value === undefined) return undefined;
    if (bare(key) === null) return this.#done('ms', null, 'error', FORMAT);
    if (odd) return this.#done('ms', key, 'error', 'CLIENT_ERROR invalid flag\r\n');
    if (value === null) return this.#done('ms', key, 'error', 'CLIENT_ERROR bad data chunk\r\n');
    this.#items.set(key, value);
    return this.#done('ms', key, quiet ? 'silent' : 'stored', quiet ? '' : 'HD\r\n');
  }
}

/** Values that are commands to whoever reads them as such. */
const TRAPS = [
  'get z',
  'hello',
  'get a b c',
  'set z 0 0 3\r\nabc',
  'delete a',
  'get k1\r\nget k2\r\nbogus',
  'set z 0 0 40',
  'mn',
  'STORED',
  '',
  'noreply',
  'set z 0 0 2 noreply\r\nhi',
];

/** One command of a client; now and then one that releases take for different things. */
function command(random: () => number, doubtful: number): string {
  const key = `k${between(random, 0, 5)}`;
  const value = random() < 0.5 ? oneOf(random, TRAPS) : 'v'.repeat(between(random, 0, 60));
  const quiet = random() < 0.15 ? ' noreply' : '';
  const size = value.length;
  if (random() < doubtful) {
    const long = 'k'.repeat(251);
    return oneOf(random, [
      `set ${long} 0 0 ${size}${quiet}\r\n${value}\r\n`,
      `set ${key} x 0 ${size}${quiet}\r\n${value}\r\n`,
      `set ${key} 0 x ${size}${quiet}\r\n${value}\r\n`,
      `set ${key} 0 0 ${size} a b${quiet}\r\n${value}\r\n`,
      `cas ${key} 0 0 ${size}\r\n${value}\r\n`,
      `cas ${key} 0 0 ${size} x${quiet}\r\n${value}\r\n`,
      `  set ${key} 0 0 ${size}${quiet}\r\n${value}\r\n`,
      `ms ${long} ${size}\r\n${value}\r\n`,
      `ms ${key} S${size}\r\n${value}\r\n`,
      `ms ${key} ${size} !\r\n${value}\r\n`,
      `ms ${key} ${size} q *\r\n${value}\r\n`,
      `set ${key} 0 0 +${size}${quiet}\r\n${value}\r\n`,
      `set ${key} 0 0 noreply\r\n`,
      `add ${key} 0 0 x${quiet}\r\n`,
      `get ${key}\0b\r\n`,
      `set ${key}\0b 0 0 ${size}\r\n${value}\r\n`,
    ]);
  }
  const pick = random();
  if (pick < 0.45) return `get ${key}\r\n`;
  if (pick < 0.55) return `get ${key} k9 k${between(random, 0, 5)}\r\n`;
  if (pick < 0.7) return `set ${key} 0 0 ${size}${quiet}\r\n${value}\r\n`;
  if (pick < 0.76) return `add ${key} 0 0 ${size}\r\n${value}\r\n`;
  if (pick < 0.82) return `cas ${key} 0 0 ${size} 7\r\n${value}\r\n`;
  if (pick < 0.9) return `ms ${key} ${size}\r\n${value}\r\n`;
  if (pick < 0.95) return `delete ${key}\r\n`;
  return 'mn\r\n';
}

/** A conversation with a server of a release, and what that one executed. */
export function conversationWith(
  release: Release,
  seed: number,
  requests: number,
  doubtful: number,
): { turns: Turn[]; executed: Executed[] } {
  const random = seeded(seed);
  const server = new Server(release);
  const turns: Turn[] = [];
  for (let done = 0; done < requests; ) {
    const depth = random() < 0.3 ? between(random, 2, 6) : 1;
    const asked = Array.from({ length: depth }, () => command(random, doubtful)).join('');
    done += depth;
    turns.push({ from: 'client', bytes: ascii(asked) });
    const answer = server.take(asked);
    if (answer) turns.push({ from: 'server', bytes: ascii(answer) });
  }
  server.end();
  return { turns, executed: server.executed };
}
