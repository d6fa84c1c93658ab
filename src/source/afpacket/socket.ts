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
// Options, values and flags of linux/if_packet.h. The last flag came with 6.2; kernels before take it and
// do nothing.
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

/** Alignment is all that TPACKET_V3 asks of it: packets lie in a block as close as they can. */
const FRAME_SIZE = 2048;
/** How long a packet waits at most in a block that is not full, ms. */
export const RETIRE_TIMEOUT = 8;

export interface RingSize {
  /** Bytes: a power of two, of pages, and more than the largest packet. */
  blockSize: number;
  blockCount: number;
}

/** One packet socket with its TPACKET_V3 ring, which takes nothing until it is given a filter. */
export class PacketSocket {
  /** Does not block, and is closed in programs this process starts unless it is handed to them. */
  readonly fd: number;
  readonly #calls: SocketCalls;
  readonly #device: string;

  /**
   * Makes the socket, not bound to anything.
   *
   * @param device name of the interface, for errors
   * @param cooked packets come without their link header
   * @throws ERR_MEMBENCH_SOURCE without the right to, ERR_MEMBENCH_UNSUPPORTED where the kernel has none
   */
  constructor(calls: SocketCalls, device: string, cooked = false) {
    this.#calls = calls;
    this.#device = device;
    // Protocol 0: no packets before it is bound.
    const type = cooked ? SOCK_DGRAM : SOCK_RAW;
    this.fd = this.#check('socket', calls.socket(AF_PACKET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }

  /**
   * Makes the ring and binds the socket to the interface, or to all of them (0), with a filter that takes nothing.
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
   * Leaves packets that go out to others, before they are copied. Only where there is no fanout group, which
   * has a flag of its own instead. Kernels before 4.20 do not know how, and the filter must do it.
   */
  ignoreOutgoing(): void {
    this.#calls.setInt(this.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
  }

  /**
   * Joins a group that shares packets out by a program: the remainder of what it returns, divided by the number
   * of sockets, is the socket's place in the group. Before it has one the first socket gets all.
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
   * Sets the program of the group this socket is in.
   *
   * @param program array of struct sock_filter (linux/filter.h)
   * @throws ERR_MEMBENCH_SOURCE
   */
  shareBy(program: Uint8Array): void {
    const result = this.#calls.setFilter(this.fd, SOL_PACKET, PACKET_FANOUT_DATA, program);
    this.#check('PACKET_FANOUT_DATA', result);
  }

  /**
   * Puts a filter in the place of the one before, between two packets.
   *
   * @param program array of struct sock_filter (linux/filter.h)
   * @throws ERR_MEMBENCH_SOURCE
   */
  setFilter(program: Uint8Array): void {
    const result = this.#calls.setFilter(this.fd, SOL_SOCKET, SO_ATTACH_FILTER, program);
    this.#check('SO_ATTACH_FILTER', result);
  }

  /** Since the last call. */
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
