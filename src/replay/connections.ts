import { Connection, type Shared } from './connection.js';
import type { Settler } from './settle.js';

/** Errors of a socket for which there are no more file descriptors. */
const NO_DESCRIPTORS: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

/** The connections of a thread by number, and which of them have something to send. */
export class Connections {
  /** Whether the system refused a connection for want of file descriptors. */
  lacksDescriptors = false;
  readonly #shared: Shared;
  readonly #settler: Settler;
  readonly #tcp = new Map<number, Connection>();
  readonly #udp = new Map<number, Connection>();
  /** Those that have something to send, as many as are counted: emptying a list would give its memory away. */
  readonly #dirty: Connection[] = [];
  #dirtyCount = 0;

  /** @param onChange called when a connection can send again, or must be looked at */
  constructor(shared: Omit<Shared, 'onChange' | 'onEnd'>, onChange: () => void) {
    this.#settler = shared.settler;
    this.#shared = {
      ...shared,
      onChange: (connection) => {
        this.lacksDescriptors ||= NO_DESCRIPTORS.has(connection.error);
        this.markDirty(connection);
        onChange();
      },
      onEnd: (connection) => {
        const all = connection.datagrams === null ? this.#tcp : this.#udp;
        if (all.get(connection.number) === connection) all.delete(connection.number);
      },
    };
  }

  /** The connection whose answers are being read. */
  get reading(): Connection | null {
    return this.#shared.reading;
  }

  /** The connection of a number, made where there is none. */
  of(number: number, isUdp = false): Connection {
    const all = isUdp ? this.#udp : this.#tcp;
    let connection = all.get(number);
    if (connection === undefined || !connection.keep()) {
      connection = new Connection(number, this.#shared, isUdp);
      all.set(number, connection);
    }
    return connection;
  }

  /** Closes a connection over TCP when its requests are answered. */
  finish(number: number): void {
    this.#tcp.get(number)?.finish();
  }

  markDirty(connection: Connection): void {
    if (connection.isDirty) return;
    connection.isDirty = true;
    this.#dirty[this.#dirtyCount++] = connection;
  }

  /** Sends what may be sent; see Connection.flush. */
  flush(isDue: boolean): void {
    // A flush may mark others.
    for (let i = 0; i < this.#dirtyCount; i++) this.#dirty[i]!.flush(isDue);
    this.#dirtyCount = 0;
  }

  /** Whether some are on their way to being connected. */
  get isConnecting(): boolean {
    return this.#some(({ state }) => state === 'connecting');
  }

  /** Whether at least one is connected, or none is wanted. */
  get isAnyOpen(): boolean {
    return this.#tcp.size + this.#udp.size === 0 || this.#some(({ isOpen }) => isOpen);
  }

  /** Breaks those on which an answer is overdue, and tries those again that have something left to send. */
  look(now: number, timeout: number): void {
    for (const connection of this.#all()) {
      if (connection.isOverdue(now, timeout)) connection.break('timeout');
      if (connection.state === 'broken' && connection.queue.length > 0) connection.open(now);
    }
  }

  /**
   * Whether nothing is waited for but answers to quiet requests, which may never come.
   *
   * @param onlySent whether what was not sent yet is left for later
   */
  isQuiet(onlySent: boolean): boolean {
    for (const { queue } of this.#all()) {
      const end = onlySent ? queue.sent : queue.tail;
      for (let number = queue.head; number < end; number++) {
        if (queue.quiet[number & queue.mask] === 0) return false;
      }
    }
    return true;
  }

  /** Settles what is not answered: quiet requests were silent, the others failed. */
  giveUp(onlySent: boolean): void {
    for (const connection of this.#all()) {
      const { queue, writer } = connection;
      while (queue.head < queue.sent) {
        if (queue.quiet[queue.head & queue.mask] !== 0) this.#settler.silent(queue);
        else this.#settler.fail(queue, 'timeout');
      }
      if (onlySent || queue.length === 0) continue;
      while (queue.length > 0) {
        this.#settler.begin(queue);
        this.#settler.fail(queue, 'unconnected');
      }
      writer.clear();
    }
  }

  /** Ends all at once. */
  destroy(): void {
    for (const connection of [...this.#all()]) connection.destroy();
  }

  *#all(): Generator<Connection> {
    yield* this.#tcp.values();
    yield* this.#udp.values();
  }

  #some(is: (connection: Connection) => boolean): boolean {
    for (const connection of this.#all()) if (is(connection)) return true;
    return false;
  }
}
