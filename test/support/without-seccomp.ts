/**
 * Becomes a program where seccomp(2) does nothing: a filter answers for it, which the program inherits.
 *
 * Arguments: the error it ends with, 38 (ENOSYS) as in a kernel that has none, or 0; the program and its own.
 */
import { loadKoffi } from '#src/native/koffi.js';
import { loadLibc } from '#src/native/libc.js';

const libc = await loadLibc();
const koffi = await loadKoffi();
const syscall = koffi.load(null).func('long syscall(long number, unsigned long a, unsigned long b, void *c)');
const SECCOMP = process.arch === 'arm64' ? 277 : 317;
const [error, ...command] = process.argv.slice(2);
// Load the number; where it is that of seccomp, the error; else allow (linux/filter.h).
const filter = new Uint8Array(4 * 8);
const view = new DataView(filter.buffer);
for (const [i, [code, no, k]] of [
  [0x20, 0, 0],
  [0x15, 1, SECCOMP],
  [0x06, 0, 0x50000 | Number(error)],
  [0x06, 0, 0x7fff0000],
].entries()) {
  view.setUint16(i * 8, code!, true);
  view.setUint8(i * 8 + 3, no!);
  view.setUint32(i * 8 + 4, k!, true);
}
const program = new DataView(new ArrayBuffer(16));
program.setUint16(0, 4, true);
program.setBigUint64(8, BigInt(libc.addressOf(filter)), true);
// Root needs no no_new_privs for it, which what is run here shall set for itself.
if (Number(syscall(SECCOMP, 1, 0, new Uint8Array(program.buffer))) !== 0) throw new Error('no filter');

const fcntl = koffi.load(null).func('int fcntl(int fd, int command, int value)');
// Node marks its standard streams to be closed by exec (uv_disable_stdio_inheritance).
for (const fd of [0, 1, 2]) fcntl(fd, 2 /* F_SETFD */, 0);
const execvp = koffi.load(null).func('int execvp(const char *file, const char **arguments)');
execvp(command[0]!, [...command, null]);
throw new Error(`${command[0]}: error ${koffi.errno()}`);
