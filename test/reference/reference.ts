/**
 * The reference parser: whole streams, plain strings, no state machine. Slow, and written from the
 * protocol document without a look at the parser it checks.
 */
import type { CacheEvent } from 'membench/decoder';
import type { Packet } from '../support/packets.js';
import {
  answersDespiteQuiet,
  FORMAT,
  isCreation,
  isError,
  META_ERROR,
  mayAnswer,
  metaStatus,
  REFUSALS,
  STATUSES,
  valueTaken,
} from './answers.js';
import { type BinaryOutcome, binaryOutcomes } from './binary.js';
import { exchanges } from './datagrams.js';
import { behindProxies, exact, likeLogin, type Request, requests, withhold } from './requests.js';
import { keyText } from './siphash.js';
import { type Connection, connections, type Stream } from './streams.js';

type Draft = { order: [bigint, number, number, number]; conn: number; event: CacheEvent };

/** Answers of one line that nothing can follow. */
const ONE_LINE =
  /^(STORED|NOT_STORED|EXISTS|NOT_FOUND|DELETED|TOUCHED|RESET|END|\d+)$|^(OK|HD|EN|NS|EX|NF|ME|MN|VERSION|BUSY|BADCLASS|NOSPARE|NOTFULL|UNSAFE|SAME|NOTSTARTED|MISS|STALE_STORED)\b/;
const ADMIN_ANSWER =
  /^(version|verbosity|flush_all|shutdown|cache_memlimit|slabs|lru|lru_crawler|extstore|refresh_certs|misbehave|debugtime|debugitem|mn)$/;

const bytesOf = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

const STORES = /^(set|add|replace|append|prepend|cas|ms)$/;
const KEYED = /^(gets?|gats?|delete|incr|decr|touch|m[gsdae])$/;

/** Whether a command cannot have this error. */
function cannotFail({ op, meta, hidden, last }: Request, line: string): boolean {
  if (hidden || last || !(STORES.test(op) || KEYED.test(op))) return false;
  if (META_ERROR.test(line)) return !meta;
  if (/^(CLIENT|SERVER)_ERROR (bad data|object t)/.test(line)) return !STORES.test(op);
  return /^(CLIENT|SERVER)_ERROR (cannot i|invalid nu)/.test(line) && !/^(incr|decr|ma)$/.test(op);
}

/** Whether an answer may be that of this loud request, rather than of a quiet one before it. */
function mayBeInstead(request: Request, line: string): boolean {
  return /^m[ga]$/.test(request.op) ? showsAsked(request, line) : mayAnswer(request, line);
}

/** Whether a meta answer has exactly the flags that were asked for. */
function showsAsked({ op, flags }: Request, line: string): boolean {
  const told = line.split(' ').slice(line.startsWith('VA') ? 2 : 1);
  const shown = (letters: Iterable<string>) =>
    [...new Set(letters)]
      .filter((c) => (op === 'ma' ? 'cktO' : 'cfhklstO').includes(c))
      .sort()
      .join('');
  return shown(told.map((flag) => flag[0]!)) === shown(flags.keys());
}

class Dialogue {
  readonly drafts: Draft[] = [];
  readonly #client: Stream;
  readonly #server: Stream;
  readonly #conn: number;
  readonly #key: Uint8Array;
  readonly #source: Generator<Request>;
  readonly #pending: Request[] = [];
  /** What the server is known to want: nothing, credentials, or to look at those under way. */
  #auth: 'no' | 'wanted' | 'tried' = 'no';
  /** Whether a server was seen to take the length of an ms from a flag. */
  #sizeFlags = false;
  #at = 0;
  /** Client bytes read as requests. */
  #read: number;

  constructor({ client, server }: Connection, conn: number, key: Uint8Array) {
    this.#client = client;
    this.#server = server;
    this.#conn = conn;
    this.#key = key;
    this.#read = behindProxies(client.text);
    const credentials = () => {
      if (this.#auth !== 'wanted') return false;
      this.#auth = 'tried';
      return true;
    };
    this.#source = requests(client.text, this.#read, credentials, () => this.#sizeFlags);
  }

  run(): void {
    while (this.#at < this.#server.text.length && this.#answer());
    while (this.#pull());
    for (const request of this.#pending) {
      if (this.#auth !== 'no' && request.op === 'set') withhold(request);
      this.#emit(request, () => 'unanswered');
    }
  }

  /** The same of a binary connection. */
  runBinary(start: number): void {
    for (const outcome of binaryOutcomes(this.#client, this.#server, start)) this.#emitBinary(outcome);
  }

  /** Reads one more request; those that get no answer are done at once. */
  #pull(): Request | undefined {
    const last = this.#pending.at(-1);
    if (last?.doubt && last.taken === undefined) return undefined;
    const { value } = this.#source.next();
    if (!value) return undefined;
    this.#read = value.end + 1;
    if (value.noreply) this.#emit(value, () => 'silent');
    else this.#pending.push(value);
    return value;
  }

  #line(): string | undefined {
    const feed = this.#server.text.indexOf('\n', this.#at);
    if (feed < 0) return undefined;
    const line = this.#server.text.slice(this.#at, feed).replace(/\r$/, '');
    this.#at = feed + 1;
    return line;
  }

  /** Finds whose answer starts here, and reads all of it. False at the end, and where it is of no request. */
  #answer(): boolean {
    const start = this.#at;
    const line = this.#line();
    if (line === undefined) return false;
    let place = isError(line) ? this.#erring(line, start) : 0;
    if (place < 0 || (isError(line) && this.#pending[place] && cannotFail(this.#pending[place]!, line)))
      return false;
    // A quiet ma that may have created its item, unless the answer is that of a later request.
    let created = -1;
    while (!isError(line)) {
      const request = this.#pending[place] ?? this.#pull();
      if (created >= 0 && !(request && this.#heard(request.end, start))) place = created;
      else if (request === undefined) return false;
      // One that gets no answer is done already.
      else if (this.#pending[place] !== request) continue;
      else if (request.foreign && !request.quiet && place === 0) break;
      else if (this.#fits(request, line)) {
        if (created >= 0 && !request.quiet && !mayBeInstead(request, line)) place = created;
        else if (isCreation(request, line.split(' ', 1)[0]!)) {
          if (created < 0) created = place;
          place++;
          continue;
        }
        break;
      } else if (request.quiet) {
        place++;
        continue;
      } else if (created < 0) return false;
      place = created;
      break;
    }
    if (!isError(line) && place !== created && this.#mayBeOfLoud(place, line, start)) return false;
    for (const silent of this.#pending.splice(0, place))
      this.#emit(silent, () => (silent.op === 'mg' ? 'miss' : 'silent'));
    const request = this.#pending[0]!;
    if (request.foreign && !request.quiet && !isError(line)) return this.#stepOver(line, start);
    this.#pending.shift();
    if (!isError(line) && !mayAnswer(request, line)) return false;
    if (!request.doubt) return this.#finish(request, line, start);
    this.#tell(request, line, start);
    const goesOn = this.#finish(request, line, start) && request.taken !== undefined;
    // Belief ends: what was asked since is not known to be that.
    if (!goesOn) this.#source.return(undefined);
    return goesOn;
  }

  /** Whether an answer that names no request may be of a quiet one as well as of the loud one behind it. */
  #mayBeOfLoud(place: number, line: string, start: number): boolean {
    if (!this.#pending[place]!.quiet || / [kO]/.test(line)) return false;
    for (;;) {
      const request = this.#pending[place] ?? this.#pull();
      if (request === undefined) return false;
      if (this.#pending[place] !== request) continue;
      if (!request.quiet) {
        if (!this.#heard(request.end, start) || !this.#fits(request, line) || !mayAnswer(request, line))
          return false;
        return !request.meta || !/^(HD|VA|OK)\b/.test(line) || showsAsked(request, line);
      }
      place++;
    }
  }

  /** Whether all of a request had been sent when the answer that starts here was. */
  #heard(end: number, start: number): boolean {
    const time = this.#client.time[end];
    return time !== undefined && time <= this.#server.time[start]!;
  }

  /** What an answer says of the value of the request in doubt it belongs to. */
  #tell(request: Request, line: string, start: number): void {
    request.taken = valueTaken(request, line);
    if (!request.taken) return;
    if (request.doubt === 'indent') request.hidden = false;
    if (request.doubt === 'size flag' && !isError(line)) this.#sizeFlags = true;
    const end = request.behind + request.size + 1;
    const whole = this.#heard(end, start);
    if (whole) request.end = end;
    this.#read = Math.max(this.#read, end + 1);
    const value = this.#client.text.slice(request.behind, request.behind + request.size);
    if (request.first && request.op === 'set' && request.size <= 1024 && (!whole || likeLogin(value)))
      withhold(request);
  }

  /** Whether the oldest request is all that was sent before the answer that starts here. */
  #isAlone(start: number): boolean {
    while (this.#heard(this.#read, start)) {
      const next = this.#pull();
      if (next === undefined || !this.#heard(next.end, start)) return false;
    }
    return this.#pending.length === 1;
  }

  /** Reads the answer to a command of other servers, where its shape is plain. */
  #stepOver(first: string, start: number): boolean {
    const lease = /^(lease-get|metaget)$/.test(this.#pending[0]!.op);
    let line: string | undefined = first;
    for (let begun = false; line !== undefined; begun = true) {
      const [, size] = /^(?:LVALUE \S+ \S+|CONFIG \S+) \S+ (\d+)/.exec(line) ?? [];
      const [, found] = /^VALUE \S+ \d+ (\d+)/.exec(line) ?? [];
      if (found !== undefined && !begun && !lease && !this.#isAlone(start)) return false;
      const data = size ?? found;
      if (data !== undefined) this.#at += Number(data) + 2;
      else if (line === 'END' && (begun || lease)) break;
      else if (lease && /^META \S+ +age:/.test(line)) {
        line = this.#line();
        continue;
      } else if (!begun && !this.#isAlone(start)) return false;
      else if (!(line === '' && begun) && !/^(STAT|ITEM|PREFIX) /.test(line)) {
        if (begun || !ONE_LINE.test(line)) return false;
        break;
      }
      line = this.#line();
    }
    if (line !== undefined) this.#pending.shift();
    return line !== undefined;
  }

  /**
   * Which pending request an error is of: only quiet ones may be passed over, to one that had to be refused,
   * else to one that may have failed so; else it is the oldest's. A retrieval with a key that is too long
   * takes the place of all that was not sent before it. -1 where nothing is pending.
   */
  #erring(line: string, start: number): number {
    let likely = -1;
    for (let place = 0; ; place++) {
      const request = this.#pending[place] ?? this.#pull();
      if (request === undefined) break;
      if (request.noreply) {
        place--;
        continue;
      }
      if (this.#mayGet(request, line)) {
        if (request.refused || request.discards || request.doubt)
          return request.onlyFormat && this.#isOfNext(place, start) ? -1 : place;
        if (likely < 0) likely = place;
      }
      if (!request.quiet) break;
    }
    if (likely >= 0 || this.#pending.length === 0) return this.#pending.length === 0 ? -1 : likely;
    if (line !== FORMAT) return 0;
    const heard = (request: Request) => this.#heard(request.end, start);
    while (this.#pending.every(({ discards }) => !discards)) {
      const next = this.#pull();
      if (next === undefined || !heard(next)) break;
    }
    const place = this.#pending.findIndex((request) => request.discards && heard(request));
    for (const lost of place > 0 ? this.#pending.splice(0, place) : []) this.#emit(lost, () => 'unanswered');
    return 0;
  }

  /** Whether an error may be that of the next request, because not all releases answer this one. */
  #isOfNext(place: number, start: number): boolean {
    for (let at = place + 1; ; at++) {
      let next = this.#pending[at];
      while (next === undefined && this.#heard(this.#read, start)) {
        if (!this.#pull()) return false;
        next = this.#pending[at];
      }
      if (next === undefined || !this.#heard(next.end, start)) return false;
      if (next.onlyFormat) continue;
      return (
        next.refused || next.discards || next.last || next.doubt !== undefined || ADMIN_ANSWER.test(next.op)
      );
    }
  }

  /** Whether a request may get this error at all. */
  #mayGet(request: Request, line: string): boolean {
    if (request.onlyFormat) return line === FORMAT;
    if (/^CLIENT_ERROR (cannot increment|invalid numeric)/.test(line))
      return /^(incr|decr|ma)$/.test(request.op);
    if (/^(CLIENT_ERROR bad data|SERVER_ERROR object too)/.test(line))
      return /^(set|add|replace|append|prepend|cas|ms)$/.test(request.op);
    const refused = request.refused || request.discards || request.doubt !== undefined;
    if (META_ERROR.test(line)) {
      if (request.meta) return refused || request.flags.has('E') || request.flags.has('x');
      return refused && request.last;
    }
    return refused;
  }

  #fits(request: Request, line: string): boolean {
    const [code = ''] = line.split(' ', 1);
    if (request.meta) {
      if (metaStatus(request.op, code) === undefined || !answersDespiteQuiet(request, code)) return false;
      const told = line.split(' ').slice(code === 'VA' ? 2 : 1);
      const opaque = told.find((flag) => flag[0] === 'O')?.slice(1);
      const key = told.find((flag) => flag[0] === 'k')?.slice(1);
      // An item shows its key as it was stored, in base64 or not, whatever the request had.
      const shown =
        key !== undefined && told.includes('b') ? Buffer.from(key, 'base64').toString('latin1') : key;
      if (request.op === 'me') return true;
      // A quiet request's hit shows all it asked for, and nothing else.
      if (request.quiet && (request.op === 'mg' || isCreation(request, code)) && !showsAsked(request, line))
        return false;
      return (
        (opaque === request.opaque || (opaque === undefined && !request.quiet)) &&
        (key === undefined || key === request.rawKey || shown === request.keys[0])
      );
    }
    if (request.onlyFormat) return false;
    if (request.op === 'lease-set') return mayAnswer(request, line);
    return !request.hidden || request.doubt === 'indent' || (line === 'END' && /^g/.test(request.op));
  }

  #finish(request: Request, first: string, start: number): boolean {
    const { op } = request;
    let line: string | undefined = first;
    if (isError(first)) {
      if (REFUSALS.test(first)) this.#auth = 'wanted';
      if (this.#auth === 'wanted' && op === 'set') this.#login(request);
      if (request.op === 'auth') this.#auth = 'wanted';
      this.#emit(request, () => 'error', start);
      // An empty line belongs to it, of releases since 1.6.40.
      if (/^gets?$|^gats?$/.test(op))
        this.#at += /^\r?\n/.exec(this.#server.text.slice(this.#at))?.[0].length ?? 0;
      return true;
    }
    if (request.meta) {
      const [code, ...rest] = first.split(' ');
      if (code === 'VA') this.#at += Number(rest[0]) + 2;
      if (this.#at > this.#server.text.length) this.#at = this.#server.text.length;
      if (op !== 'me')
        this.#told(
          request,
          code!,
          code === 'VA' ? rest.slice(1) : rest,
          code === 'VA' ? Number(rest[0]) : undefined,
        );
      this.#emit(request, () => metaStatus(op, code!)!, start);
      return true;
    }
    if (/^(get|gets|gat|gats)$/.test(op)) {
      const found: ({ size: number; flags: number | string } | undefined)[] = [];
      let next = 0;
      while (line !== undefined && line !== 'END') {
        const [word, key, flags, size] = line.split(' ');
        if (word !== 'VALUE') return false;
        // In the order asked for, as memcached answers; else, as proxies do, the first that is not answered.
        let place = request.keys.findIndex(
          (asked, i) => i >= next && (asked === key || (request.last && request.keys.length === 1)),
        );
        if (place < 0) place = request.keys.findIndex((asked, i) => asked === key && !found[i]);
        if (place < 0) return false;
        next = Math.max(next, place + 1);
        found[place] = { size: Number(size), flags: exact(BigInt(flags!)) };
        this.#at += Number(size) + 2;
        line = this.#line();
      }
      const cut = line === undefined;
      this.#emit(
        request,
        (i) => (cut ? 'unanswered' : found[i] ? 'hit' : 'miss'),
        cut ? undefined : start,
        (i) => (found[i] ? { value_size: found[i].size, flags: found[i].flags } : {}),
      );
      return true;
    }
    if (request.multiLine === 'stats')
      while (line !== undefined && /^(STAT|ITEM|PREFIX)/.test(line)) line = this.#line();
    if (request.multiLine === 'dump')
      while (line !== undefined && line !== 'END' && !/^[A-Z]{4,}/.test(first)) line = this.#line();
    if (request.multiLine === 'mgdump')
      while (line !== undefined && line !== 'EN' && !/^[A-Z]{4,}/.test(first)) line = this.#line();
    const status = /^\d+ *$/.test(first) ? 'value' : (STATUSES[first] ?? 'ok');
    if (this.#auth === 'wanted' && op === 'set') this.#login(request);
    if (request.op === 'auth' && status === 'stored') this.#auth = 'no';
    this.#emit(request, () => status, start);
    if (op === 'watch' && first === 'OK') {
      this.#source.return(undefined);
      return false;
    }
    return true;
  }

  /** The set was a login. */
  #login(request: Request): void {
    Object.assign(request, { op: 'auth', keys: [null], event: {} });
  }

  /** What a meta answer tells besides its code. */
  #told(request: Request, code: string, flags: string[], size: number | undefined): void {
    const { event } = request;
    const told = new Map(flags.map((flag) => [flag[0]!, flag.slice(1)]));
    const marks = [
      ['W', 'won'],
      ['X', 'stale'],
      ['Z', 'sent'],
    ].filter(([flag]) => told.has(flag!));
    if (marks.length) event.marks = marks.map(([, name]) => name);
    if (told.has('t')) event.ttl_left = Number(told.get('t'));
    if (request.op !== 'mg' || code === 'EN') return;
    if (size !== undefined) event.value_size = size;
    else if (told.has('s')) event.value_size = Number(told.get('s'));
    if (told.has('f')) event.flags = Number(told.get('f'));
  }

  #emitBinary({ request, status, answer, more }: BinaryOutcome): void {
    const { op, start, end, key, event } = request;
    this.#draft(start, 0, {
      proto: 'binary',
      op,
      ...this.#keyed(key),
      ...event,
      ...more,
      status,
      latency_ns: answer === undefined ? null : this.#latency(answer, end),
    });
  }

  #keyed(key: string | null) {
    return {
      key: key === null ? null : keyText(this.#key, bytesOf(key)),
      key_size: key === null ? null : key.length,
    };
  }

  #latency(answer: number, end: number): number {
    return Math.max(0, Number(this.#server.time[answer]! - this.#client.time[end]!));
  }

  /** Files one event of the request that starts at this byte. */
  #draft(start: number, index: number, fields: object): void {
    const { time, ordinal } = this.#client;
    const event = {
      ts_ns: time[start]!.toString(),
      conn: 0,
      request: 0,
      transport: 'tcp',
      value_size: null,
      mode: null,
      flags: null,
      ttl: null,
      delta: null,
      cas: false,
      quiet: false,
      ...fields,
    } as CacheEvent;
    this.drafts.push({ order: [time[start]!, ordinal[start]!, start, index], conn: this.#conn, event });
  }

  #emit(
    request: Request,
    status: (key: number) => string,
    answer?: number,
    more: (key: number) => object = () => ({}),
  ): void {
    if (request.hidden) return;
    request.keys.forEach((key, i) => {
      this.#draft(request.start, i, {
        proto: request.meta ? 'meta' : 'text',
        op: request.op,
        ...this.#keyed(key),
        ...request.event,
        ...more(i),
        status: status(i),
        latency_ns: answer === undefined ? null : this.#latency(answer, request.end),
      });
    });
  }
}

/** What was said over one connection, or in one exchange of datagrams. */
function draftsOf(connection: Connection, conn: number, key: Uint8Array): Draft[] {
  const start = behindProxies(connection.client.text);
  const dialogue = new Dialogue(connection, conn, key);
  if (connection.client.text.charCodeAt(start) === 0x80) dialogue.runBinary(start);
  else dialogue.run();
  return dialogue.drafts;
}

/** Every event of a capture in the total order, connections and requests numbered by first appearance. */
export function referenceEvents(packets: readonly Packet[], key: Uint8Array): CacheEvent[] {
  const tcp = connections(packets);
  const drafts = [
    ...tcp.flatMap((connection, i) => draftsOf(connection, i, key)),
    ...exchanges(packets).flatMap(({ connection, peer }) =>
      draftsOf(connection, tcp.length + peer, key).map((draft) => ({
        ...draft,
        event: { ...draft.event, transport: 'udp' as const },
      })),
    ),
  ];
  drafts.sort((a, b) => {
    for (let i = 0; i < 4; i++) if (a.order[i]! !== b.order[i]!) return a.order[i]! < b.order[i]! ? -1 : 1;
    return 0;
  });
  const conns = new Map<number, number>();
  let request = -1;
  let last = '';
  return drafts.map(({ event, conn, order }) => {
    if (!conns.has(conn)) conns.set(conn, conns.size);
    const id = `${conn}/${event.transport === 'udp' ? order[1] : ''}/${order[2]}`;
    if (id !== last) request++;
    last = id;
    return { ...event, conn: conns.get(conn)!, request };
  });
}
