/**
 * Builds every WASM target of asconfig.json, and embeds the standalone one as text, because a page has no
 * file system to read it from.
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

const wasm = readFileSync('dist/wasm/standalone.wasm').toString('base64');
writeFileSync(
  'src/decode/embedded.ts',
  `// Written by assembly/build.mjs from assembly/. Not committed.\n/** standalone.wasm in base64. */\nexport const STANDALONE_WASM: string =\n  '${wasm}';\n`,
);
