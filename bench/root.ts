import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder; this file runs as build/bench/root.js. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The command line program, as users start it, in the project's folder. */
export const CLI = 'dist/bin/membench.cjs';
export const GENERATOR = 'build/bench/generate/main.js';

export function native(source: string): string {
  return join(ROOT, 'bench/native', source);
}
