/**
 * Builds Piscina with the code of its threads inside, which has no option for that: a process that has given
 * up its rights can read no file any more, and yet replaces a worker that hung or died. Runs after tsc.
 */
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { keep } from '../keep.mjs';
import { licences } from '../licences.mjs';

const OUT = 'dist/pool/piscina.cjs';
const { resolve: find } = createRequire(import.meta.url);
const piscina = dirname(find('piscina'));
/** One program as text. Names stay as they are: they may stand in a stack. */
async function bundle(options) {
  const { outputFiles } = await build({
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    charset: 'utf8',
    minifySyntax: true,
    minifyWhitespace: true,
    // Native and optional, both of them.
    external: ['koffi', '@napi-rs/nice'],
    // A thread is given koffi, and loads none.
    logOverride: { 'empty-import-meta': 'silent' },
    ...options,
  });
  return outputFiles[0].text;
}

/** A program that does nothing but load these files. */
const of = (...files) => ({
  stdin: { contents: files.map((file) => `require(${JSON.stringify(file)});`).join('\n'), resolveDir: '.' },
});

const thread = await bundle(of(resolve('dist/pool/thread.js'), join(piscina, 'worker.js')));

const pool = await bundle({
  stdin: { contents: "export { Piscina } from 'piscina';", resolveDir: '.' },
  // It looks for the file its threads start from, which they do not need.
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
