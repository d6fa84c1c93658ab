/** Making the file a profile is written to. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { MembenchError } from '../errors.js';

const REASONS: Record<string, [why: string, hint?: string]> = {
  ENOENT: ['there is no such folder'],
  ENOTDIR: ['a part of the path is not a folder'],
  EACCES: ['permission denied'],
  EPERM: ['permission denied'],
  EROFS: ['the file system is read-only'],
  EISDIR: ['it is a directory', 'name a file in it'],
  ELOOP: ['it is a symbolic link', 'name the file itself'],
  ENAMETOOLONG: ['its name is too long'],
  ENOSPC: ['the disk is full'],
  EDQUOT: ['the quota is used up'],
  EFBIG: ['the file size limit is reached (ulimit -f)'],
  EIO: ['the device reports an error'],
};

/** Says why a profile cannot be created or written. */
export function writeError(path: string, error: unknown): MembenchError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const [why, hint] = REASONS[code] ?? [(error as Error).message];
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

/**
 * Creates a file nobody else can read, with something in it already, and opens it for writing. Neither an
 * existing file nor a link is ever written through, and where this fails, nothing has changed.
 *
 * With `force` an existing regular file is replaced: the new one is made beside it and takes its place
 * by rename(2) once its start is written. So the old one is lost only when there is a new one, whoever
 * reads the old one is not disturbed, and the new one can be read while it grows.
 *
 * @throws ERR_MEMBENCH_PROFILE_EXISTS, ERR_MEMBENCH_PROFILE_WRITE
 */
export function createFile(path: string, force: boolean, start: Uint8Array): number {
  try {
    const old = lstatSync(path, { throwIfNoEntry: false });
    if (old === undefined) return createNew(path, start);
    if (old.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (!force) throw exists(path);
    if (old.isSymbolicLink()) throw Object.assign(new Error(), { code: 'ELOOP' });
    if (!old.isFile())
      throw new MembenchError('ERR_MEMBENCH_PROFILE_WRITE', `${path}: it is not a regular file`);
    const beside = `${path}.${randomBytes(6).toString('hex')}.new`;
    const fd = createNew(beside, start);
    try {
      renameSync(beside, path);
    } catch (error) {
      discard(fd, beside);
      throw error;
    }
    return fd;
  } catch (error) {
    if (error instanceof MembenchError) throw error;
    // It came into being since it was looked for.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw exists(path);
    throw writeError(path, error);
  }
}

function createNew(path: string, start: Uint8Array): number {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const fd = openSync(path, flags, 0o600);
  try {
    // The umask can only take away, but it may take away what the owner needs.
    if (process.platform !== 'win32') fchmodSync(fd, 0o600);
    writeAll(fd, start);
  } catch (error) {
    discard(fd, path);
    throw error;
  }
  return fd;
}

function discard(fd: number, path: string): void {
  closeSync(fd);
  unlinkSync(path);
}

function exists(path: string): MembenchError {
  return new MembenchError(
    'ERR_MEMBENCH_PROFILE_EXISTS',
    `${path}: it exists already`,
    'use --force to replace it',
  );
}
