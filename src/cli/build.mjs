/**
 * Bundles the command line into one file, which starts faster than a hundred files. Runs after tsc and after
 * the pool's build. dist/cli/main.js, its input, does the same.
 *
 * The bundle is CommonJS, because Node loads that in half the time. Modules that a command does not need are
 * in the file, but are not executed.
 */
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { keep } from '../keep.mjs';
import { licences } from '../licences.mjs';

const OUT = 'dist/bin/membench.cjs';
const dist = resolve('dist');

/** Replaces `import.meta.url` with the place of the original module, so that files beside it are found. */
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
  // These are native and optional; prom-client is needed for --metrics only.
  external: ['koffi', 'cap', '@napi-rs/nice', 'prom-client'],
  plugins: [urls],
  banner: {
    js: `${licences('commander', 'hyparquet', 'hyparquet-writer', 'msgpackr', 'piscina')}\nconst BUNDLE = require('node:url').pathToFileURL(__filename);`,
  },
});
keep(OUT, outputFiles[0].text, 'npm run build:cli');
