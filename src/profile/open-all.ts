import { MembenchError } from '../errors.js';
import { FileBytes } from './file-bytes.js';
import { ProfileReader } from './reader.js';

/**
 * Opens several profiles: all of them, or none.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE
 */
export function openAll(paths: readonly string[]): ProfileReader[] {
  const readers: ProfileReader[] = [];
  try {
    for (const path of paths) readers.push(new ProfileReader(new FileBytes(path)));
    return readers;
  } catch (error) {
    for (const reader of readers) reader.close();
    throw error;
  }
}

/**
 * Refuses the name of a command that no profile can have.
 *
 * @throws ERR_MEMBENCH_USAGE
 */
export function checkCommands(readers: readonly ProfileReader[], ops: readonly string[] = []): void {
  const known = new Set(readers.flatMap(({ header }) => header.names.op));
  for (const op of ops) {
    if (!known.has(op))
      throw new MembenchError('ERR_MEMBENCH_USAGE', `${op}: there is no such command in the profiles`);
  }
}
