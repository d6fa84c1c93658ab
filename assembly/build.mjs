/**
 * Builds every WASM target of asconfig.json. The standalone modules are also embedded as text, because a page
 * has no file system to read them from.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';

const { targets } = JSON.parse(readFileSync('asconfig.json', 'utf8'));
mkdirSync('dist/wasm', { recursive: true });
for (const target of Object.keys(targets)) {
  const { error, stderr } = await asc.main(['--config', 'asconfig.json', '--target', target]);
  process.stderr.write(stderr.toString());
  if (error) {
    process.stderr.write(`${target}: ${error.message}\n`);
    process.exit(1);
  }
}

/** Writes the module of a target as base64 into a source file of src/decode/. */
function embed(target, file, name) {
  const text = readFileSync(`dist/wasm/${target}.wasm`).toString('base64');
  const note = '// Written by assembly/build.mjs from assembly/. Not committed.';
  writeFileSync(
    `src/decode/${file}.ts`,
    `${note}\n/** ${target}.wasm in base64. */\nexport const ${name}: string =\n  '${text}';\n`,
  );
}

embed('standalone', 'embedded', 'STANDALONE_WASM');
embed('standalone-scalar', 'embedded-scalar', 'STANDALONE_SCALAR_WASM');
