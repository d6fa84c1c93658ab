/**
 * A filter that refuses a list of system calls (seccomp(2), linux/seccomp.h). A list of allowed calls is not
 * practical: Node needs many, and others in every release.
 */
import { constants } from 'node:os';
import {
  assemble,
  IF_ANY_BIT,
  IF_AT_LEAST,
  IF_EQUAL,
  type Instruction,
  LOAD,
  RETURN,
  SOCK_FILTER,
} from './classic-bpf.js';
import { loadKoffi } from './koffi.js';
import { loadLibc, reasonOf } from './libc.js';
import { AF_UNIX, SOCK_STREAM } from './sockets.js';
import { ARCHITECTURES, type Architecture, BY_ARGUMENT, type Numbers, REFUSED } from './syscalls.js';

// Offsets in struct seccomp_data: number of the call, architecture, and low half of an argument.
const NR = 0;
const ARCH = 4;
const argument = (index: number) => 16 + 8 * index;
/** AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64 (linux/audit.h). */
const AUDIT_ARCH: Record<Architecture, number> = { x64: 0xc000003e, arm64: 0xc00000b7 };
/** __X32_SYSCALL_BIT (asm/unistd.h of x86), which gives all calls a second number. */
const X32 = 0x40000000;

// Return values of a filter (linux/seccomp.h): SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO.
const ALLOW = 0x7fff0000;
const failWith = (errno: number) => 0x00050000 | errno;
const { EPERM, ENOSYS } = constants.errno;
const REFUSE = failWith(EPERM);

/** linux/sched.h. */
const CLONE_THREAD = 0x10000;
// Options of linux/prctl.h that would make the process readable for others, or let it outlive its parent.
const PR_SET_PDEATHSIG = 1;
const PR_SET_DUMPABLE = 4;
const PR_SET_PTRACER = 0x59616d61;
// Requests of asm-generic/ioctls.h that insert input into a terminal.
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

/** Instructions for one system call, whose number is loaded; they always return. */
function inCall(number: number, instructions: readonly Instruction[]): Instruction[] {
  return [[IF_EQUAL, 0, instructions.length, number], ...instructions];
}

/** Returns `found` where an argument has one of these values, else `otherwise`. */
function byValue(index: number, values: readonly number[], found: number, otherwise: number): Instruction[] {
  return [
    [LOAD, 0, 0, argument(index)],
    ...values.map((value, i) => [IF_EQUAL, values.length - i, 0, value] as const),
    [RETURN, 0, 0, otherwise],
    [RETURN, 0, 0, found],
  ];
}

/**
 * The filter as an array of struct sock_filter. A refused call fails with EPERM.
 *
 * @param pid the filtered process, which may signal itself
 */
export function filterProgram(architecture: Architecture, pid: number): Uint8Array {
  const column = ARCHITECTURES.indexOf(architecture);
  const of = (numbers: Numbers, instructions: readonly Instruction[]): Instruction[] =>
    numbers[column] === null ? [] : inCall(numbers[column]!, instructions);
  const { clone, clone3, kill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, prlimit64, prctl, ioctl } =
    BY_ARGUMENT;
  const onlySelf = byValue(0, [pid], ALLOW, REFUSE);
  const program: Instruction[] = [
    // A process can switch to another architecture, on which the numbers below mean other calls.
    [LOAD, 0, 0, ARCH],
    [IF_EQUAL, 1, 0, AUDIT_ARCH[architecture]],
    [RETURN, 0, 0, REFUSE],
    [LOAD, 0, 0, NR],
    [IF_AT_LEAST, 0, 1, X32],
    [RETURN, 0, 0, REFUSE],
    ...Object.values(REFUSED).flatMap((numbers) => of(numbers, [[RETURN, 0, 0, REFUSE]])),
    // New threads are allowed, new processes are not. The arguments of clone3 are in memory, where a filter
    // cannot check them: ENOSYS makes the C library use clone instead.
    ...of(clone3, [[RETURN, 0, 0, failWith(ENOSYS)]]),
    ...of(clone, [
      [LOAD, 0, 0, argument(0)],
      [IF_ANY_BIT, 1, 0, CLONE_THREAD],
      [RETURN, 0, 0, REFUSE],
      [RETURN, 0, 0, ALLOW],
    ]),
    ...[kill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo].flatMap((numbers) => of(numbers, onlySelf)),
    ...of(prlimit64, byValue(0, [0, pid], ALLOW, REFUSE)),
    ...of(prctl, byValue(0, [PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_PTRACER], REFUSE, ALLOW)),
    ...of(ioctl, byValue(1, [TIOCSTI, TIOCLINUX], REFUSE, ALLOW)),
    [RETURN, 0, 0, ALLOW],
  ];
  return assemble(program);
}

/** A filter that refuses io_uring(7) with ENOSYS, as a kernel without it does. */
export function ringlessProgram(architecture: Architecture): Uint8Array {
  return assemble([
    [LOAD, 0, 0, ARCH],
    [IF_EQUAL, 1, 0, AUDIT_ARCH[architecture]],
    [RETURN, 0, 0, ALLOW],
    [LOAD, 0, 0, NR],
    ...inCall(REFUSED.io_uring_setup[ARCHITECTURES.indexOf(architecture)]!, [
      [RETURN, 0, 0, failWith(ENOSYS)],
    ]),
    [RETURN, 0, 0, ALLOW],
  ]);
}

/** Number of seccomp(2), which has no wrapper in the C library. */
const SECCOMP: Numbers = [317, 277];
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
/**
 * SECCOMP_FILTER_FLAG_SPEC_ALLOW, since Linux 4.17. Without it kernels before 5.16 also disable speculative
 * store bypass, which costs some percent and protects only against foreign code in the same process.
 */
const SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4;

export interface Seccomp {
  /**
   * Installs the filter in every thread of this process, for good. Needs no_new_privs.
   *
   * @returns null, or the reason why there is no filter
   * @throws Error where it could not be installed in some thread
   */
  install(): string | null;
  /**
   * Makes io_uring unavailable to this thread and all threads and programs it starts: an io_uring can open
   * files, for example, and no filter sees its operations. Node's event loop makes one where it can (libuv
   * 1.49, for epoll alone), and aborts where it may no longer use it. Needs no_new_privs.
   */
  refuseRings(): void;
  /** Tries to make a socket. Returns 0, or errno. */
  trySocket(): number;
}

/** @throws ERR_MEMBENCH_UNSUPPORTED where koffi is missing or this is not Linux */
export async function loadSeccomp(): Promise<Seccomp> {
  const libc = await loadLibc();
  const koffi = await loadKoffi();
  const lib = koffi.load(null);
  const syscall = lib.func('long syscall(long number, unsigned long a, unsigned long b, void *c)');
  const socket = lib.func('int socket(int domain, int type, int protocol)');
  const programs: Uint8Array[] = [];
  /**
   * Installs a filter. Returns 0, the id of a thread in which it could not be installed, or a negative errno.
   */
  const set = (architecture: Architecture, flags: number, program: Uint8Array): number => {
    // struct sock_fprog (linux/filter.h): number of instructions and their address.
    const head = new DataView(new ArrayBuffer(16));
    head.setUint16(0, program.length / SOCK_FILTER, true);
    head.setBigUint64(8, BigInt(libc.addressOf(program)), true);
    const number = SECCOMP[ARCHITECTURES.indexOf(architecture)]!;
    const at = new Uint8Array(head.buffer);
    // Of the program the call has the address alone: it must not be collected before.
    programs.push(program);
    const result = Number(
      syscall(number, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_SPEC_ALLOW, at),
    );
    return result < 0 ? -koffi.errno() : result;
  };
  const architecture = ARCHITECTURES.find((one) => one === process.arch);
  return {
    install() {
      if (architecture === undefined) return `the system calls of ${process.arch} are not known here`;
      const result = set(architecture, SECCOMP_FILTER_FLAG_TSYNC, filterProgram(architecture, process.pid));
      if (result > 0) throw new Error(`thread ${result} could not be put behind the filter`);
      return result === 0 ? null : `the kernel takes none: ${reasonOf(-result)}`;
    },
    refuseRings() {
      if (architecture === undefined || ringless) return;
      // Where this fails, `install` fails as well and reports it.
      ringless = set(architecture, 0, ringlessProgram(architecture)) === 0;
    },
    trySocket: () => (Number(socket(AF_UNIX, SOCK_STREAM, 0)) >= 0 ? 0 : koffi.errno()),
  };
}

/** Whether io_uring is refused in this thread already. */
let ringless = false;
