/**
 * Compiles the BPF programs, where clang is installed. Without them everything but `ebpf:` works; the
 * published package has them compiled.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';

/**
 * The objects: one that copies packets into BPF rings, one into the perf buffer, one that copies the packets of a
 * cgroup, for which it needs an atomic exchange (v3), and one that counts.
 */
const OBJECTS = {
  packets: ['bpf/packets.bpf.c'],
  perf: ['-DMEMBENCH_PERF', 'bpf/packets.bpf.c'],
  cgroup: ['-DMEMBENCH_CGROUP', '-mcpu=v3', 'bpf/packets.bpf.c'],
  count: ['bpf/count.bpf.c'],
};
const outOf = (name) => `dist/bpf/${name}.bpf.o`;
/** Set by `prepack`, because a package without the programs must not be published. */
const required = process.argv.includes('--required');

function skip(reason) {
  process.stderr.write(`bpf: ${reason}: ebpf: will not work from this build\n`);
  process.exit(required ? 1 : 0);
}

if (process.platform !== 'linux') skip('not on Linux');
const clang = spawnSync('clang', ['--version']);
if (clang.status !== 0) {
  if (Object.keys(OBJECTS).every((name) => existsSync(outOf(name))) && !required) process.exit(0);
  skip('no clang');
}
mkdirSync('dist/bpf', { recursive: true });
// Debian has the asm/ headers in a folder for each architecture.
const include = spawnSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).stdout?.trim();
const triplet = include || `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
for (const [name, source] of Object.entries(OBJECTS)) {
  const out = outOf(name);
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
      ...source,
      '-o',
      out,
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0) {
    if (/bpf_helpers\.h' file not found/.test(stderr)) skip('no libbpf headers');
    process.stderr.write(stderr);
    process.exit(1);
  }
  // Removes debug information, which the loader does not need, but keeps BTF; without llvm-strip the object is
  // larger.
  spawnSync('llvm-strip', ['-g', out]);
  if (readFileSync(out).length === 0) process.exit(1);
}
