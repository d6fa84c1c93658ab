import { build } from 'esbuild';

/** Bundles one program for Node into a string. Names are kept for stack traces. */
export async function bundle(options) {
  const { outputFiles } = await build({
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    charset: 'utf8',
    minifySyntax: true,
    minifyWhitespace: true,
    ...options,
  });
  return outputFiles[0].text;
}
