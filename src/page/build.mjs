/**
 * Builds the page: a single file that works from any place. Its content security policy allows only its own
 * scripts, by their hashes, and no connection at all.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const OUT = 'dist/page/membench.html';

/** Bundles one program into a string. */
async function bundle(entry, define = {}) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2023',
    charset: 'utf8',
    legalComments: 'none',
    define,
  });
  return outputFiles[0].text;
}

/** Escapes a text for an inline element, whose end tag it must not contain. */
const inline = (text) => text.replaceAll('</', '<\\/').trim();
const hash = (text) => createHash('sha256').update(text).digest('base64');

const worker = await bundle('src/page/worker.ts');
const script = inline(await bundle('src/page/main.ts', { WORKER: JSON.stringify(worker) }));
const plots = readFileSync('node_modules/uplot/dist/uPlot.min.css', 'utf8');
const style = `${plots}\n${readFileSync('src/page/page.css', 'utf8')}`.trim();

const parts = { STYLE_HASH: hash(style), SCRIPT_HASH: hash(script), STYLE: style, SCRIPT: script };
const page = readFileSync('src/page/page.html', 'utf8').replace(
  /\b(STYLE_HASH|SCRIPT_HASH|STYLE|SCRIPT)\b/g,
  (name) => parts[name],
);
mkdirSync('dist/page', { recursive: true });
writeFileSync(OUT, page);
if (process.argv.includes('--say')) process.stdout.write(`${pathToFileURL(OUT).href}\n`);
