import type { Counter } from '../../layout/generated.js';
import { LINKTYPE_NAMES } from '../../layout/generated.js';
import { type Interfaces, loadInterfaces } from '../../native/interfaces.js';
import type { LiveOptions } from '../live.js';
import type { KernelCounts, PacketRingsFeed, PacketSource, SourceChange } from '../source.js';
import { InterfaceWatch } from '../watch.js';
import { type AfpacketSockets, openAfpacket } from './open.js';
import { RETIRE_TIMEOUT } from './socket.js';

/** `afpacket:IF`: packet sockets with rings that the parser reads in place. */
export class AfpacketSource implements PacketSource {
  readonly kind = 'afpacket';
  readonly finite = false;
  readonly unit = 1;
  readonly info: string;
  readonly feed: PacketRingsFeed;
  /** The filter of an open socket can be set without capabilities. */
  readonly needs = [];
  onChange: (change: SourceChange) => void = () => {};
  readonly #sockets: AfpacketSockets;
  /** Undefined for all interfaces, of which none is watched. */
  readonly #watch: InterfaceWatch | undefined;

  private constructor(name: string, sockets: AfpacketSockets, interfaces: Interfaces) {
    this.info = `afpacket on ${name} by ${sockets.fds.length} packet socket${sockets.fds.length === 1 ? '' : 's'}`;
    this.#sockets = sockets;
    this.feed = {
      kind: 'packet rings',
      sockets: sockets.fds,
      blockSize: sockets.blockSize,
      blockCount: sockets.blockCount,
      blockTimeout: RETIRE_TIMEOUT,
      linktype: LINKTYPE_NAMES.indexOf(sockets.linktype),
    };
    // The kernel binds a socket again when its interface comes up.
    if (sockets.ifindex === 0) return;
    this.#watch = new InterfaceWatch(interfaces, name, sockets.ifindex, (change) => this.onChange(change));
  }

  /** @throws what `openAfpacket` throws */
  static async open(name: string, options: LiveOptions): Promise<AfpacketSource> {
    const sockets = await openAfpacket({
      interface: name,
      ports: options.ports,
      workers: options.workers,
      bufferBytes: options.buffer,
      snaplen: options.snaplen,
    });
    return new AfpacketSource(name, sockets, await loadInterfaces());
  }

  start(): void {
    this.#sockets.start();
    this.#watch?.start();
  }

  stop(): void {
    this.#watch?.stop();
    this.#sockets.stop();
  }

  kernel(counters: Readonly<Record<Counter, number>>): KernelCounts {
    return { received: counters.packets_seen, dropped: counters.lost_by_kernel };
  }

  is(): boolean {
    return false;
  }

  close(): void {
    this.#watch?.stop();
    this.#sockets.close();
  }
}
