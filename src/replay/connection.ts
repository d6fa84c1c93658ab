import { performance } from 'node:perf_hooks';
import { BinaryAnswers } from './answers/binary.js';
import { TextAnswers } from './answers/text.js';
import { DATAGRAM_MAX, DATAGRAMS_MAX, Datagrams, type Held, type Sent } from './datagrams.js';
import type { EncodedInto } from './encode/encode.js';
import { type Login, LoginAnswer, loginRequest } from './login.js';
import { PendingQueue, WAITS } from './pending.js';
import { LATENESS_FINE } from './punctuality.js';
import { nanoseconds, type Settler } from './settle.js';
import { FILL } from './shapes.js';
import type { Address } from './socket.js';
import type { Failure } from './tally.js';
import type { Wire, WireEvents, Wires } from './wire.js';
import { ByteWriter } from './writer.js';

/** What the connections of a thread have in common. */
export interface Shared {
  wires: Wires;
  address: Address;
  /** Login at the start of every connection; null: none. */
  login: Login | null;
  settler: Settler;
  /** What all sockets for UDP hold. */
  held: Held;
  /** Whether requests wait for the answers they waited for when they were recorded. */
  asap: boolean;
  /** The connection whose answers are being read. */
  reading: Connection | null;
  /** Called when a connection can send again, or must be looked at. */
  onChange(connection: Connection): void;
  /** Called when a connection has ended for good. */
  onEnd(connection: Connection): void;
}

/** Bytes that the system has not sent yet; from so many on, nothing more is written until they are sent. */
const BACKLOG_MAX = 1 << 20;
/** Bytes and requests that may wait on a connection before more of them fail. */
const WAITING_BYTES_MAX = 1 << 26;
const WAITING_MAX = 1 << 16;
/** Milliseconds after which a socket for UDP that nothing waits for is closed: a recording does not tell its end. */
const UDP_IDLE = 1000;
/** First byte of a binary answer. */
const BINARY_ANSWER = 0x81;
/** Milliseconds before a connection is tried again: at first, and at most. */
const BACKOFF_MIN = 50;
const BACKOFF_MAX = 5000;

export type ConnectionState = 'new' | 'connecting' | 'open' | 'broken' | 'ended';

/** One connection to the server: what waits to be sent, what waits for answers, and the wire. */
export class Connection implements EncodedInto, WireEvents {
  readonly number: number;
  /** Over UDP: the datagrams under way. Null over TCP. */
  readonly datagrams: Datagrams | null;
  readonly writer = new ByteWriter();
  readonly queue = new PendingQueue();
  state: ConnectionState = 'new';
  /** Whether it is among those to be flushed. */
  isDirty = false;
  /** Milliseconds of performance.now() since which it is in its state. */
  since = 0;
  /** Code of the error it broke with. */
  error = '';
  /** Recorded answers still to come at the recorded time of the last request: numbers and times. */
  readonly recordedAnswers: { number: number; at: number }[] = [];
  /** Number of the last request whose recorded answer came before the last request; -1 for none. */
  answeredBefore = -1;
  readonly #shared: Shared;
  #wire: Wire | null = null;
  #answers: TextAnswers | BinaryAnswers | null = null;
  /** Protocol of the last request; the meta commands belong to the text protocol. */
  protocol: 'text' | 'binary' = 'text';
  /** The answer to the login, as long as it is waited for. */
  #login: LoginAnswer | null = null;
  #isLoggedIn = false;
  #isClosing = false;
  /** Whether the server was told of the end already. */
  #isEnding = false;
  #opaque = 0;
  #backoff = BACKOFF_MIN;
  /** Milliseconds of performance.now() when something came last. */
  #heard = 0;
  /** Over UDP: whether the host said that nothing listens there, and no answer came since. */
  #isRefused = false;
  /** Why it broke last. */
  #brokenBy: Failure = 'unconnected';
  /** Why requests fail when it breaks. */
  #reason: Failure = 'closed';

  constructor(number: number, shared: Shared, isUdp = false) {
    this.number = number;
    this.datagrams = isUdp ? new Datagrams(shared.held) : null;
    this.#shared = shared;
  }

  /** Whether requests reach a server: a socket for UDP opens where none is. */
  get isOpen(): boolean {
    return this.state === 'open' && !this.#isRefused;
  }

  nextOpaque(): number {
    this.#opaque = (this.#opaque + 1) >>> 0 || 1;
    return this.#opaque;
  }

  /** Whether it takes another request: it is not broken, or may be tried again, and not too much waits. */
  refusal(now: number): Failure | null {
    if (this.state === 'broken' && !this.#shared.asap && now - this.since < this.#backoff)
      return this.#brokenBy;
    const most = this.datagrams === null ? WAITING_MAX : DATAGRAMS_MAX;
    if (this.queue.length >= most || this.writer.end - this.writer.start >= WAITING_BYTES_MAX)
      return 'overflow';
    return null;
  }

  /** Connects, where it is not connected yet, or broken and may be tried again. */
  open(now: number): void {
    if (this.state === 'connecting' || this.state === 'open' || this.state === 'ended') return;
    const { settler, address, wires } = this.#shared;
    if (this.state === 'broken') {
      if (now - this.since < this.#backoff) return;
      this.#backoff = Math.min(2 * this.#backoff, BACKOFF_MAX);
      settler.tally.reconnects++;
    } else settler.tally.connections++;
    this.#to('connecting', now);
    this.#answers = null;
    this.#reason = 'closed';
    this.error = '';
    this.#login = null;
    this.#isLoggedIn = false;
    this.#wire = wires.open(address, this, this.datagrams !== null);
  }

  onReady(): void {
    this.#to('open', performance.now());
    this.#shared.onChange(this);
  }

  onDrain(): void {
    this.#shared.onChange(this);
  }

  onError(code: string): void {
    this.error = code;
    // Over UDP, this is how a host says that nothing listens there.
    if (this.datagrams === null) return;
    this.#reason = 'unconnected';
    this.#isRefused = true;
  }

  /** Closes it when its requests are answered. */
  finish(): void {
    this.#isClosing = true;
    this.#endIfIdle();
  }

  /** Takes back that it is to be closed. Returns false where it is too late. */
  keep(): boolean {
    if (this.#isEnding || this.state === 'ended') return false;
    this.#isClosing = false;
    return true;
  }

  /** Ends it at once; its requests fail for a reason. */
  break(reason: Failure): void {
    this.#reason = reason;
    this.#wire?.destroy();
  }

  /** Ends it at once and for good. */
  destroy(): void {
    this.#isClosing = true;
    if (this.#wire === null) this.#end();
    else this.#wire.destroy();
  }

  /**
   * Hands the system what may be sent.
   *
   * @param isDue whether the requests that were not sent yet became due in this turn, so that their lateness is the sender's
   */
  flush(isDue: boolean): void {
    this.isDirty = false;
    if (this.state !== 'open' || this.#wire!.backlog > BACKLOG_MAX) return;
    // A stream takes everything at once, a datagram one recorded request.
    for (let bytes = this.#begin(isDue); bytes > 0; bytes = this.datagrams === null ? 0 : this.#begin(isDue))
      this.#write(bytes);
    this.settleSilent();
    if (this.datagrams !== null) this.#readDatagrams(this.datagrams);
  }

  /** Takes requests out of those that wait, as many as are sent in one write. Returns their bytes. */
  #begin(isDue: boolean): number {
    const { queue } = this;
    const { settler, asap } = this.#shared;
    const now = performance.now();
    let bytes = 0;
    while (queue.sent < queue.tail) {
      const at = queue.sent & queue.mask;
      if (bytes > 0 && this.datagrams !== null && (queue.begins[at] !== 0 || queue.op[at] === FILL)) break;
      if (asap) {
        if (queue.after[at]! >= queue.head || bytes > BACKLOG_MAX) break;
        queue.intended[at] = now;
      } else if (isDue) {
        const late = now - queue.intended[at]!;
        settler.tally.lateness.record(nanoseconds(late));
        if (late > LATENESS_FINE) queue.late[at] = 1;
      }
      queue.sentAt[at] = now;
      this.protocol = queue.waits[at]! >= WAITS.binary ? 'binary' : 'text';
      bytes += queue.bytes[at]!;
      settler.begin(queue);
    }
    return bytes;
  }

  #write(bytes: number): void {
    const { writer, datagrams } = this;
    const wire = this.#wire!;
    const end = writer.start + bytes;
    if (datagrams !== null) {
      const sent = datagrams.sent(writer.buffer, writer.start, this.queue.sent, performance.now());
      if (bytes > DATAGRAM_MAX) sent.failure = 'too_large';
    } else if (!this.#isLoggedIn) this.#logIn();
    if (datagrams === null || bytes <= DATAGRAM_MAX) wire.write(writer.buffer, writer.start, end);
    writer.start = end;
    // Bytes that the system took at once can be overwritten; the others only once they are sent.
    if (wire.backlog > 0) writer.renew();
    else if (writer.start === writer.end) writer.clear();
  }

  /** Sends the login before the first request, whose protocol it has. */
  #logIn(): void {
    this.#isLoggedIn = true;
    const { login } = this.#shared;
    if (login === null) return;
    this.#login = new LoginAnswer(this.protocol);
    const request = loginRequest(login, this.protocol);
    this.#wire!.write(request, 0, request.length);
  }

  /** Settles the oldest requests that will get no answer. */
  settleSilent(): void {
    const { queue } = this;
    while (queue.head < queue.sent && queue.waits[queue.head & queue.mask] === WAITS.nothing)
      this.#shared.settler.silent(queue);
  }

  /** Whether an answer, or being connected, is overdue. */
  isOverdue(now: number, timeout: number): boolean {
    if (this.state === 'connecting') return now - this.since > timeout;
    const { queue, datagrams } = this;
    if (datagrams !== null) {
      this.#giveUpLost(datagrams, now, timeout);
      return false;
    }
    return (
      queue.head < queue.sent && now - Math.max(queue.sentAt[queue.head & queue.mask]!, this.#heard) > timeout
    );
  }

  onBytes(bytes: Buffer, size: number): boolean {
    const { settler } = this.#shared;
    settler.now = performance.now();
    if (this.#login !== null) {
      const { taken, accepted } = this.#login.feed(bytes, size);
      if (accepted !== null) this.#login = null;
      if (accepted === false) this.break('login_refused');
      if (accepted !== true || taken === size) return accepted !== false;
      return this.onBytes(bytes.subarray(taken, size), size - taken);
    }
    this.#shared.reading = this;
    this.#heard = settler.now;
    this.#isRefused = false;
    this.#backoff = BACKOFF_MIN;
    if (this.datagrams !== null) {
      if (!this.datagrams.take(bytes, size, settler.now)) settler.tally.strayDatagrams++;
      this.#readDatagrams(this.datagrams);
      if (this.#shared.asap) this.#shared.onChange(this);
      return true;
    }
    this.#answers ??=
      this.protocol === 'binary'
        ? new BinaryAnswers(this.queue, settler)
        : new TextAnswers(this.queue, settler);
    if (!this.#answers.feed(bytes, size)) {
      this.break('not_understood');
      return false;
    }
    this.settleSilent();
    if (this.#shared.asap) this.#shared.onChange(this);
    this.#endIfIdle();
    return true;
  }

  /** Settles the datagrams whose answers are there, up to the first that has none. */
  #readDatagrams(datagrams: Datagrams): void {
    for (let first = datagrams.first; first !== undefined; first = datagrams.first) {
      if (!this.#settle(datagrams, first)) {
        // As over TCP, the answer to a later request proves that quiet ones before it were silent.
        if (!datagrams.isOvertaken(first) || !this.#isQuietUntil(first.end)) break;
        first.failure = 'timeout';
        continue;
      }
      datagrams.shift();
    }
    this.#endIfIdle();
  }

  /** Settles the requests of the first datagram. Returns false where an answer is still to come. */
  #settle(datagrams: Datagrams, first: Sent): boolean {
    const { queue } = this;
    const { settler } = this.#shared;
    for (this.settleSilent(); queue.head < first.end; this.settleSilent()) {
      if (first.failure !== null) {
        if (first.failure === 'timeout' && queue.quiet[queue.head & queue.mask] !== 0) settler.silent(queue);
        else settler.fail(queue, first.failure);
        continue;
      }
      const answer = datagrams.read(first);
      if (answer === undefined) return false;
      settler.now = answer.at;
      // What is in the datagram answers no later request.
      const { sent } = queue;
      queue.sent = first.end;
      const isFine = this.#answersOf(answer.bytes).feed(answer.bytes, answer.bytes.length);
      queue.sent = sent;
      if (!isFine) first.failure = 'not_understood';
    }
    // What is left of an answer does not belong to the next one.
    if (this.#answers?.isBetween === false) this.#answers = null;
    return true;
  }

  #isQuietUntil(end: number): boolean {
    const { queue } = this;
    for (let number = queue.head; number < end; number++)
      if (queue.quiet[number & queue.mask] === 0) return false;
    return true;
  }

  #answersOf(bytes: Buffer): TextAnswers | BinaryAnswers {
    const { queue } = this;
    const { settler } = this.#shared;
    const isBinary = bytes[0] === BINARY_ANSWER;
    if (this.#answers === null || this.#answers instanceof BinaryAnswers !== isBinary)
      this.#answers = isBinary ? new BinaryAnswers(queue, settler) : new TextAnswers(queue, settler);
    return this.#answers;
  }

  /** Gives up the datagrams whose answers will not come any more; closes a socket that was not used for a while. */
  #giveUpLost(datagrams: Datagrams, now: number, timeout: number): void {
    this.#shared.settler.now = now;
    for (let first = datagrams.first; first !== undefined; first = datagrams.first) {
      if (!datagrams.isLost(first, now, timeout)) break;
      first.failure ??= 'timeout';
      this.#readDatagrams(datagrams);
      if (this.#shared.asap) this.#shared.onChange(this);
    }
    if (
      this.queue.length === 0 &&
      this.state === 'open' &&
      now - Math.max(this.since, this.#heard) > UDP_IDLE
    )
      this.finish();
  }

  #endIfIdle(): void {
    if (!this.#isClosing || this.queue.length > 0) return;
    if (this.state === 'open') {
      this.#isEnding = true;
      this.#wire!.end();
    } else if (this.state === 'new' || this.state === 'broken') this.#end();
  }

  onClose(): void {
    const { queue, writer } = this;
    const { settler, asap } = this.#shared;
    this.datagrams?.clear();
    const wasOpen = this.state === 'open';
    const reason = wasOpen ? this.#reason : 'unconnected';
    this.#brokenBy = reason;
    settler.now = performance.now();
    while (queue.head < queue.sent) settler.fail(queue, reason);
    if (!asap) {
      while (queue.length > 0) {
        settler.begin(queue);
        settler.fail(queue, reason);
      }
      writer.clear();
    }
    this.#answers = null;
    this.#wire = null;
    if (this.#isClosing && queue.length === 0) this.#end();
    else this.#to('broken', performance.now());
    this.#shared.onChange(this);
  }

  #to(state: ConnectionState, now: number): void {
    this.state = state;
    this.since = now;
  }

  #end(): void {
    if (this.state === 'ended') return;
    this.#to('ended', performance.now());
    this.#shared.onEnd(this);
  }
}
