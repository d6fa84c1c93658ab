/**
 * Builds Piscina with the code of its threads inside, which has no option for that: a process that has given
 * up its rights can read no file any more, and yet replaces a worker that hung or died. Runs after tsc.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

const OUT = 'dist/pool/piscina.cjs';
const { resolve: find } = createRequire(import.meta.url);
const piscina = dirname(find('piscina'));
/** What is in it of others, by their licences. */
const licences = ['piscina', 'msgpackr'].map((name) => {
  const [folder] = find(name).split(new RegExp(`(?<=node_modules/${name}/)`));
  return `${name}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}`;
});

/** One program as text, readable: it may stand in a stack. */
async function bundle(options) {
  const { outputFiles } = await build({
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    charset: 'utf8',
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
  define: { THREAD: JSON.stringify(thread) },
  banner: { js: `/*\n${licences.join('\n\n')}\n*/` },
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
if (process.argv.includes('--check')) {
  // What others built it from may have changed since.
  if (readFileSync(OUT, 'utf8') === pool) process.exit(0);
  process.stderr.write(`${OUT} is not of these sources: npm run build:pool\n`);
  process.exit(1);
}
writeFileSync(OUT, pool);
