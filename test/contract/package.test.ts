import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'ava';

const files: string[] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }),
)[0].files.map((file: { path: string }) => file.path);

test('the package holds what runs, and what explains it', (t) => {
  for (const path of [
    'dist/index.js',
    'dist/index.d.ts',
    'dist/bin/membench.cjs',
    'dist/bin/commands.cjs',
    'dist/bin/commands.code',
    'dist/html.js',
    'dist/page/membench.html',
    'dist/decoder.js',
    'dist/profile.js',
    'dist/pool/piscina.cjs',
    'dist/export/thread.cjs',
    'dist/analyze/order-thread.cjs',
    'dist/wasm/pipeline.wasm',
    'dist/wasm/pipeline-scalar.wasm',
    'dist/bpf/packets.bpf.o',
    'dist/bpf/perf.bpf.o',
    'dist/bpf/cgroup.bpf.o',
    'dist/bpf/count.bpf.o',
    'dist/recorder/main.js',
    'src/profile/FORMAT.md',
    'LAYOUT.md',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
  ]) {
    t.true(files.includes(path), path);
  }
});

test('the package holds no test, no source map, no capture', (t) => {
  t.deepEqual(
    files.filter((path) =>
      /\.(map|pcap|mbp|tsbuildinfo)$|^(test|bench|build|assembly|\.ci)\/|\.test\./.test(path),
    ),
    [],
  );
});

test('of the sources, the package holds only what people read', (t) => {
  t.deepEqual(
    files.filter((path) => path.startsWith('src/')),
    ['src/profile/FORMAT.md'],
  );
});

test('few packages are needed at run time', (t) => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  t.true(Object.keys(dependencies).length <= 8);
});
