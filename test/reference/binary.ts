/** A binary connection, whole, by doc/protocol-binary.txt and what memcached answers. */
import type { Stream } from './streams.js';

export interface BinaryRequest {
  op: string;
  /** First and last byte in the client stream, as far as the server reads before it answers. */
  start: number;
  end: number;
  opcode: number;
  opaque: string;
  quiet: boolean;
  key: string | null;
  event: Record<string, unknown>;
  /** Whether an answer fits none: bytes that are no request. */
  none: boolean;
  /** Nothing after it can be told. */
  last: boolean;
  /** But where its answer comes before anything after it, and is not that of a server that does not know it. */
  foreign: boolean;
  quit: boolean;
}

export interface BinaryOutcome {
  request: BinaryRequest;
  status: string;
  /** First byte of the answer in the server stream. */
  answer?: number;
  more?: object;
}

interface Shape {
  op: string;
  extras: number[];
  key: 'needed' | 'none' | 'any';
  value: boolean;
  quiet?: true;
  /** Key and sizes are recorded. */
  data?: true;
}

const data = { data: true } as const;
const get: Shape = { op: 'get', extras: [0], key: 'needed', value: false, ...data };
const store = (op: string): Shape => ({ op, extras: [8], key: 'needed', value: true, ...data });
const concat = (op: string): Shape => ({ op, extras: [0], key: 'needed', value: true, ...data });
const count = (op: string): Shape => ({ op, extras: [20], key: 'needed', value: false, ...data });
const gat: Shape = { op: 'gat', extras: [4], key: 'needed', value: false, ...data };
const bare = (op: string): Shape => ({ op, extras: [0], key: 'none', value: false });
const sasl = (op: string): Shape => ({ op, extras: [0], key: 'needed', value: true });
const remove: Shape = { op: 'delete', extras: [0], key: 'needed', value: false, ...data };
const flush: Shape = { op: 'flush_all', extras: [0, 4], key: 'none', value: false };
const quiet = (shape: Shape): Shape => ({ ...shape, quiet: true });

const SHAPES = new Map<number, Shape>([
  [0x00, get],
  [0x01, store('set')],
  [0x02, store('add')],
  [0x03, store('replace')],
  [0x04, remove],
  [0x05, count('incr')],
  [0x06, count('decr')],
  [0x07, bare('quit')],
  [0x08, flush],
  [0x09, quiet(get)],
  [0x0a, bare('noop')],
  [0x0b, bare('version')],
  [0x0c, get],
  [0x0d, quiet(get)],
  [0x0e, concat('append')],
  [0x0f, concat('prepend')],
  [0x10, { op: 'stats', extras: [0], key: 'any', value: false }],
  [0x11, quiet(store('set'))],
  [0x12, quiet(store('add'))],
  [0x13, quiet(store('replace'))],
  [0x14, quiet(remove)],
  [0x15, quiet(count('incr'))],
  [0x16, quiet(count('decr'))],
  [0x17, quiet(bare('quit'))],
  [0x18, quiet(flush)],
  [0x19, quiet(concat('append'))],
  [0x1a, quiet(concat('prepend'))],
  [0x1c, { op: 'touch', extras: [4], key: 'needed', value: false, ...data }],
  [0x1d, gat],
  [0x1e, quiet(gat)],
  [0x20, bare('sasl_list_mechs')],
  [0x21, sasl('sasl_auth')],
  [0x22, sasl('sasl_step')],
  [0x23, gat],
  [0x24, quiet(gat)],
]);

const RETRIEVALS = new Set(['get', 'gat']);
const exact = (n: bigint) => (n > 9007199254740991n ? n.toString() : Number(n));

interface Header {
  opcode: number;
  keySize: number;
  extras: number;
  status: number;
  body: number;
  opaque: string;
  cas: bigint;
}

/** The header at `at`, undefined where the stream ends before it does. */
function header(bytes: Buffer, at: number): Header | undefined {
  if (at + 24 > bytes.length) return undefined;
  return {
    opcode: bytes[at + 1]!,
    keySize: bytes.readUInt16BE(at + 2),
    extras: bytes[at + 4]!,
    status: bytes.readUInt16BE(at + 6),
    body: bytes.readUInt32BE(at + 8),
    opaque: bytes.toString('hex', at + 12, at + 16),
    cas: bytes.readBigUInt64BE(at + 16),
  };
}

/** Requests of a client stream that begins at `at`. */
function* requests(bytes: Buffer, at: number): Generator<BinaryRequest> {
  while (at < bytes.length) {
    const r: BinaryRequest = {
      op: 'unknown',
      start: at,
      end: at + 23,
      opcode: -1,
      opaque: '',
      quiet: false,
      key: null,
      event: {},
      none: false,
      last: false,
      foreign: false,
      quit: false,
    };
    if (bytes[at] !== 0x80) {
      yield { ...r, none: true, last: true };
      return;
    }
    const head = header(bytes, at);
    if (!head) return;
    const { opcode, keySize, extras, body } = head;
    Object.assign(r, { opcode, opaque: head.opaque });
    const shape = SHAPES.get(opcode);
    const rest = body - extras - keySize;
    const known = shape !== undefined && rest >= 0;
    const good =
      known &&
      shape.extras.includes(extras) &&
      (shape.key === 'any' || keySize > 0 === (shape.key === 'needed')) &&
      keySize <= 250 &&
      (shape.value || rest === 0);
    if (shape) {
      r.op = shape.op;
      r.quiet = r.event.quiet = shape.quiet ?? false;
    } else if (opcode === 0x1b) r.op = 'verbosity';
    if (good) {
      const fields = at + 24;
      r.end = fields + body - 1;
      if (shape.data) {
        if (fields + extras + keySize > bytes.length) return;
        r.key = bytes.toString('latin1', fields + extras, fields + extras + keySize);
        r.event.cas = head.cas !== 0n;
        if (extras === 8) r.event.flags = bytes.readUInt32BE(fields);
        if (extras === 8) r.event.ttl = bytes.readUInt32BE(fields + 4);
        if (extras === 4) r.event.ttl = bytes.readUInt32BE(fields);
        if (extras === 20) {
          r.event.delta = exact(bytes.readBigUInt64BE(fields));
          const expiration = bytes.readUInt32BE(fields + 16);
          if (expiration !== 0xffffffff) {
            r.event.initial = exact(bytes.readBigUInt64BE(fields + 8));
            r.event.vivify = expiration;
          }
        }
        if (shape.value) r.event.value_size = rest;
      }
      r.quit = shape.op === 'quit';
    } else if (!shape && rest >= 0 && extras + keySize === 0) {
      r.end = at + 23 + body;
    } else if (!shape && rest >= 0) {
      // memcached reads extras and key, answers, and swallows as much as the body again; others do not.
      r.end = at + 23 + body;
      r.foreign = r.last = true;
    } else {
      // memcached reads extras and key, answers, and closes.
      r.end = at + 23 + extras + keySize;
      r.last = true;
    }
    yield r;
    if (r.last || r.quit) return;
    at = r.end + 1;
  }
}

interface Answer {
  opcode: number;
  opaque: string;
  status: number;
  /** First byte in the server stream. */
  start: number;
  /** Key in the answer to a retrieval. */
  key: string | undefined;
  hit: { value_size: number; flags?: number };
}

/** Answers of a server stream; the many of one STAT are one. Ends where the bytes are none. */
function* answers(bytes: Buffer): Generator<Answer> {
  let statistics: number | undefined;
  for (let at = 0; ; ) {
    const head = header(bytes, at);
    if (!head || bytes[at] !== 0x81 || head.keySize + head.extras > head.body) return;
    const { opcode, opaque, status, keySize, extras, body } = head;
    const start = at;
    const retrieval = RETRIEVALS.has(SHAPES.get(opcode)?.op ?? '');
    const key = at + 24 + extras;
    if (retrieval && key + keySize > bytes.length) return;
    at += 24 + body;
    if (opcode === 0x10 && status === 0 && keySize > 0) {
      statistics ??= start;
      continue;
    }
    yield {
      opcode,
      opaque,
      status,
      start: statistics ?? start,
      key: retrieval && keySize > 0 ? bytes.toString('latin1', key, key + keySize) : undefined,
      hit: {
        value_size: body - extras - keySize,
        ...(retrieval && extras >= 4 && { flags: bytes.readUInt32BE(start + 24) }),
      },
    };
    statistics = undefined;
  }
}

/** What a status means to an operation, in the words of the text protocol. */
function meaning({ op, event }: BinaryRequest, status: number): string {
  const good: Record<string, string> = {
    get: 'hit',
    gat: 'hit',
    set: 'stored',
    add: 'stored',
    replace: 'stored',
    append: 'stored',
    prepend: 'stored',
    delete: 'deleted',
    incr: 'value',
    decr: 'value',
    touch: 'touched',
  };
  const dataOp = op in good;
  if (status === 0) return good[op] ?? 'ok';
  if (!dataOp) return status === 0x21 ? 'ok' : 'error';
  if (status === 1) {
    if (RETRIEVALS.has(op)) return 'miss';
    return /^(replace|append|prepend)$/.test(op) && !event.cas ? 'not_stored' : 'not_found';
  }
  if (RETRIEVALS.has(op)) return 'error';
  if (status === 2) return op === 'add' && !event.cas ? 'not_stored' : 'exists';
  return status === 5 ? 'not_stored' : 'error';
}

/** Every request of a connection whose requests begin at `at` of the client's stream, with what became of it. */
export function binaryOutcomes(client: Stream, server: Stream, at: number): BinaryOutcome[] {
  // A server that answers in text reads none of this.
  if (server.text !== '' && server.text.charCodeAt(0) !== 0x81) return [];
  const source = requests(Buffer.from(client.text, 'latin1'), at);
  const outcomes: BinaryOutcome[] = [];
  const pending: BinaryRequest[] = [];
  const pull = () => {
    const { value } = source.next();
    if (!value) return false;
    if (value.quit && value.quiet) outcomes.push({ request: value, status: 'silent' });
    else pending.push(value);
    return true;
  };
  const end = () => {
    while (pull());
    for (const request of pending) if (!request.none) outcomes.push({ request, status: 'unanswered' });
    return outcomes;
  };
  for (const { opcode, opaque, status, start, key, hit } of answers(Buffer.from(server.text, 'latin1'))) {
    const fits = (r: BinaryRequest) =>
      r.opcode === opcode && r.opaque === opaque && (key === undefined || key === r.key);
    let place = 0;
    while ((place < pending.length || pull()) && pending[place] && !fits(pending[place]!)) {
      if (!pending[place]!.quiet) return end();
      place++;
    }
    const request = pending[place];
    if (!request) return end();
    for (const silent of pending.splice(0, place))
      outcomes.push({ request: silent, status: RETRIEVALS.has(silent.op) ? 'miss' : 'silent' });
    pending.shift();
    const result = meaning(request, status);
    // Refused before it was whole: there is no last byte to measure from.
    const early = client.time[request.end] === undefined || server.time[start]! < client.time[request.end]!;
    outcomes.push({
      request,
      status: result,
      ...(result === 'hit' && { more: hit }),
      ...(!early && { answer: start }),
    });
    const next = client.ordinal[request.end + 1];
    if (request.foreign && status !== 0x81 && (next === undefined || next > server.ordinal[start]!))
      request.last = false;
    if (request.last) return outcomes;
  }
  return end();
}
