import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { isIPv6, type Socket } from 'node:net';
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

  open(address: Address, events: WireEvents, isUdp = false): Wire {
    if (isUdp) return new NetUdpWire(address, events);
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

class NetUdpWire implements Wire {
  /** What waits to be sent is the socket's. */
  readonly backlog = 0;
  readonly #socket: UdpSocket;
  #isClosed = false;

  constructor({ host, port }: Address, events: WireEvents) {
    this.#socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    this.#socket.on('message', (bytes: Buffer) => events.onBytes(bytes, bytes.length));
    this.#socket.on('connect', () => events.onReady());
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      events.onError(error.code ?? error.message);
      this.destroy();
    });
    this.#socket.on('close', () => events.onClose());
    this.#socket.connect(port, host);
  }

  write(bytes: Buffer, start: number, end: number): void {
    if (!this.#isClosed) this.#socket.send(Buffer.from(bytes.subarray(start, end)));
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }
}
