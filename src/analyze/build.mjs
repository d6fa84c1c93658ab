/** Bundles the code of the thread that follows the order of events into one file, which starts faster. Runs after tsc. */
import { build } from 'esbuild';
import { keep } from '../keep.mjs';
import { licences } from '../licences.mjs';

const OUT = 'dist/analyze/order-thread.cjs';

const { outputFiles } = await build({
  entryPoints: ['dist/analyze/order-thread.js'],
  write: false,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  charset: 'utf8',
  minifySyntax: true,
  minifyWhitespace: true,
  banner: { js: licences('msgpackr') },
});
keep(OUT, outputFiles[0].text, 'npm run build:order');
