/** Functions of the C library that Node does not offer: Linux only. */
import { getSystemErrorMap } from 'node:util';
import { MembenchError } from '../errors.js';
import { loadKoffi } from './koffi.js';

// Constants of the kernel's headers for x86-64 and arm64 (asm-generic/mman-common.h, linux/eventpoll.h,
// linux/prctl.h, linux/time.h, asm-generic/resource.h, bits/confname.h of glibc).
export const PROT_READ = 1;
export const PROT_WRITE = 2;
const MAP_SHARED = 0x01;
const MAP_PRIVATE = 0x02;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const SC_PAGESIZE = 30;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const PR_GET_DUMPABLE = 3;
const PR_SET_DUMPABLE = 4;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const RLIMIT_CORE = 4;

/** Description of an errno. */
export function reasonOf(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[1] ?? `error ${errno}`;
}

export interface Libc {
  /** Bytes of a page of this kernel. */
  readonly pageSize: number;
  /** Address of a buffer's first byte. */
  addressOf(view: Uint8Array): bigint;
  /** Maps `size` bytes of a descriptor over existing memory (MAP_FIXED). Returns 0, or errno. */
  mapOver(address: bigint, size: number, protection: number, fd: number, offset: number): number;
  /** Maps anonymous memory over existing memory, which removes the mapping of a descriptor. */
  unmapOver(address: bigint, size: number): void;
  /** Maps `size` bytes of a descriptor at a free address. @throws Error */
  map(size: number, protection: number, fd: number, offset: number): ArrayBuffer;
  /** Reads a socket option into a buffer. @throws Error */
  socketOption(fd: number, level: number, option: number, value: Uint8Array): void;
  /** Makes an epoll descriptor that watches descriptors for input. @throws Error */
  watch(fds: readonly number[]): number;
  /** Waits until one of them has input, at most this many milliseconds. Blocks the thread. */
  waitFor(epoll: number, timeout: number): void;
  /** CLOCK_MONOTONIC, nanoseconds. */
  monotonic(): bigint;
  /** CLOCK_REALTIME, nanoseconds. */
  realtime(): bigint;
  /** Sets no_new_privs for this thread and those it starts, and clears its ambient capabilities. */
  giveUpGaining(): void;
  /**
   * Has the kernel kill this process when its parent ends (PR_SET_PDEATHSIG); reset whenever credentials
   * change.
   */
  dieWithParent(): void;
  /**
   * Clears PR_SET_DUMPABLE: no core dump, and only root can read the memory; reset whenever the user changes.
   */
  hideMemory(): void;
  /** Whether the process is not dumpable. */
  isHidden(): boolean;
}

let libc: Promise<Libc> | undefined;

/**
 * Binds the C library.
 *
 * @throws ERR_MEMBENCH_UNSUPPORTED where koffi is missing or this is not Linux
 */
export function loadLibc(): Promise<Libc> {
  libc ??= bind();
  return libc;
}

async function bind(): Promise<Libc> {
  if (process.platform !== 'linux') {
    throw new MembenchError(
      'ERR_MEMBENCH_UNSUPPORTED',
      `${process.platform}: only Linux has this`,
      'use pcap:IF',
    );
  }
  const koffi = await loadKoffi();
  const lib = koffi.load(null);
  const mmap = lib.func(
    'uintptr_t mmap(uintptr_t at, size_t size, int protection, int flags, int fd, int64_t offset)',
  );
  const sysconf = lib.func('long sysconf(int name)');
  const epollCreate = lib.func('int epoll_create1(int flags)');
  const epollCtl = lib.func('int epoll_ctl(int epoll, int op, int fd, void *event)');
  const epollWait = lib.func('int epoll_wait(int epoll, void *events, int size, int timeout)');
  const clockGettime = lib.func('int clock_gettime(int clock, void *time)');
  const prctl = lib.func(
    'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
  );
  const setrlimit = lib.func('int setrlimit(int resource, void *limits)');
  const getrlimit = lib.func('int getrlimit(int resource, void *limits)');
  const getsockopt = lib.func('int getsockopt(int fd, int level, int option, void *value, void *size)');
  const failed = (what: string) => new Error(`${what}: ${reasonOf(koffi.errno())}`);
  // MAP_FAILED is -1.
  const MAP_FAILED = 0xffffffffffffffffn;

  const time = new BigInt64Array(2);
  const now = (clock: number): bigint => {
    clockGettime(clock, time);
    return time[0]! * 1000000000n + time[1]!;
  };
  // struct epoll_event has 12 bytes on x86-64, where it is packed, and 16 elsewhere: room for both.
  const event = new Uint8Array(16);

  return {
    pageSize: Number(sysconf(SC_PAGESIZE)),
    addressOf: (view) => koffi.address(view) as unknown as bigint,
    mapOver(address, size, protection, fd, offset) {
      const at = mmap(address, size, protection, MAP_SHARED | MAP_FIXED, fd, offset);
      return BigInt(at) === BigInt.asUintN(64, address) ? 0 : koffi.errno();
    },
    unmapOver(address, size) {
      const flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS;
      if (BigInt(mmap(address, size, PROT_READ | PROT_WRITE, flags, -1, 0)) === MAP_FAILED)
        throw failed('mmap');
    },
    map(size, protection, fd, offset) {
      const at = BigInt(mmap(0, size, protection, MAP_SHARED, fd, offset));
      if (at === MAP_FAILED) throw failed('mmap');
      return koffi.view(at as never, size) as ArrayBuffer;
    },
    socketOption(fd, level, option, value) {
      const size = new Uint32Array([value.length]);
      if (getsockopt(fd, level, option, value, size) !== 0) throw failed('getsockopt');
    },
    watch(fds) {
      const epoll = epollCreate(0x80000 /* EPOLL_CLOEXEC */);
      if (epoll < 0) throw failed('epoll_create1');
      for (const fd of fds) {
        event.fill(0);
        new DataView(event.buffer).setUint32(0, EPOLLIN, true);
        if (epollCtl(epoll, EPOLL_CTL_ADD, fd, event) !== 0) throw failed('epoll_ctl');
      }
      return epoll;
    },
    waitFor(epoll, timeout) {
      epollWait(epoll, event, 1, timeout);
    },
    monotonic: () => now(CLOCK_MONOTONIC),
    realtime: () => now(CLOCK_REALTIME),
    giveUpGaining() {
      if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) throw failed('prctl(PR_SET_NO_NEW_PRIVS)');
      // Fails only on kernels before 4.3, which have no ambient capabilities.
      prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    },
    dieWithParent() {
      if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) !== 0) throw failed('prctl(PR_SET_PDEATHSIG)');
    },
    hideMemory() {
      if (setrlimit(RLIMIT_CORE, new BigUint64Array([0n, 0n])) !== 0) throw failed('setrlimit(RLIMIT_CORE)');
      if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) !== 0) throw failed('prctl(PR_SET_DUMPABLE)');
    },
    isHidden() {
      const limits = new BigUint64Array([1n, 1n]);
      if (getrlimit(RLIMIT_CORE, limits) !== 0) throw failed('getrlimit(RLIMIT_CORE)');
      return limits[0] === 0n && limits[1] === 0n && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) === 0;
    },
  };
}
