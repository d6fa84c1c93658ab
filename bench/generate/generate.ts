/**
 * Captures of an imaginary memcached whose every answer is known: the dialogue is valid, the sequence
 * numbers add up, and the truth comes back as counts. One seed gives one file, byte for byte; loss and
 * reordering change which packets are in it and in which order, never what is said.
 */
import { ANSWER_MAX_PER_KEY, Dialogue, type Request } from './dialogue.js';
import { Keyspace } from './keyspace.js';
import { COMMANDS, checkOptions, type GenerateOptions } from './options.js';
import { ACK, FIN, type Packet, PacketWriter, PSH, SYN, timestamp } from './packets.js';
import { Random, Weighted, zipf } from './random.js';
import { Schedule } from './schedule.js';
import { Tap } from './tap.js';
import { count, emptyTally, type Truth } from './truth.js';

export { DEFAULTS, type GenerateOptions } from './options.js';
export type { OpTruth, Tally, Truth } from './truth.js';

/** Most requests of one turn. */
const PIPELINE_MAX = 8;
/** Deviation of the logarithm of the latency: its 99th percentile is three times the median. */
const LATENCY_SIGMA = 0.5;
/** From a client's SYN until it has the answer and sends on, µs. */
const ROUND_TRIP = 50;
/** Numbers of the independent random sequences. */
const STREAM = { keyspace: 1, dialogue: 2, tap: 3 };

/** One side of all connections, by flow. */
interface Side {
  /** Next sequence number; typed arrays wrap as TCP does. */
  seq: Uint32Array;
  /** Timestamp of the last packet. */
  stamp: Uint32Array;
}

function newSide(flows: number, random: Random): Side {
  return { seq: new Uint32Array(flows).map(() => random.word()), stamp: new Uint32Array(flows) };
}

/** What a connection asked at once. */
interface Turn {
  requests: Request[];
  /** Every request and every answer is a packet of its own. */
  apart: boolean;
}

/**
 * Generates a capture.
 *
 * @param write gets the file chunk by chunk; a chunk is overwritten after the call
 * @throws RangeError for an option out of its range
 */
export function generateCapture(
  options: Partial<GenerateOptions>,
  write: (chunk: Uint8Array) => void,
): Truth {
  return new Generator(checkOptions(options), write).run();
}

class Generator {
  readonly #options: GenerateOptions;
  readonly #random: Random;
  readonly #dialogue: Dialogue;
  readonly #drawKey: Weighted;
  readonly #drawCommand: Weighted;
  readonly #out: PacketWriter;
  readonly #tap: Tap;
  /** Where payloads are put together. */
  readonly #payload: number;
  readonly #client: Side;
  readonly #server: Side;
  /** What a connection waits for an answer to. */
  readonly #turns: (Turn | undefined)[];
  /** Connections that were opened. */
  readonly #opened: Uint8Array;
  /** Keys that were asked for. */
  readonly #seen: Uint8Array;
  readonly #truth: Truth;

  constructor(options: GenerateOptions, write: (chunk: Uint8Array) => void) {
    const { seed, flows, keys } = options;
    this.#options = options;
    this.#random = new Random(seed, STREAM.dialogue);
    const popularity = zipf(keys, options.zipf);
    const random = new Random(seed, STREAM.keyspace);
    const keyspace = new Keyspace(random, popularity, options.valueSize, options.hitRatio);
    this.#drawKey = new Weighted(popularity);
    this.#drawCommand = new Weighted(Float64Array.from(COMMANDS, (command) => options.mix[command]));
    // [ writer | payload | keys and filler ]
    this.#payload = PacketWriter.reserved;
    const payloadMax = PIPELINE_MAX * options.multigetKeys * ANSWER_MAX_PER_KEY;
    const bytes = new Uint8Array(this.#payload + payloadMax + Dialogue.reserved(keyspace));
    this.#dialogue = new Dialogue(bytes, this.#payload + payloadMax, keyspace, random);
    this.#out = new PacketWriter(bytes, 0, write);
    this.#client = newSide(flows, this.#random);
    this.#server = newSide(flows, this.#random);
    this.#turns = new Array(flows).fill(undefined);
    this.#opened = new Uint8Array(flows);
    this.#seen = new Uint8Array(keys);
    this.#truth = {
      packets: 0,
      bytes: 0,
      flows: 0,
      asked: emptyTally(),
      whole: emptyTally(),
      distinctKeys: 0,
      lostPackets: 0,
      swappedPackets: 0,
      crossedPackets: 0,
      span: 0,
    };
    this.#tap = new Tap(this.#out, new Random(seed, STREAM.tap), options, this.#truth);
  }

  run(): Truth {
    const truth = this.#truth;
    let time = this.#converse();
    this.#opened.forEach((opened, flow) => {
      if (!opened) return;
      truth.flows++;
      if (this.#options.handshake) this.#close(++time, flow);
    });
    this.#out.flush();
    truth.packets = this.#out.packets;
    truth.bytes = this.#out.bytes;
    truth.distinctKeys = this.#seen.reduce((sum, seen) => sum + seen, 0);
    truth.span = Math.floor(time);
    return truth;
  }

  /**
   * All turns: they come at random times (a Poisson process) on random idle connections. Returns the last
   * time.
   */
  #converse(): number {
    const { exchanges, flows, rate } = this.#options;
    const waiting = new Schedule(flows);
    const idle = Uint32Array.from({ length: flows }, (_, flow) => flow);
    let free = flows;
    // An exchange is two packets of the rate.
    const step = 2e6 / rate;
    let due = 0;
    let time = 0;
    const ask = (flow: number) => {
      this.#ask(time, flow);
      waiting.push(time + this.#latency(), flow);
    };
    const next = () => {
      time = waiting.time;
      const flow = waiting.pop();
      if (this.#turns[flow]) {
        this.#answer(time, flow);
        idle[free++] = flow;
      } else {
        this.#control(time, flow, true, ACK);
        ask(flow);
      }
    };
    for (let i = 0; i < exchanges; i++) {
      // Where every connection waits, the turn waits for one.
      while (waiting.time <= due || free === 0) next();
      time = Math.max(time, due);
      const pick = this.#random.below(free--);
      const flow = idle[pick]!;
      idle[pick] = idle[free]!;
      if (this.#open(time, flow)) waiting.push(time + ROUND_TRIP, flow);
      else ask(flow);
      due += this.#random.exponential() * step;
    }
    while (free < flows) next();
    return time;
  }

  #latency(): number {
    return this.#options.latency * Math.exp(LATENCY_SIGMA * this.#random.normal());
  }

  /** Opens a connection that is not open; returns whether its handshake takes a round trip now. */
  #open(time: number, flow: number): boolean {
    if (this.#opened[flow]) return false;
    this.#opened[flow] = 1;
    if (!this.#options.handshake) return false;
    this.#control(time, flow, true, SYN);
    this.#control(time, flow, false, SYN | ACK);
    return true;
  }

  #close(time: number, flow: number): void {
    this.#control(time, flow, true, FIN | ACK);
    this.#control(time, flow, false, FIN | ACK);
    this.#control(time, flow, true, ACK);
  }

  #ask(time: number, flow: number): void {
    const { pipelined } = this.#options;
    const depth = this.#random.chance(pipelined) ? this.#random.between(2, PIPELINE_MAX) : 1;
    const requests: Request[] = [];
    for (let i = 0; i < depth; i++) requests.push(this.#request());
    const apart = depth > 1 && this.#random.chance(0.5);
    this.#turns[flow] = { requests, apart };
    if (!apart) this.#send(time, flow, true, requests, true);
    else for (const request of requests) this.#send(time, flow, true, [request], true);
  }

  #request(): Request {
    const { multiget, multigetKeys } = this.#options;
    const command = COMMANDS[this.#drawCommand.draw(this.#random)]!;
    const many = command === 'get' && this.#random.chance(multiget);
    const size = many ? this.#random.between(2, multigetKeys) : 1;
    const keys: number[] = [];
    for (let i = 0; i < size; i++) {
      const key = this.#drawKey.draw(this.#random);
      this.#seen[key] = 1;
      keys.push(key);
    }
    return { command, keys, hits: 0, whole: true };
  }

  #answer(time: number, flow: number): void {
    const { requests, apart } = this.#turns[flow]!;
    this.#turns[flow] = undefined;
    const last = requests.at(-1);
    if (!apart) this.#send(time, flow, false, requests, false);
    else for (const request of requests) this.#send(time, flow, false, [request], request !== last);
    if (this.#random.chance(this.#options.acks)) this.#control(time, flow, true, ACK);
    for (const { command, keys, hits, whole } of requests) {
      count(this.#truth.asked, command, keys.length, hits);
      if (whole) count(this.#truth.whole, command, keys.length, hits);
    }
  }

  /**
   * Sends requests or their answers as one stretch of bytes, in as many packets as it takes.
   *
   * @param followed more of the turn comes behind
   */
  #send(time: number, flow: number, fromClient: boolean, requests: Request[], followed: boolean): void {
    const { mss } = this.#options;
    let end = this.#payload;
    const ends: number[] = [];
    for (const request of requests) {
      end = fromClient
        ? this.#dialogue.request(request, end)
        : this.#dialogue.answer(request, this.#random, end);
      ends.push(end);
    }
    for (let from = this.#payload; from < end; from += mss) {
      const to = Math.min(from + mss, end);
      const packet = this.#packet(time, flow, fromClient, to === end ? PSH | ACK : ACK, to - from);
      if (this.#tap.data(packet, from, to, followed || to < end)) continue;
      requests.forEach((request, i) => {
        const start = i > 0 ? ends[i - 1]! : this.#payload;
        if (start < to && from < ends[i]!) request.whole = false;
      });
    }
  }

  #control(time: number, flow: number, fromClient: boolean, flags: number): void {
    this.#tap.control(this.#packet(time, flow, fromClient, flags, flags & (SYN | FIN) ? 1 : 0));
  }

  /** The next packet of a connection. @param length what it takes of the sequence numbers */
  #packet(time: number, flow: number, fromClient: boolean, flags: number, length: number): Packet {
    const own = fromClient ? this.#client : this.#server;
    const other = fromClient ? this.#server : this.#client;
    const seq = own.seq[flow]!;
    own.seq[flow]! += length;
    own.stamp[flow] = timestamp(time);
    // A first SYN has nothing to acknowledge.
    const ack = flags & ACK ? other.seq[flow]! : 0;
    return { time, flow, fromClient, seq, ack, flags, echo: other.stamp[flow]! };
  }
}
