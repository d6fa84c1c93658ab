/**
 * Captures of an imaginary memcached whose every answer is known: the dialogue is valid, the sequence
 * numbers add up, and the truth comes back as counts.
 */
import { Keyspace } from './keyspace.js';
import { ACK, FIN, PacketWriter, PAYLOAD_MAX, PSH, SYN } from './packets.js';
import { Random, Weighted, zipf } from './random.js';

export interface GenerateOptions {
  seed: number;
  /** Packets that carry requests; answers double it. */
  exchanges: number;
  flows: number;
  keys: number;
  /** Exponent of the keys' popularity. */
  zipf: number;
  /** Mean bytes of a value. */
  valueSize: number;
  /** Share of the keys the server has. */
  hitRatio: number;
  /** Shares of the commands; the rest of 1 is delete. */
  get: number;
  mg: number;
  set: number;
  /** Share of the gets that ask for several keys at once. */
  multiget: number;
  /** Share of the request packets that carry several requests. */
  pipelined: number;
  /** Probability that the capture misses a data packet. */
  loss: number;
  /** Probability that a data packet and the next of its connection stand the other way round. */
  reorder: number;
  /** Request packets a second. */
  rate: number;
  /** Median microseconds until the answer, log-normal. */
  latency: number;
}

export const DEFAULTS: GenerateOptions = {
  seed: 1,
  exchanges: 2_500_000,
  flows: 1000,
  keys: 200_000,
  zipf: 0.99,
  valueSize: 200,
  hitRatio: 0.9,
  get: 0.8,
  mg: 0.08,
  set: 0.1,
  multiget: 0,
  pipelined: 0,
  loss: 0,
  reorder: 0,
  rate: 50_000,
  latency: 120,
};

export interface OpTruth {
  /** Keys asked for. */
  count: number;
  hits: number;
  misses: number;
}

export interface Truth {
  /** Packets in the capture, and bytes of the file. */
  packets: number;
  bytes: number;
  requests: number;
  ops: Record<'get' | 'mg' | 'set' | 'delete', OpTruth>;
  distinctKeys: number;
  lostPackets: number;
  swappedPackets: number;
}

/** 2026-01-01T00:00:00Z, µs. */
const START = 1_767_225_600_000_000;
const KEYS_MAX = 20;
const PIPELINE_MAX = 6;
const text = new TextEncoder();
const END = text.encode('END\r\n');
const STORED = text.encode('STORED\r\n');
const DELETED = text.encode('DELETED\r\n');
const NOT_FOUND = text.encode('NOT_FOUND\r\n');
const EN = text.encode('EN\r\n');
const VALUE = text.encode('VALUE ');
const FILL = 0x76;

/** Requests in flight, by the time of their answer: a binary heap over flow numbers. */
class Schedule {
  readonly #times: Float64Array;
  readonly #flows: Uint32Array;
  size = 0;

  constructor(capacity: number) {
    this.#times = new Float64Array(capacity + 1);
    this.#flows = new Uint32Array(capacity + 1);
  }

  get time(): number {
    return this.size ? this.#times[0]! : Number.POSITIVE_INFINITY;
  }

  push(time: number, flow: number): void {
    let i = this.size++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (this.#times[parent]! <= time) break;
      this.#times[i] = this.#times[parent]!;
      this.#flows[i] = this.#flows[parent]!;
      i = parent;
    }
    this.#times[i] = time;
    this.#flows[i] = flow;
  }

  pop(): number {
    const first = this.#flows[0]!;
    const last = --this.size;
    const time = this.#times[last]!;
    const flow = this.#flows[last]!;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#times[child + 1]! < this.#times[child]!) child++;
      if (this.#times[child]! >= time) break;
      this.#times[i] = this.#times[child]!;
      this.#flows[i] = this.#flows[child]!;
      i = child;
    }
    this.#times[i] = time;
    this.#flows[i] = flow;
    return first;
  }
}

type Kind = 'get' | 'mg' | 'set' | 'delete';
interface Request {
  kind: Kind;
  keys: number[];
}

class Generator {
  readonly #o: GenerateOptions;
  readonly #random: Random;
  readonly #keyspace: Keyspace;
  readonly #draw: Weighted;
  readonly #out: PacketWriter;
  /** Next sequence numbers by flow. */
  readonly #client: Uint32Array;
  readonly #server: Uint32Array;
  /** Requests in flight by flow. */
  readonly #pending: (Request[] | undefined)[];
  /** Packets held back to stand behind the next one of their connection. */
  readonly #held = new Map<number, Uint8Array>();
  readonly #touched: Uint8Array;
  readonly #truth: Truth;

  constructor(options: GenerateOptions, write: (chunk: Uint8Array) => void) {
    this.#o = options;
    this.#random = new Random(options.seed);
    this.#keyspace = new Keyspace(this.#random, options.keys, options.valueSize, options.hitRatio);
    this.#draw = new Weighted(zipf(options.keys, options.zipf));
    this.#out = new PacketWriter(write);
    this.#client = new Uint32Array(options.flows).map(() => this.#random.word());
    this.#server = new Uint32Array(options.flows).map(() => this.#random.word());
    this.#pending = new Array(options.flows);
    this.#touched = new Uint8Array(options.keys);
    const none = () => ({ count: 0, hits: 0, misses: 0 });
    this.#truth = {
      packets: 0,
      bytes: 0,
      requests: 0,
      ops: { get: none(), mg: none(), set: none(), delete: none() },
      distinctKeys: 0,
      lostPackets: 0,
      swappedPackets: 0,
    };
  }

  run(): Truth {
    const { exchanges, flows, rate } = this.#o;
    const step = 1e6 / rate;
    const schedule = new Schedule(flows);
    const idle = Array.from({ length: flows }, (_, flow) => flow);
    let time = START;
    for (let flow = 0; flow < flows; flow++) {
      this.#handshake(Math.floor(time), flow);
      time += 20;
    }
    const start = time;
    for (let i = 0; i < exchanges; i++) {
      time = Math.max(time, start + i * step);
      while (schedule.time <= time || idle.length === 0) {
        time = Math.max(time, schedule.time);
        idle.push(this.#answer(Math.floor(schedule.time), schedule.pop()));
      }
      const pick = this.#random.below(idle.length);
      const flow = idle[pick]!;
      idle[pick] = idle.at(-1)!;
      idle.pop();
      this.#request(Math.floor(time), flow);
      schedule.push(time + this.#o.latency * Math.exp(0.5 * this.#random.normal()), flow);
    }
    while (schedule.size) {
      time = schedule.time;
      this.#answer(Math.floor(time), schedule.pop());
    }
    for (let flow = 0; flow < flows; flow++) this.#goodbye(Math.floor(time) + 100 + flow, flow);
    this.#out.flush();
    this.#truth.packets = this.#out.packets;
    this.#truth.bytes = this.#out.bytes;
    this.#truth.distinctKeys = this.#touched.reduce((a, b) => a + b, 0);
    return this.#truth;
  }

  #bare(time: number, flow: number, fromClient: boolean, flags: number): void {
    this.#out.begin();
    const [own, other] = fromClient ? [this.#client, this.#server] : [this.#server, this.#client];
    this.#out.end(time, flow, fromClient, own[flow]!, flags & ACK ? other[flow]! : 0, flags, 0);
    if (flags & (SYN | FIN)) own[flow]!++;
  }

  #handshake(time: number, flow: number): void {
    this.#bare(time, flow, true, SYN);
    this.#bare(time + 5, flow, false, SYN | ACK);
    this.#bare(time + 9, flow, true, ACK);
  }

  #goodbye(time: number, flow: number): void {
    const held = this.#held.get(flow);
    if (held) this.#out.put(held);
    this.#bare(time, flow, true, FIN | ACK);
    this.#bare(time, flow, false, FIN | ACK);
    this.#bare(time, flow, true, ACK);
  }

  /** Ends a data packet: counts it, loses it, or lets it change places. */
  #data(time: number, flow: number, fromClient: boolean, payload: number): void {
    const [own, other] = fromClient ? [this.#client, this.#server] : [this.#server, this.#client];
    this.#out.end(time, flow, fromClient, own[flow]!, other[flow]!, PSH | ACK, payload);
    own[flow]! += payload;
    const { loss, reorder } = this.#o;
    if (loss && this.#random.next() < loss) {
      this.#out.takeBack(payload);
      this.#truth.lostPackets++;
    } else if (this.#held.has(flow)) {
      this.#out.put(this.#held.get(flow)!);
      this.#held.delete(flow);
    } else if (reorder && this.#random.next() < reorder) {
      this.#held.set(flow, this.#out.takeBack(payload));
      this.#truth.swappedPackets++;
    }
  }

  #key(): number {
    const key = this.#draw.draw(this.#random);
    this.#touched[key] = 1;
    return key;
  }

  #choose(): Request {
    const { get, mg, set, multiget } = this.#o;
    const pick = this.#random.next();
    if (pick < get) {
      const several = multiget > 0 && this.#random.next() < multiget;
      const count = several ? 2 + this.#random.below(KEYS_MAX - 1) : 1;
      return { kind: 'get', keys: Array.from({ length: count }, () => this.#key()) };
    }
    return { kind: pick < get + mg ? 'mg' : pick < get + mg + set ? 'set' : 'delete', keys: [this.#key()] };
  }

  #request(time: number, flow: number): void {
    const { pipelined } = this.#o;
    const count = pipelined > 0 && this.#random.next() < pipelined ? 2 + this.#random.below(PIPELINE_MAX - 1) : 1;
    const { bytes, at: start } = this.#out.begin();
    const requests: Request[] = [];
    let at = start;
    for (let i = 0; i < count; i++) {
      const request = this.#choose();
      // A batch never outgrows a packet: a set of 8 KiB or an answer of 20 such values counts most.
      if (i > 0 && at - start > PAYLOAD_MAX / 4) break;
      requests.push(request);
      at = this.#putRequest(request, bytes, at);
    }
    this.#pending[flow] = requests;
    this.#truth.requests += requests.length;
    this.#data(time, flow, true, at - start);
  }

  #putRequest({ kind, keys }: Request, bytes: Uint8Array, at: number): number {
    const keyspace = this.#keyspace;
    const name = kind === 'delete' ? 'delete' : kind;
    for (let i = 0; i < name.length; i++) bytes[at++] = name.charCodeAt(i);
    for (const key of keys) {
      bytes[at++] = 0x20;
      at = keyspace.put(key, bytes, at);
    }
    if (kind === 'mg') {
      bytes[at++] = 0x20;
      bytes[at++] = 0x76;
    } else if (kind === 'set') {
      for (const c of ' 0 0 ') bytes[at++] = c.charCodeAt(0);
      const size = keyspace.valueSizes[keys[0]!]!;
      at = putNumber(bytes, at, size);
      at = putLineEnd(bytes, at);
      bytes.fill(FILL, at, at + size);
      at += size;
    }
    return putLineEnd(bytes, at);
  }

  /** Sends the answer; the flow is idle again. */
  #answer(time: number, flow: number): number {
    const { bytes, at: start } = this.#out.begin();
    let at = start;
    for (const request of this.#pending[flow]!) at = this.#putAnswer(request, bytes, at, start);
    this.#data(time, flow, false, at - start);
    return flow;
  }

  #putAnswer({ kind, keys }: Request, bytes: Uint8Array, at: number, start: number): number {
    const keyspace = this.#keyspace;
    const truth = this.#truth.ops[kind];
    truth.count += keys.length;
    const put = (word: Uint8Array) => {
      bytes.set(word, at);
      at += word.length;
    };
    for (const key of keys) {
      const size = keyspace.valueSizes[key]!;
      // What no longer fits into the packet is a miss: an imaginary server may do so.
      const fits = at - start + size < PAYLOAD_MAX - 4096;
      const present = keyspace.present[key] === 1 && (fits || kind === 'set' || kind === 'delete');
      if (present) truth.hits++;
      else truth.misses++;
      if (kind === 'set') put(STORED);
      else if (kind === 'delete') put(present ? DELETED : NOT_FOUND);
      else if (!present) {
        if (kind === 'mg') put(EN);
      } else {
        if (kind === 'get') {
          put(VALUE);
          at = keyspace.put(key, bytes, at);
          for (const c of ' 0 ') bytes[at++] = c.charCodeAt(0);
        } else for (const c of 'VA ') bytes[at++] = c.charCodeAt(0);
        at = putNumber(bytes, at, size);
        at = putLineEnd(bytes, at);
        bytes.fill(FILL, at, at + size);
        at = putLineEnd(bytes, at + size);
      }
    }
    if (kind === 'get') put(END);
    return at;
  }
}

function putNumber(bytes: Uint8Array, at: number, value: number): number {
  const digits = String(value);
  for (let i = 0; i < digits.length; i++) bytes[at++] = digits.charCodeAt(i);
  return at;
}

function putLineEnd(bytes: Uint8Array, at: number): number {
  bytes[at] = 13;
  bytes[at + 1] = 10;
  return at + 2;
}

/** Generates a capture, handing it out chunk by chunk (each is overwritten after the call). */
export function generateCapture(options: Partial<GenerateOptions>, write: (chunk: Uint8Array) => void): Truth {
  return new Generator({ ...DEFAULTS, ...options }, write).run();
}
