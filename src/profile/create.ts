/** Making the file a profile is written to. */
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

/** What is said of a file that is to be made in other words than of one that is there. */
export const WRITE_REASONS: Readonly<Record<string, Reason>> = {
  ENOENT: ['there is no such folder'],
  EISDIR: ['it is a directory', 'name a file in it'],
  ELOOP: ['it is a symbolic link', 'name the file itself'],
};

/** Says why a profile cannot be created or written. */
export function writeError(path: string, error: unknown): MembenchError {
  const [why, hint] = fileReason(error, WRITE_REASONS);
  return new MembenchError('ERR_MEMBENCH_PROFILE_WRITE', `${path}: ${why}`, hint, error);
}

/** Writes all of it. A filling disk takes a part first and fails the next call. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    const written = writeSync(fd, bytes, at, bytes.length - at);
    if (written === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' });
    at += written;
  }
}

/** Errors that mean that a folder cannot be opened or synced here at all, as PostgreSQL's fsync_fname takes them. */
const UNSYNCABLE = new Set(['EACCES', 'EBADF', 'EINVAL', 'EISDIR', 'EPERM']);

/**
 * Brings to the disk that a name came into the folder of this path, or went: fsync(2) of a file does not. Does
 * nothing where the system or the file system cannot do it.
 *
 * @throws what fsync(2) says, EIO for example
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
 * Creates a file nobody else can read, with something in it already, and opens it for writing. Neither an
 * existing file nor a link is ever written through, and where this fails, nothing has changed (but for a disk that
 * fails when an old file was replaced already).
 *
 * With `force` an existing regular file is replaced: the new one is made beside it and takes its place
 * by rename(2) once its start is written. So the old one is lost only when there is a new one, whoever
 * reads the old one is not disturbed, and the new one can be read while it grows.
 *
 * @param sync bring the start of the file and its name to the disk
 * @throws ERR_MEMBENCH_PROFILE_EXISTS, ERR_MEMBENCH_PROFILE_WRITE
 */
export function createFile(path: string, force: boolean, start: Uint8Array, sync = false): number {
  try {
    const old = lstatSync(path, { throwIfNoEntry: false });
    if (old === undefined) {
      const fd = createNew(path, start, sync);
      if (sync) attempt(() => syncFolder(path), fd, path);
      return fd;
    }
    if (old.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (!force) throw exists(path);
    if (old.isSymbolicLink()) throw Object.assign(new Error(), { code: 'ELOOP' });
    if (!old.isFile())
      throw new MembenchError('ERR_MEMBENCH_PROFILE_WRITE', `${path}: it is not a regular file`);
    const beside = `${path}.${randomBytes(6).toString('hex')}.new`;
    const fd = createNew(beside, start, sync);
    attempt(() => renameSync(beside, path), fd, beside);
    if (sync) attempt(() => syncFolder(path), fd, path);
    return fd;
  } catch (error) {
    if (error instanceof MembenchError) throw error;
    // It came into being since it was looked for.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw exists(path);
    throw writeError(path, error);
  }
}

function createNew(path: string, start: Uint8Array, sync: boolean): number {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const fd = openSync(path, flags, 0o600);
  attempt(
    () => {
      // The umask can only take away, but it may take away what the owner needs.
      if (process.platform !== 'win32') fchmodSync(fd, 0o600);
      writeAll(fd, start);
      if (sync) fsyncSync(fd);
    },
    fd,
    path,
  );
  return fd;
}

/** Does something with a new file, which does not stay where that fails. */
function attempt(action: () => void, fd: number, path: string): void {
  try {
    action();
  } catch (error) {
    closeSync(fd);
    unlinkSync(path);
    throw error;
  }
}

function exists(path: string): MembenchError {
  return new MembenchError(
    'ERR_MEMBENCH_PROFILE_EXISTS',
    `${path}: it exists already`,
    'use --force to replace it',
  );
}
