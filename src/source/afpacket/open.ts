/** Opens the packet sockets of `afpacket:IF`: the half of the source that needs rights. */
import { randomInt } from 'node:crypto';
import { MembenchError } from '../../errors.js';
import type { Linktype } from '../../layout/generated.js';
import { type Interface, loadInterfaces } from '../../native/interfaces.js';
import { loadLibc } from '../../native/libc.js';
import { isEvery } from '../live.js';
import { noInterface } from '../misnamed.js';
import { sharingProgram } from './fanout.js';
import { compileFilter, exceptOutgoing, type FilterLink, incomingOnly, REJECT } from './filter.js';
import { loadSocketCalls, type SocketCalls } from './libc.js';
import { PacketSocket, type RingSize } from './socket.js';

/** Bytes of a block: room for several packets of the largest size that offloading makes, some 64 KiB. */
const BLOCK_SIZE = 256 * 1024;
/** Least blocks of a ring: one that the kernel writes, one that is read, and two in between. */
const BLOCKS_MIN = 4;
/**
 * Most blocks of a ring: the kernel counts its bytes in 32 bits (packet_set_ring in net/packet/af_packet.c).
 */
const BLOCKS_MAX = 2 ** 32 / BLOCK_SIZE - 1;

export interface AfpacketOptions {
  /** Name of the interface; `any` and `*` stand for all, future ones too. */
  interface: string;
  /** Ports as inclusive ranges: TCP and UDP, with and without VLAN tags. */
  ports: readonly (readonly [first: number, last: number])[];
  /**
   * Number of sockets among which the kernel distributes the packets, at most 256: the default limit of a
   * fanout group.
   */
  workers: number;
  /** Bytes of all rings together; each has at least 1 MiB. */
  bufferBytes: number;
  /** Most bytes of a packet to keep. Default: all. */
  snaplen?: number | undefined;
}

export interface AfpacketStatistics {
  /** Packets that passed the filter, dropped ones included. */
  packets: number;
  /** Packets of these that were dropped because the ring was full. */
  drops: number;
  /** How often a ring became full. */
  freezes: number;
}

/** TPACKET_V3 rings (packet(7), linux/if_packet.h), one for each worker. */
export interface AfpacketSockets {
  /**
   * Descriptors of the sockets, one for each worker, all in one fanout group; a child process can inherit and
   * map them.
   */
  readonly fds: readonly number[];
  /** Bytes of a block of a ring. */
  readonly blockSize: number;
  /** Blocks of each ring. */
  readonly blockCount: number;
  /** Index of the interface, 0: all. */
  readonly ifindex: number;
  /** Link type of the packets. */
  readonly linktype: Extract<Linktype, FilterLink>;
  /** Starts capturing; before, the sockets reject all packets. @throws ERR_MEMBENCH_SOURCE */
  start(): void;
  /** Stops capturing; packets in the rings stay there. @throws ERR_MEMBENCH_SOURCE */
  stop(): void;
  /** PACKET_STATISTICS of all sockets since the last call; the kernel resets them when they are read. */
  statistics(): AfpacketStatistics;
  /**
   * Closes the sockets in this process only; a child process that inherited one keeps it. Call nothing after
   * this.
   */
  close(): void;
}

/**
 * Opens packet sockets on an interface that is up. All packets of a connection reach the same socket, also where
 * addresses are translated, except fragments.
 *
 * @throws ERR_MEMBENCH_SOURCE for an interface that is not there, is down or must not be captured from;
 *   ERR_MEMBENCH_LINKTYPE where its packets begin with neither Ethernet nor IP; ERR_MEMBENCH_UNSUPPORTED
 *   where Linux, koffi, libpcap or packet sockets are missing
 */
export async function openAfpacket(options: AfpacketOptions): Promise<AfpacketSockets> {
  // The first thing that is missing is what the error names.
  await loadLibc();
  const device = await findInterface(options.interface);
  const linktype = device.link === 'ip' ? 'raw' : 'ethernet';
  const compiled = await compileFilter(options.ports, linktype, options.snaplen);
  const program =
    device.ifindex === 0
      ? await withoutEchoes(compiled)
      : device.loopback
        ? incomingOnly(compiled)
        : compiled;
  const ring = ringSize(options.bufferBytes / options.workers);
  const sockets = open(await loadSocketCalls(), device, options.workers, ring);
  // Packets are shared out before they are filtered: until `start()` none is taken, whoever it would go to.
  if (options.workers > 1) share(sockets, options.ports);
  return {
    fds: sockets.map(({ fd }) => fd),
    ...ring,
    ifindex: device.ifindex,
    linktype,
    start() {
      for (const socket of sockets) socket.setFilter(program);
    },
    stop() {
      for (const socket of sockets) socket.setFilter(REJECT);
    },
    statistics() {
      const sum = { packets: 0, drops: 0, freezes: 0 };
      for (const socket of sockets) {
        const { tp_packets, tp_drops, tp_freeze_q_cnt } = socket.statistics();
        sum.packets += tp_packets;
        sum.drops += tp_drops;
        sum.freezes += tp_freeze_q_cnt;
      }
      return sum;
    },
    close() {
      for (const socket of sockets.splice(0)) socket.close();
    },
  };
}

/**
 * Stands for all interfaces. Their link headers differ, so the kernel removes them, as for libpcap's `any`.
 */
const EVERY: Interface = { name: 'any', ifindex: 0, up: true, loopback: false, link: 'ip' };

/** Keeps loopback packets, which are seen twice, from being captured when they go out. */
async function withoutEchoes(program: Uint8Array): Promise<Uint8Array> {
  const loopback = (await loadInterfaces()).all().find((device) => device.loopback);
  return loopback === undefined ? program : exceptOutgoing(loopback.ifindex, program);
}

async function findInterface(name: string): Promise<Interface> {
  if (isEvery(name)) return EVERY;
  const device = (await loadInterfaces()).find(name);
  if (device === undefined) throw noInterface(name);
  if (device.link === 'other') {
    throw new MembenchError(
      'ERR_MEMBENCH_LINKTYPE',
      `${name}: its packets begin with neither Ethernet nor IP`,
      'capture on an interface with IP traffic',
    );
  }
  // Kernels before 6.13 refuse a fanout group on an interface that is down.
  if (!device.up)
    throw new MembenchError(
      'ERR_MEMBENCH_SOURCE',
      `${name}: the interface is down`,
      `ip link set ${name} up`,
    );
  return device;
}

function share(sockets: readonly PacketSocket[], ports: AfpacketOptions['ports']): void {
  try {
    sockets[0]!.shareBy(sharingProgram(ports, randomInt(2 ** 32)));
  } catch (error) {
    for (const socket of sockets) socket.close();
    throw error;
  }
}

function ringSize(bytes: number): RingSize {
  const blocks = Math.floor(bytes / BLOCK_SIZE);
  return { blockSize: BLOCK_SIZE, blockCount: Math.min(BLOCKS_MAX, Math.max(BLOCKS_MIN, blocks)) };
}

function open(calls: SocketCalls, device: Interface, workers: number, ring: RingSize): PacketSocket[] {
  const sockets: PacketSocket[] = [];
  let group: number | undefined;
  try {
    for (let i = 0; i < workers; i++) {
      const socket = new PacketSocket(calls, device.name, device.ifindex === 0);
      sockets.push(socket);
      socket.bind(device.ifindex, ring);
      // On loopback every packet is seen twice, going out and coming in.
      if (workers > 1) group = socket.join(group, device.loopback);
      else if (device.loopback) socket.ignoreOutgoing();
    }
  } catch (error) {
    for (const socket of sockets) socket.close();
    throw error;
  }
  return sockets;
}
