import { constants } from 'node:os';
import { EPOLLIN, EPOLLOUT, type StreamCalls, type StreamPoll } from '../native/streams.js';
import type { Address } from './socket.js';
import type { Wire, WireEvents, Wires } from './wire.js';

const { EAGAIN, EINTR } = constants.errno;
const CODES = new Map(Object.entries(constants.errno).map(([name, errno]) => [errno, name]));

/** What the wires of a thread have in common. */
interface Common {
  calls: StreamCalls;
  poll: StreamPoll;
  /** Memory answers are read into, which are used up before the next are read. */
  answers: Buffer;
  answersAt: number;
  /** A wire is gone, and its descriptor may be another one's from now on. */
  onGone(fd: number): void;
}

/** Wires that are sockets of the system, which this thread waits for by itself. */
export class NativeWires implements Wires {
  readonly #common: Common;
  readonly #wires = new Map<number, NativeWire>();
  #opened = 0;
  #isClosed = false;

  constructor(calls: StreamCalls, answers: Buffer) {
    this.#common = {
      ...{ calls, answers, answersAt: calls.addressOf(answers), poll: calls.createPoll() },
      onGone: (fd) => this.#wires.delete(fd),
    };
  }

  open({ host, port }: Address, events: WireEvents, isUdp = false): Wire {
    const fd = this.#common.calls.connect(host, port, isUdp);
    const wire = new NativeWire({ common: this.#common, fd, tag: ++this.#opened >>> 0, isUdp }, events);
    if (fd >= 0) this.#wires.set(fd, wire);
    return wire;
  }

  readonly poll = (ms: number): void => {
    if (this.#isClosed) return;
    const { poll } = this.#common;
    const count = poll.wait(ms > 0 ? Math.floor(ms * 1e6) : 0);
    for (let event = 0; event < count; event++) {
      const wire = this.#wires.get(poll.fdOf(event));
      // A descriptor that was closed by an event before this one may belong to a new wire.
      if (wire?.tag === poll.tagOf(event)) wire.handle(poll.eventsOf(event));
    }
  };

  close(): void {
    for (const wire of [...this.#wires.values()]) wire.destroy();
    this.#isClosed = true;
    this.#common.poll.close();
  }
}

class NativeWire implements Wire {
  readonly tag: number;
  backlog = 0;
  readonly #common: Common;
  readonly #events: WireEvents;
  readonly #isUdp: boolean;
  #fd: number;
  #isConnected = false;
  #isEnding = false;
  /** What the system has not taken yet. */
  readonly #waiting: { bytes: Buffer; start: number; end: number }[] = [];
  /** The buffer that was written from last, and where it is. */
  #buffer: Buffer | null = null;
  #address = 0;

  /** @param fd negative errno where there is none */
  constructor(
    { common, fd, tag, isUdp }: { common: Common; fd: number; tag: number; isUdp: boolean },
    events: WireEvents,
  ) {
    this.#common = common;
    this.tag = tag;
    this.#isUdp = isUdp;
    this.#events = events;
    this.#fd = fd;
    if (fd >= 0) common.poll.add(fd, tag, EPOLLOUT);
    else setImmediate(() => this.#fail(-fd));
  }

  write(bytes: Buffer, start: number, end: number): void {
    if (this.#fd < 0) return;
    const sent = this.backlog > 0 ? 0 : this.#send(bytes, start, end);
    if (sent < 0 || sent === end - start) return;
    if (this.backlog === 0) this.#wantToWrite(true);
    this.#waiting.push({ bytes, start: start + sent, end });
    this.backlog += end - start - sent;
  }

  end(): void {
    this.#isEnding = true;
    if (this.#fd >= 0 && this.backlog === 0) this.#finish();
  }

  /** UDP has no end that could be told. */
  #finish(): void {
    if (this.#isUdp) this.#close();
    else this.#common.calls.finish(this.#fd);
  }

  destroy(): void {
    this.#close();
  }

  /** Handles events of epoll: input, room for output, or an error, which reading or connecting tells. */
  handle(events: number): void {
    if (!this.#isConnected) {
      const errno = this.#common.calls.errorOf(this.#fd);
      if (errno !== 0) {
        this.#fail(errno);
        return;
      }
      this.#isConnected = true;
      this.#wantToWrite(false);
      this.#events.onReady();
      return;
    }
    if ((events & EPOLLOUT) !== 0 && this.backlog > 0) this.#writeWaiting();
    if ((events & ~EPOLLOUT) !== 0 && this.#fd >= 0) this.#read();
  }

  #read(): void {
    const { calls, answers, answersAt } = this.#common;
    const size = calls.receive(this.#fd, answersAt, answers.length);
    if (size > 0) this.#events.onBytes(answers, size);
    else if (size === 0) {
      if (!this.#isUdp) this.#close();
    } else if (-size !== EAGAIN && -size !== EINTR) this.#fail(-size);
  }

  /** Returns how many bytes the system has taken; negative where the wire has failed. */
  #send(bytes: Buffer, start: number, end: number): number {
    const { calls } = this.#common;
    if (bytes !== this.#buffer) {
      this.#buffer = bytes;
      this.#address = calls.addressOf(bytes);
    }
    const sent = calls.send(this.#fd, this.#address + start, end - start);
    if (sent >= 0) return sent;
    if (-sent === EAGAIN || -sent === EINTR) return 0;
    this.#fail(-sent);
    return -1;
  }

  #writeWaiting(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const sent = this.#send(first.bytes, first.start, first.end);
      if (sent < 0) return;
      this.backlog -= sent;
      first.start += sent;
      if (first.start < first.end) return;
      this.#waiting.shift();
    }
    this.#wantToWrite(false);
    this.#events.onDrain();
    if (this.#isEnding) this.#finish();
  }

  #wantToWrite(isWanted: boolean): void {
    this.#common.poll.change(this.#fd, this.tag, isWanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  #fail(errno: number): void {
    this.#events.onError(CODES.get(errno) ?? `error ${errno}`);
    if (this.#fd >= 0) this.#close();
    else this.#events.onClose();
  }

  #close(): void {
    if (this.#fd < 0) return;
    this.#common.calls.close(this.#fd);
    this.#common.onGone(this.#fd);
    this.#fd = -1;
    this.backlog = 0;
    this.#waiting.length = 0;
    setImmediate(() => this.#events.onClose());
  }
}
