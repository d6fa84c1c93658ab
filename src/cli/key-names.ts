import { readFileSync } from 'node:fs';
import { MembenchError } from '../index.js';

/**
 * Reads names of keys as `membench key` prints them: HASH<tab>KEY, one a line.
 *
 * @throws ERR_MEMBENCH_USAGE
 */
export function readKeyNames(path: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new MembenchError('ERR_MEMBENCH_USAGE', `${path}: ${(error as Error).message}`);
  }
  const names = new Map<string, string>();
  for (const [i, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const [, hash, name] = /^([0-9a-f]{16})\t(.+)$/.exec(line) ?? [];
    if (hash === undefined || name === undefined) {
      const why = `${path}: line ${i + 1} is not HASH<tab>KEY`;
      throw new MembenchError('ERR_MEMBENCH_USAGE', why, 'membench key prints such lines');
    }
    names.set(hash, name);
  }
  return names;
}
