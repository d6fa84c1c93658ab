/**
 * Compiles the BPF programs where clang is. Where it is not, everything but `ebpf:` works without them; the
 * published package has them built.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';

const OUT = 'dist/bpf/packets.bpf.o';
/** Set by `prepack`: a package without the programs must not be published. */
const required = process.argv.includes('--required');

function skip(reason) {
  process.stderr.write(`bpf: ${reason}: ebpf: will not work from this build\n`);
  process.exit(required ? 1 : 0);
}

if (process.platform !== 'linux') skip('not on Linux');
const clang = spawnSync('clang', ['--version']);
if (clang.status !== 0) {
  if (existsSync(OUT) && !required) process.exit(0);
  skip('no clang');
}
mkdirSync('dist/bpf', { recursive: true });
// Debian keeps asm/ headers in a folder of the architecture's.
const include = spawnSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).stdout?.trim();
const triplet = include || `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
const { status, stderr } = spawnSync(
  'clang',
  [
    '-O2',
    '-g',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-target',
    'bpf',
    `-I/usr/include/${triplet}`,
    '-c',
    'bpf/packets.bpf.c',
    '-o',
    OUT,
  ],
  { encoding: 'utf8' },
);
if (status !== 0) {
  if (/bpf_helpers\.h' file not found/.test(stderr)) skip('no libbpf headers');
  process.stderr.write(stderr);
  process.exit(1);
}
// What a debugger wants and the loader does not (BTF stays); without llvm-strip it is merely larger.
spawnSync('llvm-strip', ['-g', OUT]);
if (readFileSync(OUT).length === 0) process.exit(1);
