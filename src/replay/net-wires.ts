import type { Socket } from 'node:net';
import { type Address, openSocket } from './socket.js';
import type { Wire, WireEvents, Wires } from './wire.js';

/** Wires that are sockets of Node: for TLS, and where there are no system calls. */
export class NetWires implements Wires {
  readonly poll = null;
  readonly #answers: Buffer;

  /** @param answers memory answers are read into, which are used up before the next are read */
  constructor(answers: Buffer) {
    this.#answers = answers;
  }

  open(address: Address, events: WireEvents): Wire {
    return new NetWire(address, this.#answers, events);
  }

  close(): void {}
}

class NetWire implements Wire {
  readonly #socket: Socket;

  constructor(address: Address, answers: Buffer, events: WireEvents) {
    this.#socket = openSocket(
      address,
      answers,
      (bytes, size) => events.onBytes(bytes, size),
      () => events.onReady(),
    );
    this.#socket.on('drain', () => events.onDrain());
    this.#socket.on('error', (error: NodeJS.ErrnoException) => events.onError(error.code ?? error.message));
    this.#socket.on('close', () => events.onClose());
  }

  get backlog(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer, start: number, end: number): void {
    this.#socket.write(bytes.subarray(start, end));
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
