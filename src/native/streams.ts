/**
 * Connections over TCP and UDP by system calls, for a thread that sends and waits by itself: each call costs a fraction of a
 * microsecond beside the kernel's work, where a stream of Node costs several. Linux 5.11 with glibc 2.35 or later.
 */
import { constants } from 'node:os';
import { MembenchError } from '../errors.js';
import { loadKoffi } from './koffi.js';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM, SOL_SOCKET } from './sockets.js';

// bits/socket.h, netinet/in.h, netinet/tcp.h, asm-generic/socket.h, linux/eventpoll.h; the same on x86-64 and arm64.
const AF_INET6 = 10;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const SO_ERROR = 4;
const SO_RCVBUF = 8;
/** Bytes of answers over UDP that may wait, as far as the system permits: a large value is a burst of datagrams. */
const UDP_BUFFER = 1 << 22;
const MSG_NOSIGNAL = 0x4000;
const SHUT_WR = 1;
const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_MOD = 3;
export const EPOLLIN = 1;
export const EPOLLOUT = 4;
const PR_SET_TIMERSLACK = 29;
/** Words of struct epoll_event, and before its data: it is packed on x86-64. */
const [EVENT, EVENT_DATA] = process.arch === 'x64' ? [3, 1] : [4, 2];
/** Events that are taken at a time. */
const EVENTS_MAX = 256;

/** System calls on streams. Those that return a number return a negative errno where they fail. */
export interface StreamCalls {
  /** Address of a buffer's first byte; it is valid as long as the buffer is. */
  addressOf(bytes: Uint8Array): number;
  /** Begins to connect to an IP address. Returns the descriptor. */
  connect(ip: string, port: number, isUdp: boolean): number;
  /** Why connecting failed; 0 where it did not. */
  errorOf(fd: number): number;
  send(fd: number, address: number, size: number): number;
  receive(fd: number, address: number, size: number): number;
  /** Sends the end of the stream. */
  finish(fd: number): void;
  close(fd: number): void;
  createPoll(): StreamPoll;
}

/** Waits for many descriptors: epoll(7). */
export interface StreamPoll {
  /** @param tag what `tagOf` returns for its events */
  add(fd: number, tag: number, events: number): void;
  change(fd: number, tag: number, events: number): void;
  /** Waits for events, so many nanoseconds at most, less than a second. Returns how many there are. */
  wait(ns: number): number;
  fdOf(event: number): number;
  tagOf(event: number): number;
  eventsOf(event: number): number;
  close(): void;
}

/** @throws ERR_MEMBENCH_UNSUPPORTED, Error where the system does not have the calls */
export async function loadStreams(): Promise<StreamCalls> {
  if (process.platform !== 'linux')
    throw new MembenchError('ERR_MEMBENCH_UNSUPPORTED', `${process.platform}: only Linux has this`);
  const koffi = await loadKoffi();
  const lib = koffi.load(null);
  const socket = lib.func('int socket(int domain, int type, int protocol)');
  const connect = lib.func('int connect(int fd, void *address, uint32_t size)');
  const setsockopt = lib.func('int setsockopt(int fd, int level, int option, void *value, uint32_t size)');
  const getsockopt = lib.func('int getsockopt(int fd, int level, int option, void *value, void *size)');
  const inetPton = lib.func('int inet_pton(int family, const char *text, void *address)');
  const send = lib.func('long send(int fd, uintptr_t bytes, size_t size, int flags)');
  const recv = lib.func('long recv(int fd, uintptr_t bytes, size_t size, int flags)');
  const shutdown = lib.func('int shutdown(int fd, int how)');
  const close = lib.func('int close(int fd)');
  const epollCreate = lib.func('int epoll_create1(int flags)');
  const epollCtl = lib.func('int epoll_ctl(int epoll, int op, int fd, void *event)');
  const epollWait = lib.func(
    'int epoll_pwait2(int epoll, uintptr_t events, int size, uintptr_t timeout, uintptr_t signals)',
  );
  const prctl = lib.func(
    'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
  );
  const one = new Int32Array([1]);
  const addressOf = (bytes: Uint8Array) => Number(koffi.address(bytes));
  const orError = (result: number) => (result < 0 ? -koffi.errno() : result);

  return {
    addressOf,
    connect(ip, port, isUdp) {
      const address = socketAddress(ip, port, (family, text, to) => inetPton(family, text, to) === 1);
      if (address === null) return -constants.errno.EAFNOSUPPORT;
      const family = address.readUInt16LE(0);
      const type = isUdp ? SOCK_DGRAM : SOCK_STREAM;
      const fd: number = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      if (fd < 0) return -koffi.errno();
      if (isUdp) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, new Int32Array([UDP_BUFFER]), 4);
      else setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one, 4);
      if (connect(fd, address, address.length) === 0) return fd;
      const errno = koffi.errno();
      if (errno === constants.errno.EINPROGRESS) return fd;
      close(fd);
      return -errno;
    },
    errorOf(fd) {
      const error = new Int32Array(1);
      return getsockopt(fd, SOL_SOCKET, SO_ERROR, error, new Uint32Array([4])) === 0
        ? error[0]!
        : koffi.errno();
    },
    send: (fd, address, size) => orError(send(fd, address, size, MSG_NOSIGNAL)),
    receive: (fd, address, size) => orError(recv(fd, address, size, 0)),
    finish: (fd) => shutdown(fd, SHUT_WR),
    close: (fd) => close(fd),
    createPoll() {
      const epoll: number = epollCreate(EPOLL_CLOEXEC);
      if (epoll < 0) throw new Error(`epoll_create1: error ${koffi.errno()}`);
      // The kernel may wake a thread 50 µs late by default, to save power; this one it wakes in time.
      prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
      const events = new Uint32Array(EVENTS_MAX * EVENT);
      // struct timespec, little-endian.
      const timeout = new Uint32Array(4);
      // Asking for their buffers keeps V8 from moving them.
      const eventsAt = addressOf(new Uint8Array(events.buffer));
      const timeoutAt = addressOf(new Uint8Array(timeout.buffer));
      const event = new Uint32Array(EVENT);
      const control = (op: number, fd: number, tag: number, wanted: number) => {
        event[0] = wanted;
        event[EVENT_DATA] = fd;
        event[EVENT_DATA + 1] = tag;
        epollCtl(epoll, op, fd, event);
      };
      return {
        add: (fd, tag, wanted) => control(EPOLL_CTL_ADD, fd, tag, wanted),
        change: (fd, tag, wanted) => control(EPOLL_CTL_MOD, fd, tag, wanted),
        wait(ns) {
          timeout[2] = ns;
          return Math.max(0, epollWait(epoll, eventsAt, EVENTS_MAX, timeoutAt, 0));
        },
        eventsOf: (at) => events[at * EVENT]!,
        fdOf: (at) => events[at * EVENT + EVENT_DATA]!,
        tagOf: (at) => events[at * EVENT + EVENT_DATA + 1]!,
        close: () => close(epoll),
      };
    },
  };
}

/** struct sockaddr_in or sockaddr_in6; null where the text is no address. */
function socketAddress(
  ip: string,
  port: number,
  parse: (family: number, text: string, to: Uint8Array) => boolean,
): Buffer | null {
  const isV6 = ip.includes(':');
  const address = Buffer.alloc(isV6 ? 28 : 16);
  address.writeUInt16LE(isV6 ? AF_INET6 : AF_INET, 0);
  address.writeUInt16BE(port, 2);
  const isFine = parse(isV6 ? AF_INET6 : AF_INET, ip, address.subarray(isV6 ? 8 : 4));
  return isFine ? address : null;
}
