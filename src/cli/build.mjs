/**
 * Bundles the command line into one file, so that it starts without looking for a hundred. Runs after tsc and after the
 * pool's build; dist/cli/main.js is what it is made from, and does the same.
 *
 * It is CommonJS, because Node loads that in half the time. What a command does not need is in the file and is not run.
 */
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { keep } from '../keep.mjs';
import { licences } from '../licences.mjs';

const OUT = 'dist/bin/membench.cjs';
const dist = resolve('dist');

/** Files beside a module are found from where the module was: the bundle is one folder below dist. */
const urls = {
  name: 'URLs of modules',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      if (!path.startsWith(`${dist}/`)) return undefined;
      const url = `new URL(${JSON.stringify(`../${relative(dist, path)}`)}, BUNDLE).href`;
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', url) };
    });
  },
};

const { outputFiles } = await build({
  entryPoints: ['dist/cli/main.js'],
  write: false,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  charset: 'utf8',
  minifySyntax: true,
  minifyWhitespace: true,
  // Native and optional.
  external: ['koffi', 'cap', '@napi-rs/nice'],
  plugins: [urls],
  banner: {
    js: `${licences('commander', 'hyparquet', 'hyparquet-writer', 'msgpackr', 'piscina')}\nconst BUNDLE = require('node:url').pathToFileURL(__filename);`,
  },
});
keep(OUT, outputFiles[0].text, 'npm run build:cli');
