/** Bundles the code of the thread that follows the order of events into one file, which starts faster. Runs after tsc. */
import { bundle } from '../bundle.mjs';
import { keep } from '../keep.mjs';
import { licences } from '../licences.mjs';

const text = await bundle({
  entryPoints: ['dist/analyze/order-thread.js'],
  banner: { js: licences('msgpackr') },
});
keep('dist/analyze/order-thread.cjs', text, 'npm run build:order');
