/** Requests of a whole client stream, by doc/protocol.txt, with strings and regular expressions. */

export interface Request {
  op: string;
  meta: boolean;
  /** First and last byte in the client stream. */
  start: number;
  end: number;
  /** Names of the keys in clear, null where too long. */
  keys: (string | null)[];
  event: Record<string, unknown>;
  noreply: boolean;
  quiet: boolean;
  /** No event: an unknown command. */
  hidden: boolean;
  /** Raw opaque and raw key of a meta request. */
  opaque: string | undefined;
  rawKey: string;
  flags: Map<string, string>;
  multiLine: 'stats' | 'dump' | 'mgdump' | 'one' | undefined;
  /** Nothing after it can be told. */
  last: boolean;
  /** As it is read, an error is all it can get. */
  fails: boolean;
  /** No release accepts it: an error is its answer. */
  refused: boolean;
  /** A retrieval with a key that is too long: its error takes the place of answers not sent before. */
  discards: boolean;
}

const STORAGE = new Set(['set', 'add', 'replace', 'append', 'prepend', 'cas']);
const RETRIEVAL = new Set(['get', 'gets', 'gat', 'gats', 'bget']);
const ADMIN = new Set(
  'version verbosity flush_all shutdown cache_memlimit slabs lru lru_crawler extstore refresh_certs misbehave debugtime debugitem stats watch mn'.split(
    ' ',
  ),
);
const META = new Set(['mg', 'ms', 'md', 'ma', 'me']);
const MODES: Record<string, Record<string, string>> = {
  ms: { E: 'add', A: 'append', P: 'prepend', R: 'replace', S: 'set' },
  ma: { I: 'incr', i: 'incr', '+': 'incr', D: 'decr', d: 'decr', '-': 'decr' },
};

const number = (text: string | undefined) =>
  text !== undefined && /^\+?\d+$/.test(text) ? exact(BigInt(text.replace('+', ''))) : undefined;
const signed = (text: string | undefined) =>
  text !== undefined && /^(-?|\+?)\d+$/.test(text) ? exact(BigInt(text.replace('+', ''))) : undefined;
export const exact = (n: bigint) =>
  n > 9007199254740991n || n < -9007199254740991n ? n.toString() : Number(n);
const sizeOk = (text: string | undefined) =>
  number(text) !== undefined && BigInt(text!.replace('+', '')) <= 2147483645n;
const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const clear = (key: string) => (key.length > 250 ? null : key);

function letters(flags: Map<string, string>): string {
  const order = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  return [...order].filter((c) => flags.has(c)).join('');
}

function metaFields(op: string, flags: Map<string, string>, event: Record<string, unknown>): void {
  const put = (field: string, value: unknown) => {
    if (value !== undefined) event[field] = value;
  };
  if (flags.size) put('meta_flags', letters(flags) || undefined);
  put('ttl', signed(flags.get('T')));
  put('vivify', signed(flags.get('N')));
  put('recache', signed(flags.get('R')));
  put('delta', number(flags.get('D')));
  put('initial', number(flags.get('J')));
  put('cas_new', number(flags.get('E')));
  if (op === 'ms') put('flags', number(flags.get('F')));
  event.cas = flags.has('C');
  event.quiet = flags.has('q');
  event.mode = MODES[op]?.[(flags.get('M') ?? '').charAt(0)] ?? null;
  if (event.mode === null && (op === 'ms' || op === 'md') && flags.has('I')) event.mode = 'invalidate';
  if (event.mode === null && op === 'mg' && flags.has('T')) event.mode = 'touch';
}

/** Whether no release takes a flag, or not with this token. */
function wrongFlag(letter: string, token: string): boolean {
  if (!'bNTRlOPLkstcfvhuqxFCEMJDIS'.includes(letter)) return true;
  if (token === '') return false;
  if ('TNR'.includes(letter)) return signed(token) === undefined;
  return 'DJE'.includes(letter) && number(token) === undefined;
}

/** Whether a value may be a user name and a password (doc/protocol.txt, "Authentication"). */
const likeLogin = (value: string) =>
  value.length <= 1024 && /^ *[^ \0\r\n]+ +[^ \0\r\n][^\0\r\n]*$/.test(value);

/** Leaves nothing of a set that may be a login but that there was one. */
export function withhold(r: Request): void {
  const { quiet } = r.event;
  r.keys = [null];
  r.event = quiet ? { quiet } : {};
}

/** Where the memcache protocol begins in a client stream: behind the PROXY headers of balancers. */
export function behindProxies(text: string): number {
  for (let at = 0; ; ) {
    const line = /^PROXY [^\n]{0,100}\n/.exec(text.slice(at, at + 107));
    if (line) at += line[0].length;
    else if (text.startsWith('\r\n\r\n\0\r\nQUIT\n', at) && text.length >= at + 16)
      at += 16 + text.charCodeAt(at + 14) * 256 + text.charCodeAt(at + 15);
    else return at;
  }
}

/**
 * Requests one by one, from `at` on; `credentials()` says whether the next set is a login. The last is one behind which
 * nothing can be told, because releases differ on what comes there.
 */
export function* requests(text: string, at: number, credentials: () => boolean): Generator<Request> {
  for (let first = true; ; first = false) {
    const start = at;
    const feed = text.indexOf('\n', at);
    if (feed < 0) return;
    const line = text.slice(at, feed).replace(/\r$/, '');
    at = feed + 1;
    const tokens = line.split(/ +/).filter((t) => t !== '');
    const op = tokens[0] ?? '';
    const r: Request = {
      op,
      meta: META.has(op),
      start,
      end: feed,
      keys: [null],
      event: {},
      noreply: false,
      quiet: false,
      hidden: false,
      opaque: undefined,
      rawKey: '',
      flags: new Map(),
      multiLine: undefined,
      last: false,
      fails: false,
      refused: false,
      discards: false,
    };
    /** A data block of n bytes follows. Where the stream ends before it does, the request is the last, and unanswered. */
    const data = (n: number) => {
      at += n + 2;
      r.end = at - 1;
      if (at <= text.length) return;
      r.end = text.length - 1;
      r.noreply = false;
      r.last = true;
    };
    /** Not even whether it is answered can be told. */
    const untold = () => {
      r.hidden = r.last = true;
      r.noreply = false;
    };
    // A storage command that every release refuses.
    let wrong = false;
    const lastToken = tokens.at(-1) === 'noreply' && tokens.length > 1;
    if (op === 'quit') {
      r.noreply = true;
      yield r;
      return;
    }
    if (RETRIEVAL.has(op)) {
      if (op === 'bget') r.op = 'get';
      const keys = tokens.slice(op.startsWith('gat') ? 2 : 1);
      if (op.startsWith('gat')) r.event.ttl = signed(tokens[1]) ?? null;
      r.keys = keys.map(clear);
      r.discards = r.keys.includes(null);
      r.refused = keys.length === 0 || (op.startsWith('gat') && signed(tokens[1]) === undefined);
      if (keys.length === 0) r.hidden = true;
    } else if (STORAGE.has(op)) {
      const args = tokens.slice(1);
      if (args.length === 0) r.hidden = true;
      else {
        r.keys = [clear(args[0]!)];
        const needed = op === 'cas' ? 5 : 4;
        if (args.length >= 4) {
          r.noreply = r.event.quiet = args.at(-1) === 'noreply';
          r.event.cas = op === 'cas';
          const bare = r.noreply ? args.slice(0, -1) : args;
          if (sizeOk(args[3])) {
            r.event.value_size = number(args[3]);
            if (number(args[1]) !== undefined) r.event.flags = number(args[1]);
            if (signed(args[2]) !== undefined) r.event.ttl = signed(args[2]);
            const doubtful =
              args[0]!.length > 250 ||
              bare.length > needed + 1 ||
              bare.length < needed ||
              number(args[1]) === undefined ||
              signed(args[2]) === undefined ||
              (op === 'cas' && number(args[4]) === undefined);
            wrong =
              doubtful &&
              (bare.length <= needed + 1 ||
                args[0]!.length > 250 ||
                number(args[1]) === undefined ||
                signed(args[2]) === undefined);
            if (doubtful) {
              r.last = true;
              // Every release refuses it: some look for noreply first.
              if (bare.length > needed + 1 && r.noreply) untold();
            } else data(Number(number(args[3])));
          }
        }
        r.event.cas = op === 'cas';
        if (op === 'set' && sizeOk(args[3]) && credentials()) {
          if (r.last) data(Number(number(args[3])));
          Object.assign(r, { op: 'auth', keys: [null], event: {}, noreply: false, last: at > text.length });
        } else if (op === 'set' && first && !wrong && !r.last && r.end > feed) {
          // The first of a connection, and nothing tells whether the server asks for a login.
          if (likeLogin(text.slice(feed + 1, at - 2))) withhold(r);
        }
      }
    } else if (op === 'delete' || op === 'incr' || op === 'decr' || op === 'touch') {
      if (tokens.length < 2) r.hidden = true;
      else {
        r.keys = [clear(tokens[1]!)];
        const needed = op === 'delete' ? 2 : 3;
        if (tokens.length >= needed) {
          if (lastToken && tokens.length > needed) r.noreply = r.event.quiet = true;
          if (op === 'touch' && signed(tokens[2]) !== undefined) r.event.ttl = signed(tokens[2]);
          if ((op === 'incr' || op === 'decr') && number(tokens[2]) !== undefined)
            r.event.delta = number(tokens[2]);
          if (op === 'touch') r.refused = signed(tokens[2]) === undefined;
          else if (op !== 'delete') r.refused = number(tokens[2]) === undefined;
        }
      }
    } else if (r.meta) {
      if (tokens.length < 2) r.hidden = true;
      else {
        r.rawKey = tokens[1]!;
        for (const token of tokens.slice(op === 'ms' ? 3 : 2)) {
          if (r.flags.has(token[0]!) || wrongFlag(token[0]!, token.slice(1))) r.refused = true;
          r.flags.set(token[0]!, token.slice(1));
        }
        metaFields(op, r.flags, r.event);
        r.opaque = r.flags.get('O');
        r.quiet = r.flags.has('q');
        const base64 = r.flags.has('b');
        const decoded = base64 ? Buffer.from(r.rawKey, 'base64').toString('latin1') : r.rawKey;
        const unreadable = base64 && !BASE64.test(r.rawKey);
        const long = r.rawKey.length > (base64 ? 336 : 250);
        r.keys = [unreadable || long ? null : decoded];
        if (op === 'ms') {
          if (sizeOk(tokens[2])) {
            r.event.value_size = number(tokens[2]);
            if (r.rawKey.length > 250 || tokens.length >= 20) {
              r.last = true;
              // The error is sent despite q.
              if (long || tokens.length > 20) r.quiet = false;
              else if (r.quiet) untold();
            } else data(Number(number(tokens[2])));
          } else if (/^S\d+$/.test(tokens[2] ?? '')) {
            r.event.value_size = number(tokens[2]!.slice(1));
            r.last = true;
            if (r.quiet) untold();
          }
        }
      }
    } else if (ADMIN.has(op)) {
      if (lastToken && ['verbosity', 'flush_all', 'cache_memlimit'].includes(op))
        r.noreply = r.event.quiet = true;
      if (op === 'stats') r.multiLine = /^sizes_(en|dis)able$/.test(tokens[1] ?? '') ? 'one' : 'stats';
      if (op === 'lru_crawler' && tokens[1] === 'metadump') r.multiLine = 'dump';
      if (op === 'lru_crawler' && tokens[1] === 'mgdump') r.multiLine = 'mgdump';
    } else {
      r.hidden = true;
      r.quiet = lastToken;
    }
    // An unknown command, or a length nobody can read.
    const size = op === 'ms' ? tokens[2]?.replace(/^S/, '') : tokens[4];
    if ((STORAGE.has(op) || op === 'ms') && !sizeOk(size)) r.refused = r.fails = true;
    if (r.hidden) r.refused = true;
    if (wrong) r.refused = true;
    // Releases since 1.6.40 know no command behind spaces, and read its value as commands.
    if (line.startsWith(' ') && r.end > feed) {
      at = feed + 1;
      r.end = feed;
      untold();
    } else if (line.startsWith(' ') && r.last) {
      r.hidden = true;
      r.last = r.noreply = r.quiet = false;
    }
    // Releases before 1.6.40 end the line at a NUL, to others it is a byte of its key.
    if (line.includes('\0')) untold();
    yield r;
    if (r.last) return;
  }
}
