/**
 * Becomes a program where the kernel knows no seccomp(2): a filter says so (ENOSYS), which the program inherits.
 *
 * Arguments: the program and its own.
 */
import { loadKoffi } from '#src/native/koffi.js';
import { loadLibc } from '#src/native/libc.js';

const libc = await loadLibc();
const koffi = await loadKoffi();
const syscall = koffi.load(null).func('long syscall(long number, unsigned long a, unsigned long b, void *c)');
const SECCOMP = process.arch === 'arm64' ? 277 : 317;
const ENOSYS = 38;
// Load the number; where it is that of seccomp, ENOSYS; else allow (linux/filter.h).
const filter = new Uint8Array(4 * 8);
const view = new DataView(filter.buffer);
for (const [i, [code, no, k]] of [
  [0x20, 0, 0],
  [0x15, 1, SECCOMP],
  [0x06, 0, 0x50000 | ENOSYS],
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
execvp(process.argv[2]!, [...process.argv.slice(2), null]);
throw new Error(`${process.argv[2]}: error ${koffi.errno()}`);
