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
  /** Of its error releases differ on whether it is sent at all. */
  onlyFormat: boolean;
  /** Of memcached's commands it is none. */
  foreign: boolean;
  /** The first request of its connection. */
  first: boolean;
  /** Why its answer has to tell whether a value follows; `taken` is what it told. */
  doubt: Doubt | undefined;
  taken: boolean | undefined;
  /** Bytes of that value, and where it would begin. */
  size: number;
  behind: number;
}

export type Doubt = 'size' | 'indent' | 'tokens' | 'cas' | 'flag' | 'meta size' | 'size flag';

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
/** A length is one to every release, to some, or to none (undefined). */
function sizeOf(text: string | undefined): { size: number; plain: boolean } | undefined {
  if (text === undefined || !/^(\+?\d+|-0+)$/.test(text)) return undefined;
  const size = BigInt(text.replace(/[+-]/, ''));
  return size > 2147483645n ? undefined : { size: Number(size), plain: /^\d{1,11}$/.test(text) };
}
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
function wrongFlag(op: string, letter: string, token: string): boolean {
  if (!'bNTRlOPLkstcfvhuqxFCEMJDIS'.includes(letter)) return true;
  if (letter === 'M' && (op === 'ms' || op === 'ma') && token.length !== 1) return true;
  if (token === '') return false;
  if ('TNR'.includes(letter)) return signed(token) === undefined;
  if (letter === 'O') return token.length > 31;
  if (letter === 'M' && op === 'ms') return !/^[EAPRS]/.test(token);
  if (letter === 'M' && op === 'ma') return !/^[IiDd+-]/.test(token);
  return 'DJE'.includes(letter) && number(token) === undefined;
}

/** Whether a value may be a user name and a password (doc/protocol.txt, "Authentication"). */
export const likeLogin = (value: string) =>
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
export function* requests(
  text: string,
  at: number,
  credentials: () => boolean,
  sizeFlags: () => boolean,
): Generator<Request> {
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
      onlyFormat: false,
      foreign: false,
      first,
      doubt: undefined,
      taken: undefined,
      size: 0,
      behind: feed + 1,
    };
    /** A data block of n bytes follows. Where the stream ends before it does, the request is the last, and unanswered. */
    const data = (n: number) => {
      r.size = n;
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
      r.doubt = undefined;
    };
    /** Its answer tells whether n bytes of data follow; where none comes, nothing does. */
    const doubtful = (doubt: Doubt, n: number) => {
      r.size = n;
      if (r.quiet || r.noreply) untold();
      else r.doubt = doubt;
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
          const told = sizeOf(args[3]);
          const tooMany = args.length > needed + 1;
          const noUnique = op === 'cas' && args.length === 4;
          if (told === undefined) {
            // Too few tokens, or too many, are refused before noreply is looked at.
            r.onlyFormat = r.quiet = r.noreply && !tooMany && !noUnique;
            r.noreply = false;
          } else {
            r.event.value_size = told.size;
            if (number(args[1]) !== undefined) r.event.flags = number(args[1]);
            if (signed(args[2]) !== undefined) r.event.ttl = signed(args[2]);
            wrong =
              args[0]!.length > 250 ||
              number(args[1]) === undefined ||
              signed(args[2]) === undefined ||
              (op === 'cas' && !noUnique && number(args[4]) === undefined);
            const doubts = Number(!told.plain) + Number(tooMany) + Number(noUnique);
            r.size = told.size;
            if (wrong || doubts > 1) r.last = true;
            else if (noUnique) doubtful('cas', told.size);
            else if (tooMany) doubtful('tokens', told.size);
            else if (!told.plain) doubtful('size', told.size);
            else data(told.size);
            if (noUnique) wrong = true;
            // Some look for noreply first.
            if ((tooMany || !told.plain) && r.noreply) untold();
          }
        }
        r.event.cas = op === 'cas';
        const login = sizeOf(args[3]);
        if (op === 'set' && login && credentials()) {
          if (r.last || r.doubt) data(login.size);
          const last = at > text.length;
          const doubt = undefined;
          Object.assign(r, {
            op: 'auth',
            keys: [null],
            event: {},
            noreply: false,
            hidden: false,
            doubt,
            last,
          });
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
        // Up to 1.6.39 a key like others; since then no answer comes.
        if (op === 'delete' && lastToken && tokens.length === 2) untold();
        if (tokens.length >= needed) {
          if (lastToken && (tokens.length > needed || op !== 'delete')) r.noreply = r.event.quiet = true;
          if (op === 'touch' && signed(tokens[2]) !== undefined) r.event.ttl = signed(tokens[2]);
          if ((op === 'incr' || op === 'decr') && number(tokens[2]) !== undefined)
            r.event.delta = number(tokens[2]);
          if (op === 'touch') r.refused = signed(tokens[2]) === undefined;
          else if (op !== 'delete') r.refused = number(tokens[2]) === undefined;
          // Up to 1.6.39; later releases ignore the number.
          else r.refused = tokens.length > 2 && tokens[2] !== '0' && !r.noreply;
        }
      }
    } else if (r.meta) {
      if (tokens.length < 2) r.hidden = true;
      else {
        r.rawKey = tokens[1]!;
        // Before release 1.6.10 the length was a flag S.
        const told = op === 'ms' ? sizeOf(tokens[2]) : undefined;
        const flagged = tokens.slice(2).find((token) => token.startsWith('S'));
        const old = op === 'ms' && !told ? sizeOf(flagged?.slice(1)) : undefined;
        const sizeFlag = old?.plain ? old : undefined;
        const letters = tokens.slice(op === 'ms' && !sizeFlag ? 3 : 2);
        for (const token of letters) {
          if (r.flags.has(token[0]!) || wrongFlag(op, token[0]!, token.slice(1))) r.refused = true;
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
        if (long ? op !== 'ms' : unreadable || decoded.length > 250) r.refused = true;
        if (op === 'ms') {
          const size = told?.size ?? sizeFlag?.size;
          const signs = letters.some((token) => !/^[0-9A-z]/.test(token));
          const plain = told?.plain === true;
          if (size === undefined) r.fails = r.refused = true;
          else {
            r.event.value_size = size;
            r.size = size;
            if (r.rawKey.length > 250 || letters.length >= 17 || (!plain && signs)) {
              r.last = true;
              // The error is sent despite q.
              if (plain && (long || letters.length > 17)) r.quiet = false;
              else if (r.quiet) untold();
            } else if (signs) {
              r.quiet = false;
              doubtful('flag', size);
            } else if (sizeFlag && !sizeFlags()) doubtful('size flag', size);
            else if (!sizeFlag && !plain) doubtful('meta size', size);
            else data(size);
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
      r.hidden = r.foreign = op !== '';
      r.hidden = true;
      r.quiet = lastToken;
      const size = /^\d+$/.test(tokens[5] ?? '') ? sizeOf(tokens[5]) : undefined;
      // A lease of mcrouter: as set, with a token before the flags.
      if (op === 'lease-set') {
        r.foreign = r.quiet = false;
        if (size) {
          r.noreply = lastToken;
          data(size.size);
        } else r.fails = true;
      }
    }
    // A length nobody can read.
    if (STORAGE.has(op) && !sizeOf(tokens[4])) r.refused = r.fails = true;
    if (r.hidden && op !== 'lease-set') r.refused = true;
    if (wrong) r.refused = true;
    // Releases since 1.6.40 know no command behind spaces, and read its value as commands.
    if (line.startsWith(' ') && !r.foreign && op !== 'lease-set' && r.op !== 'auth') {
      if (r.refused && (r.last || r.doubt === 'cas')) {
        r.hidden = true;
        r.last = r.noreply = r.quiet = false;
        r.doubt = undefined;
      } else if (r.doubt || r.last) {
        untold();
      } else if (r.end > feed) {
        at = feed + 1;
        r.end = feed;
        doubtful('indent', r.size);
        // Until its answer tells it may be no operation at all.
        r.hidden = true;
      }
    }
    // Releases before 1.6.40 end the line at a NUL, to others it is a byte of its key.
    if (line.includes('\0')) untold();
    yield r;
    if (r.last) return;
    if (r.doubt && r.taken === undefined) return;
    if (r.taken) at = r.behind + r.size + 2;
  }
}
