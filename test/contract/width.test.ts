import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

// biome keeps to it everywhere else; it does not read AssemblyScript.
test('no line of assembly is wider than biome.json allows', (t) => {
  const { lineWidth } = JSON.parse(readFileSync('biome.json', 'utf8')).formatter;
  const wide = readdirSync('assembly', { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|mjs)$/.test(file))
    .flatMap((file) => {
      const lines = readFileSync(join('assembly', file), 'utf8').split('\n');
      return lines.flatMap((line, i) => ([...line].length > lineWidth ? [`${file}:${i + 1}`] : []));
    });
  t.deepEqual(wide, []);
});
