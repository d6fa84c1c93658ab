/** Creates the file of a profile. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fileReason, MembenchError, type Reason } from '../errors.js';

/** Reasons that are worded differently for files to be created. */
const WRITE_REASONS: Readonly<Record<string, Reason>> = {
  ENOENT: ['there is no such folder'],
  EISDIR: ['it is a directory', 'name a file in it'],
  ELOOP: ['it is a symbolic link', 'name the file itself'],
};

/** What is created: a profile, or another file. Their errors have codes of their own. */
export type Created = 'PROFILE' | 'FILE';

/** The error for a profile, or another file, that cannot be created or written. */
export function writeError(path: string, error: unknown, what: Created = 'PROFILE'): MembenchError {
  const [why, hint] = fileReason(error, WRITE_REASONS);
  return new MembenchError(`ERR_MEMBENCH_${what}_WRITE`, `${path}: ${why}`, hint, error);
}

/**
 * Writes all bytes, at `position` where it is given. A disk that becomes full accepts a part and fails the next
 * call.
 */
export function writeAll(fd: number, bytes: Uint8Array, position?: number): void {
  for (let at = 0; at < bytes.length; ) {
    const place = position === undefined ? null : position + at;
    const written = writeSync(fd, bytes, at, bytes.length - at, place);
    if (written === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' });
    at += written;
  }
}

/** Errors that mean that folders cannot be opened or synced here at all, as in PostgreSQL's fsync_fname. */
const UNSYNCABLE = new Set(['EACCES', 'EBADF', 'EINVAL', 'EISDIR', 'EPERM']);

/**
 * Flushes new and removed names in the folder of this path to the disk, which fsync(2) of a file does not.
 * Does nothing where the system or the file system cannot do it.
 *
 * @throws the error of fsync(2), EIO for example
 */
export function syncFolder(path: string): void {
  try {
    const fd = openSync(dirname(path), constants.O_RDONLY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (!UNSYNCABLE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/**
 * Creates a file with mode 0600 and an initial content, and opens it for writing. It never writes into an
 * existing file or through a link, and where it fails nothing has changed (except where the disk fails after
 * an old file was replaced).
 *
 * With `force` an existing regular file is replaced by rename(2), once the new one has its initial content.
 * So the old file is lost only when there is a new one, readers of the old file are not disturbed, and the
 * new one can be read while it grows.
 *
 * @param sync flush the initial content and the name to the disk
 * @throws ERR_MEMBENCH_PROFILE_EXISTS, ERR_MEMBENCH_PROFILE_WRITE
 */
export function createFile(path: string, force: boolean, start: Uint8Array, sync = false): number {
  try {
    if (isFree(path, force)) {
      const fd = createNew(path, start, sync);
      if (sync) attempt(() => syncFolder(path), fd, path);
      return fd;
    }
    const beside = `${path}.${randomBytes(6).toString('hex')}.new`;
    const fd = createNew(beside, start, sync);
    attempt(() => renameSync(beside, path), fd, beside);
    if (sync) attempt(() => syncFolder(path), fd, path);
    return fd;
  } catch (error) {
    if (error instanceof MembenchError) throw error;
    // The file was created since the check.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw existsError(path);
    throw writeError(path, error);
  }
}

/**
 * Whether nothing is at a path. With `force` a regular file may be there, to be replaced.
 *
 * @throws ERR_MEMBENCH_PROFILE_EXISTS, ERR_MEMBENCH_PROFILE_WRITE, or those of FILE; an error of the system
 */
export function isFree(path: string, force: boolean, what: Created = 'PROFILE'): boolean {
  const old = lstatSync(path, { throwIfNoEntry: false });
  if (old === undefined) return true;
  if (old.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
  if (!force) throw existsError(path, what);
  if (old.isSymbolicLink()) throw Object.assign(new Error(), { code: 'ELOOP' });
  if (!old.isFile())
    throw new MembenchError(`ERR_MEMBENCH_${what}_WRITE`, `${path}: it is not a regular file`);
  return false;
}

function createNew(path: string, start: Uint8Array, sync: boolean): number {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const fd = openSync(path, flags, 0o600);
  attempt(
    () => {
      // The umask may remove permissions of the owner.
      if (process.platform !== 'win32') fchmodSync(fd, 0o600);
      writeAll(fd, start);
      if (sync) fsyncSync(fd);
    },
    fd,
    path,
  );
  return fd;
}

/** Runs an action on a new file, and removes the file where it fails. */
function attempt(action: () => void, fd: number, path: string): void {
  try {
    action();
  } catch (error) {
    closeSync(fd);
    unlinkSync(path);
    throw error;
  }
}

/** The error for a path where something is that must not be replaced. */
export function existsError(path: string, what: Created = 'PROFILE'): MembenchError {
  return new MembenchError(
    `ERR_MEMBENCH_${what}_EXISTS`,
    `${path}: it exists already`,
    'use --force to replace it',
  );
}
