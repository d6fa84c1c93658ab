/**
 * Bundles the command line into one file, which starts faster than a hundred files, and keeps the code that V8
 * makes of it. Runs after tsc and after the pool's build. dist/cli/main.js, its input, does the same.
 *
 * The bundle is CommonJS, because Node loads that in half the time. Modules that a command does not need are
 * in the file, but are not executed.
 *
 *   dist/bin/membench.cjs    launcher.cjs
 *            commands.cjs    the bundle
 *            commands.code   its code, for this version of Node
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { bundle } from '../bundle.mjs';
import { keep } from '../keep.mjs';
import { licences } from '../licences.mjs';

const LAUNCHER = 'dist/bin/membench.cjs';
const BUNDLE = 'dist/bin/commands.cjs';
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

const text = await bundle({
  entryPoints: ['dist/cli/main.js'],
  charset: 'ascii',
  // import() needs a module, which the launcher's script is not.
  supported: { 'dynamic-import': false },
  // These are native and optional; prom-client is needed for --metrics only.
  external: ['koffi', 'cap', '@napi-rs/nice', 'prom-client'],
  plugins: [urls],
  banner: {
    js: `${licences('commander', 'hyparquet', 'hyparquet-writer', 'msgpackr', 'piscina')}\nconst BUNDLE = require('node:url').pathToFileURL(__filename);`,
  },
});
// esbuild escapes other characters everywhere but in regular expressions, where \u must be written.
if (/[^\0-\x7f]/.test(text)) throw new Error(`${BUNDLE} is not ASCII, as launcher.cjs expects`);
keep(BUNDLE, text, 'npm run build:cli');
keep(LAUNCHER, readFileSync('src/cli/launcher.cjs', 'utf8'), 'npm run build:cli');
if (!process.argv.includes('--check'))
  execFileSync(process.execPath, ['src/cli/warm.cjs'], { stdio: 'pipe' });
