import { readFileSync } from 'node:fs';
import { hashKeys } from '../index.js';

/** Runs `membench key`. Returns the exit code. */
export async function keyCommand(given: string[], keyFile: string): Promise<number> {
  // On the command line, others on this machine may see the keys: hence the other way.
  const keys = given.length > 0 ? given.map((key) => Buffer.from(key)) : lines(readFileSync(0));
  const hashes = await hashKeys(keyFile, keys);
  for (let i = 0; i < keys.length; i++) {
    process.stdout.write(Buffer.concat([Buffer.from(`${hashes[i]}\t`), keys[i]!, Buffer.from('\n')]));
  }
  return 0;
}

/** Bytes between line feeds; a key need not be UTF-8. */
function lines(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    const line = bytes.subarray(at, end < 0 ? bytes.length : end);
    if (line.length > 0) found.push(line);
    at += line.length + 1;
  }
  return found;
}
