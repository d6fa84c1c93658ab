/**
 * Requests and answers over UDP, framed as doc/protocol.txt has it: eight bytes, in which an answer repeats the number of
 * its request, and says which part of how many it is.
 */
import type { Failure } from './tally.js';
import type { ByteWriter } from './writer.js';

const FRAME = 8;
/** Longest payload of UDP over IPv4, bytes (RFC 768, RFC 791). */
export const DATAGRAM_MAX = 65_507;
/** Most datagrams under way on a socket: their numbers have 16 bits. */
export const DATAGRAMS_MAX = 1 << 15;
/** Bytes of answers that wait for other parts or earlier answers, at most, of all sockets of a thread. */
const HELD_MAX = 1 << 26;
/** Bytes that are counted for a part besides its own. */
const PART = 128;
/** An answer is lost where one to a request that was sent so many milliseconds later has come. */
const OVERTAKEN = 250;

/** A datagram that was sent, with one recorded request, and what came back. */
export interface Sent {
  /** Number of the first request in the queue behind those in it. */
  end: number;
  sentAt: number;
  /** Why it got no answer. */
  failure: Failure | null;
  /** Whole answers that were not read yet, and when they came. */
  answers: { bytes: Buffer; at: number }[];
  /** The parts of an answer that is not whole, by their numbers, and how many it has. */
  parts: Map<number, Buffer>;
  total: number;
}

/** Bytes of answers that all sockets of a thread hold. */
export interface Held {
  bytes: number;
}

/** The datagrams of a socket that are under way. Answers are handed on in the order of the requests. */
export class Datagrams {
  readonly #sent = new Map<number, Sent>();
  #next = 0;
  readonly #held: Held;
  /** When the latest request was sent that has an answer. */
  #answeredUntil = 0;

  constructor(held: Held) {
    this.#held = held;
  }

  /** Writes the frame of the next request. */
  begin(writer: ByteWriter): void {
    writer.reserve(FRAME);
    writer.uint16(this.#next++ & 0xffff);
    writer.uint16(0);
    writer.uint16(1);
    writer.uint16(0);
  }

  /** The datagram at the start of a buffer is sent now. */
  sent(bytes: Buffer, start: number, end: number, now: number): Sent {
    const sent = { end, sentAt: now, failure: null, answers: [], parts: new Map(), total: 0 };
    this.#sent.set(bytes.readUInt16BE(start), sent);
    return sent;
  }

  /** The first datagram that is not settled. */
  get first(): Sent | undefined {
    return this.#sent.values().next().value;
  }

  /** The first datagram is settled. */
  shift(): void {
    const [number, sent] = this.#sent.entries().next().value!;
    this.#drop(sent);
    this.#sent.delete(number);
  }

  /** Takes the next answer of a datagram. */
  read(sent: Sent): { bytes: Buffer; at: number } | undefined {
    const answer = sent.answers.shift();
    if (answer !== undefined) this.#held.bytes -= answer.bytes.length + PART;
    return answer;
  }

  /** All of them are given up. */
  clear(): void {
    for (const sent of this.#sent.values()) this.#drop(sent);
    this.#sent.clear();
  }

  #drop({ answers, parts }: Sent): void {
    for (const { bytes } of answers) this.#held.bytes -= bytes.length + PART;
    for (const part of parts.values()) this.#held.bytes -= part.length + PART;
  }

  /** A datagram came. Returns false where it belongs to no request, came twice, or there is no room for it. */
  take(bytes: Buffer, size: number, now: number): boolean {
    const sent = size < FRAME ? undefined : this.#sent.get(bytes.readUInt16BE(0));
    // memcached answers a quiet success with a frame that has no part of anything.
    if (sent !== undefined && size === FRAME) return true;
    if (sent === undefined || this.#held.bytes + size > HELD_MAX || !this.#put(sent, bytes, size, now))
      return false;
    if (sent.answers.length > 0) this.#answeredUntil = Math.max(this.#answeredUntil, sent.sentAt);
    return true;
  }

  /** Puts an answer together. Returns false where the datagram is no part of it, or was there already. */
  #put(sent: Sent, bytes: Buffer, size: number, at: number): boolean {
    const part = bytes.readUInt16BE(2);
    const total = bytes.readUInt16BE(4);
    const { parts } = sent;
    if (part >= total || parts.has(part) || (parts.size > 0 && total !== sent.total)) return false;
    sent.total = total;
    parts.set(part, Buffer.from(bytes.subarray(FRAME, size)));
    this.#held.bytes += size - FRAME + PART;
    if (parts.size < total) return true;
    const whole = Buffer.concat(Array.from({ length: total }, (_, number) => parts.get(number)!));
    sent.answers.push({ bytes: whole, at });
    this.#held.bytes -= PART * (total - 1);
    parts.clear();
    return true;
  }

  /** Whether a later request has an answer. */
  isOvertaken({ sentAt }: Sent): boolean {
    return this.#answeredUntil > sentAt;
  }

  /** Whether the answer of a datagram will not come any more. */
  isLost({ sentAt }: Sent, now: number, timeout: number): boolean {
    return now - sentAt > timeout || this.#answeredUntil - sentAt > OVERTAKEN;
  }
}
