import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { loadLibc } from '#src/native/libc.js';
import { filterProgram, loadSeccomp, ringlessProgram } from '#src/native/seccomp.js';
import {
  ARCHITECTURES,
  type Architecture,
  BY_ARGUMENT,
  type Numbers,
  REFUSED,
} from '#src/native/syscalls.js';

const CALLS: Record<string, Numbers> = { ...REFUSED, ...BY_ARGUMENT };
const PID = 4711;
const EPERM = 1;
const ENOSYS = 38;
const ALLOW = 0x7fff0000;
const failed = (errno: number) => 0x50000 + errno;
/** linux/audit.h. */
const MACHINE = { x64: 0xc000003e, arm64: 0xc00000b7, i386: 0x40000003, arm: 0x40000028 };

/** Runs a filter as the kernel would, as far as filters of ours go (Documentation/networking/filter.rst). */
function run(program: Uint8Array, machine: number, number: number, args: readonly bigint[] = []): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setInt32(0, number, true);
  data.setUint32(4, machine, true);
  for (const [i, value] of args.entries()) data.setBigUint64(16 + 8 * i, BigInt.asUintN(64, value), true);
  const code = new DataView(program.buffer);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const [yes, no, k] = [
      code.getUint8(at * 8 + 2),
      code.getUint8(at * 8 + 3),
      code.getUint32(at * 8 + 4, true),
    ];
    switch (code.getUint16(at * 8, true)) {
      case 0x20:
        accumulator = data.getUint32(k, true);
        break;
      case 0x15:
        at += accumulator === k ? yes : no;
        break;
      case 0x35:
        at += accumulator >= k ? yes : no;
        break;
      case 0x45:
        at += (accumulator & k) !== 0 ? yes : no;
        break;
      case 0x06:
        return k;
      default:
        throw new Error('an instruction that is not known');
    }
  }
}

/** Numbers by name as a header of the kernel has them. */
function header(path: string): Map<string, number> {
  const found = readFileSync(path, 'utf8').matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)$/gm);
  return new Map([...found].map(([, name, number]) => [name!, Number(number)]));
}

const HEADERS = {
  x64: [
    '/usr/include/x86_64-linux-gnu/asm/unistd_64.h',
    '/usr/include/asm/unistd_64.h',
    '/usr/x86_64-linux-gnu/include/asm/unistd_64.h',
  ],
  arm64: ['/usr/include/asm-generic/unistd.h'],
};

for (const architecture of ARCHITECTURES) {
  const path = HEADERS[architecture].find(existsSync);
  (path === undefined ? test.skip : test)(
    `${architecture}: numbers are those of the kernel's header`,
    (t) => {
      const numbers = header(path!);
      // The asm-generic header is for all who have no other; arm64 has what it marks as wanted.
      const latest = Math.max(...numbers.values());
      let compared = 0;
      for (const [name, both] of Object.entries(CALLS)) {
        const number = both[ARCHITECTURES.indexOf(architecture)] ?? null;
        if (number !== null && number > latest) continue;
        t.is(number, numbers.get(name) ?? null, name);
        compared++;
      }
      t.true(compared > 90);
    },
  );

  test(`${architecture}: what is refused, and what is not`, (t) => {
    const program = filterProgram(architecture, PID);
    const of = (name: string, ...args: bigint[]) =>
      run(program, MACHINE[architecture], CALLS[name]![ARCHITECTURES.indexOf(architecture)]!, args);
    for (const [name, numbers] of Object.entries<Numbers>(REFUSED)) {
      if (numbers[ARCHITECTURES.indexOf(architecture)] !== null) t.is(of(name), failed(EPERM), name);
    }
    t.is(of('clone3', 0n, 88n), failed(ENOSYS));
    t.is(of('clone', 17n), failed(EPERM));
    t.is(of('clone', 0x3d0f00n), ALLOW, 'as pthread_create does');
    for (const name of ['kill', 'tgkill', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo']) {
      t.is(of(name, BigInt(PID), 9n), ALLOW, name);
      for (const pid of [1n, 0n, -1n, -BigInt(PID)]) t.is(of(name, pid, 9n), failed(EPERM), `${name} ${pid}`);
    }
    t.deepEqual([of('prlimit64', 0n), of('prlimit64', BigInt(PID))], [ALLOW, ALLOW]);
    t.is(of('prlimit64', 1n), failed(EPERM));
    for (const option of [1n, 4n, 0x59616d61n]) t.is(of('prctl', option), failed(EPERM));
    for (const option of [3n, 15n, 38n, 0x53564d41n]) t.is(of('prctl', option), ALLOW, 'names, PR_SET_VMA');
    for (const request of [0x5412n, 0x541cn]) t.is(of('ioctl', 0n, request), failed(EPERM));
    for (const request of [0x5401n, 0x5421n, 0x541bn]) t.is(of('ioctl', 0n, request), ALLOW);
  });

  test(`${architecture}: everything else is allowed, on this architecture only`, (t) => {
    const program = filterProgram(architecture, PID);
    const listed = new Set<number | null>(
      Object.values(CALLS).map((both) => both[ARCHITECTURES.indexOf(architecture)] ?? null),
    );
    for (let number = 0; number < 512; number++) {
      if (!listed.has(number)) t.is(run(program, MACHINE[architecture], number), ALLOW, String(number));
    }
    for (const [name, machine] of Object.entries(MACHINE)) {
      if (name !== (architecture as string)) t.is(run(program, machine, 39), failed(EPERM), name);
    }
    for (const number of [0, 1, 59, 520]) {
      t.is(run(program, MACHINE[architecture], 0x40000000 + number), failed(EPERM), 'x32');
    }
  });
}

for (const architecture of ARCHITECTURES) {
  test(`${architecture}: a kernel without io_uring, and with everything else`, (t) => {
    const program = ringlessProgram(architecture);
    for (let number = 0; number < 512; number++) {
      const answer = number === 425 ? failed(ENOSYS) : ALLOW;
      t.is(run(program, MACHINE[architecture], number), answer, String(number));
    }
    t.is(run(program, MACHINE.i386, 425), ALLOW, 'a program of another architecture means the same by it');
  });
}

const here = process.platform === 'linux' && ARCHITECTURES.includes(process.arch as Architecture);
(here ? test : test.skip)('in a process: every thread is behind it, and new ones still start', async (t) => {
  // As a recorder is started.
  (await loadLibc()).giveUpGaining();
  (await loadSeccomp()).refuseRings();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['build/test/support/filtered.js'], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  t.is(status, 0, stderr);
  const { refused, byArgument, ...rest } = JSON.parse(stdout);
  t.deepEqual(
    Object.entries(refused).filter(([, errno]) => errno !== EPERM && errno !== null),
    [],
  );
  const EFAULT = 14;
  t.like(byArgument, {
    'clone of a process': EPERM,
    clone3: ENOSYS,
    'kill of another': EPERM,
    'kill of all': EPERM,
    'kill of itself': 0,
    'tgkill of another': EPERM,
    'tgkill of itself': 0,
    'rt_sigqueueinfo to another': EPERM,
    'limits of another': EPERM,
    'limits of itself': 0,
    'prctl PR_SET_DUMPABLE': EPERM,
    'prctl PR_SET_PDEATHSIG': EPERM,
    'prctl PR_GET_DUMPABLE': 0,
    'ioctl TIOCSTI': EPERM,
    'ioctl TIOCSTI and more': EPERM,
    'ioctl FIONBIO': EFAULT,
  });
  t.deepEqual(rest, {
    early: 'EPERM',
    late: { pages: true, sum: rest.late.sum, code: 'EPERM' },
    wasm: 7,
    mapped: 1 << 24,
    open: 'EPERM',
    program: 'EPERM',
    socket: EPERM,
  });
});
