/**
 * Builds every WASM target of asconfig.json, where its sources have changed. The standalone modules are also
 * embedded as text, because a page has no file system to read them from.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

const { targets } = JSON.parse(readFileSync('asconfig.json', 'utf8'));
/** Hash of what the modules were last built from, and of what came out: building takes a minute of CPU. */
const STAMP = 'build/wasm.sha256';
const EMBEDDED = ['src/decode/embedded.ts', 'src/decode/embedded-scalar.ts'];
const OUTPUTS = [...Object.values(targets).map(({ outFile }) => outFile), ...EMBEDDED];

/** Hash of all inputs and outputs; empty where one of them is missing. */
function stamp() {
  const sources = readdirSync('assembly', { recursive: true })
    .map((name) => join('assembly', name))
    .filter((path) => /\.(ts|mjs)$/.test(path))
    .sort();
  const hash = createHash('sha256');
  try {
    for (const path of [...sources, 'asconfig.json', 'package-lock.json', ...OUTPUTS]) {
      const bytes = readFileSync(path);
      hash.update(`${path} ${bytes.length}\n`).update(bytes);
    }
  } catch {
    return '';
  }
  return hash.digest('hex');
}

function isBuilt() {
  const now = stamp();
  try {
    return now !== '' && readFileSync(STAMP, 'utf8') === now;
  } catch {
    return false;
  }
}

/** Writes the module of a target as base64 into a source file of src/decode/. */
function embed(target, file, name) {
  const text = readFileSync(`dist/wasm/${target}.wasm`).toString('base64');
  const note = '// Written by assembly/build.mjs from assembly/. Not committed.';
  writeFileSync(
    file,
    `${note}\n/** ${target}.wasm in base64. */\nexport const ${name}: string =\n  '${text}';\n`,
  );
}

if (isBuilt()) process.exit(0);
mkdirSync('dist/wasm', { recursive: true });
// A thread for each processor takes targets until there are no more.
const left = Object.keys(targets);
await Promise.all(
  Array.from({ length: Math.min(left.length, availableParallelism()) }, async () => {
    for (let target = left.shift(); target !== undefined; target = left.shift()) {
      const compiler = new Worker(new URL('compile.mjs', import.meta.url), { workerData: target });
      const [{ said, failed }] = await once(compiler, 'message');
      process.stderr.write(said);
      if (failed !== null) {
        process.stderr.write(`${target}: ${failed}\n`);
        process.exit(1);
      }
    }
  }),
);
embed('standalone', EMBEDDED[0], 'STANDALONE_WASM');
embed('standalone-scalar', EMBEDDED[1], 'STANDALONE_SCALAR_WASM');
mkdirSync('build', { recursive: true });
writeFileSync(STAMP, stamp());
