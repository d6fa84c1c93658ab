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
/** Bytes of answers that wait for other parts or earlier answers, at most. */
const HELD_MAX = 1 << 26;
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
  /** The parts of an answer that is not whole. */
  parts: (Buffer | undefined)[];
  missing: number;
}

/** The datagrams of a socket that are under way. Answers are handed on in the order of the requests. */
export class Datagrams {
  readonly #sent = new Map<number, Sent>();
  #next = 0;
  #held = 0;
  /** When the latest request was sent that has an answer. */
  #answeredUntil = 0;

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
    const sent = { end, sentAt: now, failure: null, answers: [], parts: [], missing: 0 };
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
    for (const { bytes } of sent.answers) this.#held -= bytes.length;
    for (const part of sent.parts) this.#held -= part?.length ?? 0;
    this.#sent.delete(number);
  }

  /** Takes the next answer of a datagram. */
  read(sent: Sent): { bytes: Buffer; at: number } | undefined {
    const answer = sent.answers.shift();
    this.#held -= answer?.bytes.length ?? 0;
    return answer;
  }

  /** All of them are given up. */
  clear(): void {
    this.#sent.clear();
    this.#held = 0;
  }

  /** A datagram came. Returns false where it belongs to no request, came twice, or there is no room for it. */
  take(bytes: Buffer, size: number, now: number): boolean {
    const sent = size < FRAME ? undefined : this.#sent.get(bytes.readUInt16BE(0));
    // memcached answers a quiet success with a frame that has no part of anything.
    if (sent !== undefined && size === FRAME) return true;
    if (sent === undefined || this.#held + size > HELD_MAX || !this.#put(sent, bytes, size, now))
      return false;
    if (sent.answers.length > 0) this.#answeredUntil = Math.max(this.#answeredUntil, sent.sentAt);
    return true;
  }

  /** Puts an answer together. Returns false where the datagram is no part of it, or was there already. */
  #put(sent: Sent, bytes: Buffer, size: number, at: number): boolean {
    const part = bytes.readUInt16BE(2);
    const total = bytes.readUInt16BE(4);
    if (part >= total) return false;
    if (sent.missing === 0) {
      sent.parts = new Array(total);
      sent.missing = total;
    }
    if (total !== sent.parts.length || sent.parts[part] !== undefined) return false;
    sent.parts[part] = Buffer.from(bytes.subarray(FRAME, size));
    this.#held += size - FRAME;
    if (--sent.missing > 0) return true;
    sent.answers.push({ bytes: total === 1 ? sent.parts[0]! : Buffer.concat(sent.parts as Buffer[]), at });
    sent.parts = [];
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
