/**
 * The reference parser: whole streams, plain strings, no state machine. Slow, and written from the
 * protocol document without a look at the parser it checks.
 */
import type { CacheEvent } from 'membench/decoder';
import type { Packet } from '../support/packets.js';
import { answersDespiteQuiet, isError, mayAnswer, metaStatus, REFUSALS, STATUSES } from './answers.js';
import { type BinaryOutcome, binaryOutcomes } from './binary.js';
import { exchanges } from './datagrams.js';
import { behindProxies, exact, type Request, requests, withhold } from './requests.js';
import { keyText } from './siphash.js';
import { type Connection, connections, type Stream } from './streams.js';

type Draft = { order: [bigint, number, number, number]; conn: number; event: CacheEvent };

const bytesOf = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

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
  #at = 0;

  constructor({ client, server }: Connection, conn: number, key: Uint8Array) {
    this.#client = client;
    this.#server = server;
    this.#conn = conn;
    this.#key = key;
    this.#source = requests(client.text, behindProxies(client.text), () => {
      if (this.#auth !== 'wanted') return false;
      this.#auth = 'tried';
      return true;
    });
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
    const { value } = this.#source.next();
    if (!value) return undefined;
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
    if (place < 0) return false;
    while (!isError(line)) {
      const request = this.#pending[place];
      if (request === undefined) {
        if (!this.#pull()) return false;
        continue;
      }
      if (this.#fits(request, line)) break;
      if (!request.quiet) return false;
      place++;
    }
    for (const silent of this.#pending.splice(0, place))
      this.#emit(silent, () => (silent.op === 'mg' ? 'miss' : 'silent'));
    const request = this.#pending.shift()!;
    if (!isError(line) && !mayAnswer(request, line)) return false;
    return this.#finish(request, line, start);
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
        if (request.refused || request.discards) return place;
        if (likely < 0) likely = place;
      }
      if (!request.quiet) break;
    }
    if (likely >= 0 || this.#pending.length === 0) return this.#pending.length === 0 ? -1 : likely;
    if (line !== 'CLIENT_ERROR bad command line format') return 0;
    const heard = (request: Request) => this.#client.time[request.end]! <= this.#server.time[start]!;
    while (this.#pending.every(({ discards }) => !discards)) {
      const next = this.#pull();
      if (next === undefined || !heard(next)) break;
    }
    const place = this.#pending.findIndex((request) => request.discards && heard(request));
    for (const lost of place > 0 ? this.#pending.splice(0, place) : []) this.#emit(lost, () => 'unanswered');
    return 0;
  }

  /** Whether a request may get this error at all. */
  #mayGet(request: Request, line: string): boolean {
    if (/^CLIENT_ERROR (cannot increment|invalid numeric)/.test(line))
      return /^(incr|decr|ma)$/.test(request.op);
    if (/^(CLIENT_ERROR bad data|SERVER_ERROR object too)/.test(line))
      return /^(set|add|replace|append|prepend|cas|ms)$/.test(request.op);
    return request.refused || request.discards;
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
      const shows = (letters: Iterable<string>) =>
        [...new Set(letters)]
          .filter((c) => 'cfhklstO'.includes(c))
          .sort()
          .join('');
      if (
        request.op === 'mg' &&
        request.quiet &&
        shows(told.map((flag) => flag[0]!)) !== shows(request.flags.keys())
      ) {
        return false;
      }
      return (
        (opaque === request.opaque || (opaque === undefined && !request.quiet)) &&
        (key === undefined || key === request.rawKey || shown === request.keys[0])
      );
    }
    return !request.hidden || (line === 'END' && /^g/.test(request.op));
  }

  #finish(request: Request, first: string, start: number): boolean {
    const { op } = request;
    let line: string | undefined = first;
    if (isError(first)) {
      if (REFUSALS.test(first)) this.#auth = 'wanted';
      if (this.#auth === 'wanted' && op === 'set') this.#login(request);
      if (request.op === 'auth') this.#auth = 'wanted';
      this.#emit(request, () => 'error', start);
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
        while (
          next < request.keys.length &&
          request.keys[next] !== key &&
          !(request.last && request.keys.length === 1)
        )
          next++;
        if (next === request.keys.length) return false;
        found[next++] = { size: Number(size), flags: exact(BigInt(flags!)) };
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
