/**
 * A layer-3 device in the server's namespace whose other end this process is: what is written into it the
 * kernel receives as packets, and what the kernel sends out of it is read here. Every packet of both
 * directions is kept in the order of occurrence.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';
import { START } from '../../support/conversation.js';
import type { Network } from '../../support/network.js';
import type { Packet } from '../../support/packets.js';

// linux/if_tun.h.
const TUNSETIFF = 0x400454ca;
const IFF_TUN_NO_PI = 0x1001;
const PACKET_MAX = 65536;

const NAME = 'rcv0';

export class Device {
  readonly packets: Packet[] = [];
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(PACKET_MAX);
  readonly #begun = process.hrtime.bigint();
  #last = 0n;
  /** Takes what the server sends. */
  onPacket: (data: Uint8Array) => void = () => {};

  /** Makes the device; the server's addresses on it are 10.0.0.1 and fd00::1. */
  constructor(network: Network) {
    this.#fd = openSync('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK);
    const request = new Uint8Array(40);
    const name = `mbr${process.pid}`;
    Buffer.from(request.buffer).write(name, 0, 'latin1');
    new DataView(request.buffer).setUint16(16, IFF_TUN_NO_PI, true);
    const ioctl = koffi.load(null).func('int ioctl(int fd, unsigned long request, void *data)');
    if (ioctl(this.#fd, TUNSETIFF, request) < 0) throw new Error('TUNSETIFF');
    execFileSync('ip', ['link', 'set', name, 'netns', network.serverNamespace, 'name', NAME]);
    network.server('ip', 'address', 'add', '10.0.0.1/24', 'dev', NAME);
    network.server('ip', 'address', 'add', 'fd00::1/64', 'dev', NAME, 'nodad');
    network.server('ip', 'link', 'set', NAME, 'up');
  }

  #keep(data: Uint8Array): void {
    const now = process.hrtime.bigint() - this.#begun;
    this.#last = now > this.#last ? now : this.#last + 1n;
    this.packets.push({ time: START + this.#last, data });
  }

  /** Has the kernel receive a packet. What it sent before is read before. */
  send(data: Uint8Array): void {
    this.receive();
    this.#keep(data);
    writeSync(this.#fd, data);
    this.receive();
  }

  /** Reads all the kernel has sent by now. */
  receive(): void {
    for (;;) {
      let size: number;
      try {
        size = readSync(this.#fd, this.#buffer);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
        throw error;
      }
      const data = Uint8Array.from(this.#buffer.subarray(0, size));
      this.#keep(data);
      this.onPacket(data);
    }
  }

  /** Reads on until something is true. */
  async until(what: () => boolean, why: () => string): Promise<void> {
    for (let i = 0; i < 5000; i++) {
      this.receive();
      if (what()) return;
      await sleep(1);
    }
    throw new Error(`waited in vain: ${why()}`);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
