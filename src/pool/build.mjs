/**
 * Bundles Piscina with the code of its threads, for which it has no option: a process that has given up its
 * rights must replace a worker that hung or died without reading any file. Runs after tsc.
 */
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { bundle } from '../bundle.mjs';
import { keep } from '../keep.mjs';
import { licences } from '../licences.mjs';

const OUT = 'dist/pool/piscina.cjs';
const { resolve: find } = createRequire(import.meta.url);
const piscina = dirname(find('piscina'));
const SHARED = {
  // Both are native and optional.
  external: ['koffi', '@napi-rs/nice'],
  // koffi.ts uses import.meta, but not in a thread, which gets the path of koffi.
  logOverride: { 'empty-import-meta': 'silent' },
};

/** Input for esbuild: a program that only loads these files. */
const of = (...files) => ({
  stdin: { contents: files.map((file) => `require(${JSON.stringify(file)});`).join('\n'), resolveDir: '.' },
});

const thread = await bundle({ ...SHARED, ...of(resolve('dist/pool/thread.js'), join(piscina, 'worker.js')) });

const pool = await bundle({
  ...SHARED,
  stdin: { contents: "export { Piscina } from 'piscina';", resolveDir: '.' },
  // Piscina looks for the file of its threads beside itself; they do not need that file.
  define: { THREAD: JSON.stringify(thread), __dirname: '""' },
  banner: { js: licences('piscina', 'msgpackr') },
  plugins: [
    {
      name: 'threads from text',
      setup({ onResolve }) {
        onResolve({ filter: /^node:worker_threads$/ }, ({ importer }) =>
          importer.startsWith(piscina) ? { path: resolve('src/pool/threads.cjs') } : { external: true },
        );
      },
    },
  ],
});
keep(OUT, pool, 'npm run build:pool');
