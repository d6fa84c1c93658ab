import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { MembenchError } from '../../errors.js';
import { reasonOf } from '../../native/libc.js';
import {
  AF_PACKET,
  PACKET_STATISTICS,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_PACKET,
  SOL_SOCKET,
} from '../../native/sockets.js';
import { REJECT } from './filter.js';
import type { SocketCalls, TpacketStatsV3 } from './libc.js';

/** asm-generic/socket.h. */
const SO_ATTACH_FILTER = 26;
/** linux/if_ether.h. */
const ETH_P_ALL = 0x0003;
// Options, values and flags of linux/if_packet.h. Kernels before 6.2 ignore
// PACKET_FANOUT_FLAG_IGNORE_OUTGOING.
const PACKET_RX_RING = 5;
const PACKET_VERSION = 10;
const PACKET_FANOUT = 18;
const PACKET_FANOUT_DATA = 22;
const PACKET_IGNORE_OUTGOING = 23;
const TPACKET_V3 = 2;
const PACKET_FANOUT_CBPF = 6;
const PACKET_FANOUT_FLAG_UNIQUEID = 0x2000;
const PACKET_FANOUT_FLAG_IGNORE_OUTGOING = 0x4000;
const { EPERM, ENOMEM, EAFNOSUPPORT } = constants.errno;

/** tp_frame_size, bytes. TPACKET_V3 packs packets densely and only requires that it is aligned. */
const FRAME_SIZE = 2048;
/** Longest wait of a packet in a block that is not full, ms. */
export const RETIRE_TIMEOUT = 8;

export interface RingSize {
  /** Bytes of a block: a power of two, whole pages, and more than the largest packet. */
  blockSize: number;
  blockCount: number;
}

/** A packet socket with its TPACKET_V3 ring. It captures nothing until it has a filter. */
export class PacketSocket {
  /** Non-blocking descriptor, closed on exec unless it is passed on explicitly. */
  readonly fd: number;
  readonly #calls: SocketCalls;
  readonly #device: string;

  /**
   * Makes an unbound socket.
   *
   * @param device name of the interface, for errors
   * @param cooked capture packets without their link header
   * @throws ERR_MEMBENCH_SOURCE without permission, ERR_MEMBENCH_UNSUPPORTED where the kernel has no packet
   *   sockets
   */
  constructor(calls: SocketCalls, device: string, cooked = false) {
    this.#calls = calls;
    this.#device = device;
    // Protocol 0: no packets before it is bound.
    const type = cooked ? SOCK_DGRAM : SOCK_RAW;
    this.fd = this.#check('socket', calls.socket(AF_PACKET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }

  /**
   * Makes the ring and binds the socket to an interface, or to all (0), with a filter that rejects
   * everything.
   *
   * @throws ERR_MEMBENCH_SOURCE
   */
  bind(ifindex: number, { blockSize, blockCount }: RingSize): void {
    this.#set('PACKET_VERSION', PACKET_VERSION, TPACKET_V3);
    const ring = {
      tp_block_size: blockSize,
      tp_block_nr: blockCount,
      tp_frame_size: FRAME_SIZE,
      tp_frame_nr: (blockSize / FRAME_SIZE) * blockCount,
      tp_retire_blk_tov: RETIRE_TIMEOUT,
      tp_sizeof_priv: 0,
      tp_feature_req_word: 0,
    };
    this.#check('PACKET_RX_RING', this.#calls.setRing(this.fd, SOL_PACKET, PACKET_RX_RING, ring));
    this.setFilter(REJECT);
    const address = { sll_family: AF_PACKET, sll_protocol: ETH_P_ALL, sll_ifindex: ifindex };
    this.#check('bind', this.#calls.bind(this.fd, address));
  }

  /**
   * Ignores outgoing packets before they are copied. For sockets without a fanout group, which has a flag for
   * this. Kernels before 4.20 lack the option, and there the filter rejects the packets.
   */
  ignoreOutgoing(): void {
    this.#calls.setInt(this.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
  }

  /**
   * Joins a fanout group, which distributes packets by a program: what the program returns, modulo the number of
   * sockets, is the index of a socket in the group. Without a program the first socket gets all packets.
   *
   * @param group id of the group, or undefined for a new one
   * @returns id of the group
   * @throws ERR_MEMBENCH_SOURCE
   */
  join(group: number | undefined, ignoreOutgoing: boolean): number {
    const flags = ignoreOutgoing ? PACKET_FANOUT_FLAG_IGNORE_OUTGOING : 0;
    const unique = group === undefined ? PACKET_FANOUT_FLAG_UNIQUEID : 0;
    // struct fanout_args: the id in the low half, type and flags in the high one, whatever the byte order.
    this.#set('PACKET_FANOUT', PACKET_FANOUT, ((PACKET_FANOUT_CBPF | flags | unique) << 16) | (group ?? 0));
    if (group !== undefined) return group;
    const joined = this.#calls.getInt(this.fd, SOL_PACKET, PACKET_FANOUT);
    return this.#check('PACKET_FANOUT', joined ?? -1) & 0xffff;
  }

  /**
   * Sets the program of the fanout group.
   *
   * @param program array of struct sock_filter (linux/filter.h)
   * @throws ERR_MEMBENCH_SOURCE
   */
  shareBy(program: Uint8Array): void {
    const result = this.#calls.setFilter(this.fd, SOL_PACKET, PACKET_FANOUT_DATA, program);
    this.#check('PACKET_FANOUT_DATA', result);
  }

  /**
   * Replaces the filter, atomically between two packets.
   *
   * @param program array of struct sock_filter (linux/filter.h)
   * @throws ERR_MEMBENCH_SOURCE
   */
  setFilter(program: Uint8Array): void {
    const result = this.#calls.setFilter(this.fd, SOL_SOCKET, SO_ATTACH_FILTER, program);
    this.#check('SO_ATTACH_FILTER', result);
  }

  /** PACKET_STATISTICS since the last call. */
  statistics(): TpacketStatsV3 {
    const statistics = this.#calls.getStatistics(this.fd, SOL_PACKET, PACKET_STATISTICS);
    if (statistics === undefined) throw this.#failed('PACKET_STATISTICS');
    return statistics;
  }

  close(): void {
    closeSync(this.fd);
  }

  #set(what: string, option: number, value: number): void {
    this.#check(what, this.#calls.setInt(this.fd, SOL_PACKET, option, value));
  }

  #check(what: string, result: number): number {
    if (result < 0) throw this.#failed(what);
    return result;
  }

  #failed(what: string): MembenchError {
    const errno = this.#calls.errno();
    switch (errno) {
      case EPERM:
        return new MembenchError(
          'ERR_MEMBENCH_SOURCE',
          `${this.#device}: no permission to capture`,
          'run as root or with CAP_NET_RAW',
        );
      case EAFNOSUPPORT:
        return new MembenchError(
          'ERR_MEMBENCH_UNSUPPORTED',
          `${this.#device}: this kernel has no packet sockets`,
          'modprobe af_packet, or use ebpf:IF',
        );
    }
    return new MembenchError(
      'ERR_MEMBENCH_SOURCE',
      `${this.#device}: ${what}: ${reasonOf(errno)}`,
      errno === ENOMEM ? 'take a smaller buffer, or fewer ports' : undefined,
    );
  }
}
