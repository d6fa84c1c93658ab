/**
 * The parser and its scalar twin, each with an instance and a memory of its own, fed alike. Whatever they
 * are given, both must come to its end, count the same, seal the same blocks, and keep to their memory.
 */
import { readFileSync } from 'node:fs';
import { COUNTER_NAMES, type Counter } from '#src/layout/generated.js';
import { type CaptureHeader, parseCaptureHeader } from '#src/memory/capture-header.js';
import { Find } from './find.js';
import { type Build, CHUNK_MAX, Parser, type Room } from './parser.js';

const BUILDS: readonly Build[] = ['pipeline', 'pipeline-scalar'].map((name) => ({
  name,
  module: new WebAssembly.Module(readFileSync(`dist/wasm/${name}.wasm`)),
}));

const indexOf = (name: Counter) => COUNTER_NAMES.indexOf(name);
const SEEN = indexOf('packets_seen');
const EVENTS = indexOf('events');
const PAYLOAD_SEEN = indexOf('payload_seen');
/** Every byte of payload ends in one of these. */
const PAYLOAD_CLASSES = COUNTER_NAMES.flatMap((name, i) =>
  /^payload_(recorded|repeated|gap|unsynced_|skipped_)/.test(name) ? [i] : [],
);
const REQUESTS = indexOf('requests');
const ANSWERED = indexOf('answered');
const UNANSWERED = indexOf('unanswered');
/** Every packet ends in exactly one of these. */
const OUTCOMES = COUNTER_NAMES.map((name, i) =>
  /^(packets_decoded|skipped_|lost_)/.test(name) ? i : -1,
).filter((i) => i >= 0);

const pairs = new Map<Room, Twins>();

/** The pair of parsers of a room, the same again and again: whoever finds something must not go on. */
export function twinsOf(room: Room): Twins {
  let twins = pairs.get(room);
  if (twins === undefined) {
    twins = new Twins(room);
    pairs.set(room, twins);
  }
  return twins;
}

/** Both parsers, and what is checked of them. */
export class Twins {
  readonly #parsers: Parser[];
  #statics: Buffer[] = [];

  constructor(room: Room) {
    this.#parsers = BUILDS.map((build) => new Parser(build, room));
  }

  /** @param head the first bytes of a capture. @throws MembenchError where they are none of a capture */
  begin(head: Uint8Array): CaptureHeader {
    const header = parseCaptureHeader(head.subarray(0, 24));
    for (const parser of this.#parsers) parser.begin(header);
    this.#statics = this.#parsers.map(({ statics }) => statics);
    return header;
  }

  /**
   * Gives both the next bytes of the capture, at most CHUNK_MAX; the second in pieces of `step` bytes.
   *
   * @throws Find
   */
  feed(bytes: Uint8Array, step = CHUNK_MAX): void {
    this.#guard(0, (parser) => parser.feed(bytes, CHUNK_MAX));
    this.#guard(1, (parser) => parser.feed(bytes, step));
  }

  /**
   * What holds at any moment, between chunks that both were given alike.
   *
   * @throws Find
   */
  check(): void {
    const [a, b] = this.#parsers as [Parser, Parser];
    for (let i = 0; i < a.counters.length; i++) {
      if (a.counters[i] !== b.counters[i]) {
        throw new Find('twins differ', `${COUNTER_NAMES[i >> 1]}: ${a.counters[i]} and ${b.counters[i]}`);
      }
    }
    if (!a.takeLog().equals(b.takeLog())) throw new Find('twins differ', 'their events are not the same');
  }

  /** Every packet seen has an outcome, but for fragments that wait for others. @throws Find */
  checkBalance(): void {
    const parser = this.#parsers[0]!;
    let sum = parser.waiting;
    for (const i of OUTCOMES) {
      const packets = parser.count(i);
      // A capture may tell of 2^48 lost packets, no more.
      if (packets >= 2 ** 63) throw new Find('imbalance', `${COUNTER_NAMES[i]} went below zero`);
      sum += packets;
    }
    const seen = parser.count(SEEN);
    if (seen !== sum) {
      throw new Find('imbalance', `${seen} packets were seen, ${sum} have an outcome or wait`);
    }
  }

  /** Ends the capture, and checks what must hold then. @throws Find */
  finish(): void {
    for (const i of [0, 1]) this.#guard(i, (parser) => parser.finish());
    this.check();
    this.checkBalance();
    const parser = this.#parsers[0]!;
    const requests = parser.count(REQUESTS);
    const done = parser.count(ANSWERED) + parser.count(UNANSWERED);
    if (requests !== done) {
      throw new Find('imbalance', `${requests} requests, ${done} of them answered or not`);
    }
    const payload = PAYLOAD_CLASSES.reduce((sum, i) => sum + parser.count(i), 0);
    if (payload !== parser.count(PAYLOAD_SEEN)) {
      throw new Find(
        'imbalance',
        `${parser.count(PAYLOAD_SEEN)} bytes of payload, ${payload} of them accounted for`,
      );
    }
    if (parser.events !== parser.count(EVENTS)) {
      throw new Find('imbalance', `${parser.count(EVENTS)} events were counted, ${parser.events} came out`);
    }
    this.#parsers.forEach((parser, i) => {
      parser.checkEnd(this.#statics[i]!);
    });
    const [a, b] = this.#parsers as [Parser, Parser];
    if (a.isBroken !== b.isBroken) throw new Find('twins differ', 'one takes the capture for broken');
  }

  /** What both counted: two words each, the low one first, in the order of COUNTER_NAMES. */
  get counters(): Uint32Array {
    return this.#parsers[0]!.counters;
  }

  /** One of them. */
  count(name: Counter): number {
    return this.#parsers[0]!.count(indexOf(name));
  }

  /** Whether the capture ended in a record, or in what cannot be one. */
  get isBroken(): boolean {
    return this.#parsers[0]!.isBroken;
  }

  #guard(index: number, work: (parser: Parser) => void): void {
    const parser = this.#parsers[index]!;
    try {
      work(parser);
    } catch (error) {
      if (error instanceof Find) throw error;
      throw new Find('trap', `${parser.name}: ${(error as Error).stack ?? error}`);
    }
  }
}
