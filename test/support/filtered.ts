/**
 * A process that puts the recorder's filter before itself, tries everything, and says on stdout what came of
 * it, as JSON. Run by test/native/seccomp.test.ts.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { koffiAddon, loadKoffi } from '#src/native/koffi.js';
import { loadLibc } from '#src/native/libc.js';
import { loadSeccomp } from '#src/native/seccomp.js';
import { ARCHITECTURES, BY_ARGUMENT, type Numbers, REFUSED } from '#src/native/syscalls.js';

const column = ARCHITECTURES.indexOf(process.arch as 'x64');
const koffi = await loadKoffi();
const libc = await loadLibc();
const raw = koffi
  .load(null)
  .func('long syscall(long number, long a, long b, long c, long d, long e, long f)');
const seccomp = await loadSeccomp();
libc.giveUpGaining();
// A thread that is there already must be behind it, too.
const early = new Worker(
  `const { parentPort } = require('node:worker_threads');
   parentPort.once('message', () => {
     try { require('node:fs').openSync('/'); parentPort.postMessage('opened'); }
     catch ({ code }) { parentPort.postMessage(code); }
   });
   parentPort.postMessage('up');`,
  { eval: true },
);
await once(early, 'message');
const unfiltered = seccomp.install();
// Without it, what follows would fork and worse.
if (unfiltered !== null) throw new Error(unfiltered);

/** What a call with these arguments fails with, 0 where it does not. */
function errno(numbers: Numbers, ...args: number[]): number | null {
  const number = numbers[column]!;
  if (number === null) return null;
  const all = [...args, ...Array(6).fill(0)].slice(0, 6);
  return Number(raw(number, ...all)) >= 0 ? 0 : koffi.errno();
}

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
    return 'done';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code!;
  }
}

async function say(worker: Worker): Promise<unknown> {
  const [message] = await once(worker, 'message');
  return message;
}

const { clone, clone3, kill, tgkill, prlimit64, prctl, ioctl, rt_sigqueueinfo } = BY_ARGUMENT;
const SIGCHLD = 17;
const refused = Object.fromEntries(
  Object.entries<Numbers>(REFUSED).map(([name, numbers]) => [name, errno(numbers, -1, -1, -1)]),
);
const byArgument = {
  'clone of a process': errno(clone, SIGCHLD),
  clone3: errno(clone3),
  'kill of another': errno(kill, process.ppid, 0),
  'kill of all': errno(kill, -1, 0),
  'kill of itself': errno(kill, process.pid, 0),
  'tgkill of another': errno(tgkill, process.ppid, process.ppid, 0),
  'tgkill of itself': errno(tgkill, process.pid, process.pid, 0),
  'rt_sigqueueinfo to another': errno(rt_sigqueueinfo, process.ppid, 0, 0),
  'limits of another': errno(prlimit64, process.ppid, 4, 0, 0),
  'limits of itself': errno(prlimit64, 0, 4, 0, 0),
  'prctl PR_SET_DUMPABLE': errno(prctl, 4, 1),
  'prctl PR_SET_PDEATHSIG': errno(prctl, 1, 0),
  'prctl PR_GET_DUMPABLE': errno(prctl, 3),
  'ioctl TIOCSTI': errno(ioctl, 0, 0x5412, 0),
  // The kernel looks at 32 bits of it.
  'ioctl TIOCSTI and more': errno(ioctl, 0, 0x1_0000_5412, 0),
  'ioctl FIONBIO': errno(ioctl, 1, 0x5421, 0),
};
const earlySaid = say(early);
early.postMessage('try');
const late = new Worker(
  `const { parentPort, workerData } = require('node:worker_threads');
   const addon = { exports: {} };
   process.dlopen(addon, workerData);
   const pages = addon.exports.load(null).func('long sysconf(int name)')(30);
   let sum = 0;
   // Long enough to be compiled.
   for (let i = 0; i < 1e7; i++) sum = (sum + i) | 0;
   Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
   let code;
   try { require('node:fs').openSync('/'); } catch (error) { code = error.code; }
   parentPort.postMessage({ pages: Number(pages) > 0, sum, code });`,
  { eval: true, workerData: koffiAddon() },
);
const lateSaid = say(late);
// (module (func (export "f") (result i32) i32.const 7))
const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0];
const module = await WebAssembly.compile(Uint8Array.from([...bytes, 10, 6, 1, 4, 0, 65, 7, 11]));
const epoll = libc.watch([0]);
libc.waitFor(epoll, 1);
const found = {
  refused,
  byArgument,
  early: await earlySaid,
  late: await lateSaid,
  wasm: (new WebAssembly.Instance(module).exports.f as () => number)(),
  mapped: new Uint8Array(new SharedArrayBuffer(1 << 24)).length,
  open: codeOf(() => openSync('/', 'r')),
  program: (spawnSync('/bin/true').error as NodeJS.ErrnoException | undefined)?.code,
  socket: seccomp.trySocket(),
};
process.stdout.write(JSON.stringify(found));
await early.terminate();
