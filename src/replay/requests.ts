import { HAS } from '../profile/shapes.js';
import { hashNumber } from './changed.js';
import { Command } from './command.js';
import type { Connection } from './connection.js';
import { type EncodeTo, encode } from './encode/encode.js';
import type { KeyQueue } from './pending.js';
import type { Settler } from './settle.js';
import { type CommandShape, FILL, S, shapeOf } from './shapes.js';
import type { Values } from './values.js';

/** The longest relative expiry, seconds; what is more is a Unix time (doc/protocol.txt). */
const RELATIVE_MAX = 60 * 60 * 24 * 30;
/** A cas unique that matches no item. */
const CAS_OTHER = '18446744073709551615';
/** Recorded answers that are remembered of a connection, to find what a request waited for. */
const DEPTH_MAX = 4096;
/** Sizes that are remembered to fill misses with, the latest. */
const SIZES_MAX = 1 << 18;

/** The request that is sent next, and when it was recorded, nanoseconds after the first. */
export interface Next {
  readonly command: Command;
  readonly recordedAt: number;
}

/** Makes requests of commands, and puts them into the queues of connections. */
export class Requests {
  readonly #commands: Next;
  readonly #settler: Settler;
  readonly #asap: boolean;
  readonly #to: EncodeTo;
  /** The connection at hand, where its last request is, and the bytes that waited before it. */
  #connection!: Connection;
  #lastAt = -1;
  #bytesBefore = 0;
  /** The command that is being encoded. */
  #command: Command;
  /** A set after a miss. */
  readonly #fill = new Command();
  /** With `fill`: sizes of values by the hash of their keys, the latest last. */
  readonly #sizes = new Map<number, number>();
  readonly #fills: boolean;
  /** Unix seconds of the recording's first request. */
  readonly #baseSeconds: number;

  constructor(
    commands: Next,
    settler: Settler,
    options: { asap: boolean; fill: boolean; values: Values; baseNs: bigint },
  ) {
    this.#commands = commands;
    this.#settler = settler;
    this.#command = commands.command;
    this.#asap = options.asap;
    this.#fills = options.fill;
    this.#baseSeconds = Number(options.baseNs) / 1e9;
    this.#to = {
      connection: undefined as unknown as Connection,
      values: options.values,
      casOf: (command) => this.#casOf(command),
      add: (waits, quiet, keys, from = 0) => this.#add(waits, quiet, keys, from),
    };
  }

  /**
   * Encodes the current command.
   *
   * @param due when it is to be sent, milliseconds of performance.now()
   */
  put(connection: Connection, due: number): void {
    const { command } = this.#commands;
    this.#moveExpiry();
    if (this.#fills) this.#learnSizes();
    this.#command = command;
    const first = this.#encode(connection);
    const { queue } = connection;
    const after = this.#asap ? this.#recordedBefore() : -1;
    queue.begins[first & queue.mask] = 1;
    for (let number = first; number < queue.tail; number++) {
      queue.intended[number & queue.mask] = due;
      queue.after[number & queue.mask] = after;
    }
  }

  /** Encodes the command, and returns the number of its first request. */
  #encode(connection: Connection): number {
    const { queue, writer } = connection;
    this.#connection = connection;
    this.#to.connection = connection;
    this.#lastAt = -1;
    this.#bytesBefore = writer.end - writer.start;
    connection.datagrams?.begin(writer);
    const first = queue.tail;
    encode(this.#command, this.#to);
    this.#closeRequest();
    this.#settler.waiting += queue.tail - first;
    return first;
  }

  /**
   * Stores the item of a key that was not there, as a client does that fetches it elsewhere then. Returns false where its
   * size is not known.
   */
  fill(connection: Connection, keys: KeyQueue, at: number, protocol: CommandShape['protocol']): boolean {
    const [low, high] = [keys.low[at]!, keys.high[at]!];
    // What was there in the recording had a size; else the last one that was seen counts.
    const size = keys.valueSize[at]! || this.#sizes.get(hashNumber(low, high));
    if (size === undefined) return false;
    const fill = this.#fill;
    fill.shape = fillShape(protocol);
    fill.keys = 1;
    fill.keyLow[0] = low;
    fill.keyHigh[0] = high;
    fill.keySize[0] = keys.size[at]!;
    fill.keyStatus[0] = S.none;
    fill.valueSize = size;
    this.#command = fill;
    const number = this.#encode(connection);
    connection.queue.intended[number & connection.queue.mask] = performance.now();
    return true;
  }

  #learnSizes(): void {
    const { command } = this.#commands;
    const isStore = command.shape.verb === 'store' && !command.shape.changesInPlace;
    for (let i = 0; i < command.keys; i++) {
      const size = isStore ? command.valueSize : command.keyValueSize[i]!;
      if (size === 0) continue;
      const name = hashNumber(command.keyLow[i]!, command.keyHigh[i]!);
      this.#sizes.delete(name);
      this.#sizes.set(name, size);
      if (this.#sizes.size > SIZES_MAX) this.#sizes.delete(this.#sizes.keys().next().value!);
    }
  }

  #add(waits: number, quiet: boolean, keys: number, from: number): number {
    const command = this.#command;
    const { queue } = this.#connection;
    this.#closeRequest();
    const at = queue.push(waits, command.shape.op, quiet, keys);
    if (quiet && command.keys > 1) queue.quiet[at] = 2;
    for (let i = from; i < from + keys; i++) {
      queue.keyQueue.push(command.keyLow[i]!, command.keyHigh[i]!, command.keySize[i]!, {
        status: command.keyStatus[i]!,
        valueSize: command.keyValueSize[i]!,
      });
    }
    this.#lastAt = at;
    return at;
  }

  /** Notes how many bytes the request before has. */
  #closeRequest(): void {
    // What was written before the first request is the frame of its datagram.
    if (this.#lastAt < 0) return;
    const { queue, writer } = this.#connection;
    const waiting = writer.end - writer.start;
    queue.bytes[this.#lastAt] = waiting - this.#bytesBefore;
    this.#settler.waitingBytes += waiting - this.#bytesBefore;
    this.#bytesBefore = waiting;
  }

  /** An expiry that is a Unix time is as far in the future as it was when it was recorded. */
  #moveExpiry(): void {
    const { command, recordedAt } = this.#commands;
    const ttl = command.low.ttl;
    if (!command.has('ttl') || command.high.ttl !== 0 || ttl <= RELATIVE_MAX || ttl === 0xffffffff) return;
    const recorded = this.#baseSeconds + recordedAt / 1e9;
    command.low.ttl = Math.max(RELATIVE_MAX + 1, Math.round(Date.now() / 1000 + ttl - recorded)) >>> 0;
  }

  /** The unique value last told of the item; where it was another one in the recording, one that is another. */
  #casOf(command: Command): string {
    const known = this.#settler.casOf(command.keyLow[0]!, command.keyHigh[0]!);
    if (known === undefined) this.#settler.tally.casUnknown++;
    return command.keyStatus[0] === S.exists ? CAS_OTHER : (known ?? CAS_OTHER);
  }

  /**
   * The request that must be answered before the one at hand is sent: the last one whose recorded answer had come when it
   * was recorded. Remembers when the answer of the one at hand came.
   */
  #recordedBefore(): number {
    const { at, latency } = this.#commands.command;
    const connection = this.#connection;
    const { recordedAnswers, queue } = connection;
    while (recordedAnswers.length > 0 && recordedAnswers[0]!.at <= at)
      connection.answeredBefore = recordedAnswers.shift()!.number;
    if (recordedAnswers.length >= DEPTH_MAX) recordedAnswers.shift();
    if (latency > 0) recordedAnswers.push({ number: queue.tail - 1, at: at + latency });
    return connection.answeredBefore;
  }
}

function fillShape(protocol: CommandShape['protocol']): CommandShape {
  const has = HAS.key | HAS.value_size;
  return shapeOf({ op: FILL, verb: 'store', protocol, asRecorded: false, mode: 'set', status: S.none, has });
}
