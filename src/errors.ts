/** All stable error codes with their meanings. Bugs of membench itself have no code: they are assertions. */
export const ERROR_CODES = {
  ERR_MEMBENCH_USAGE: 'the command line or the options are invalid',
  ERR_MEMBENCH_SOURCE: 'the source cannot be opened or read',
  ERR_MEMBENCH_NOT_A_CAPTURE: 'the file is not a capture membench reads',
  ERR_MEMBENCH_LINKTYPE: 'the link type of the capture is not known',
  ERR_MEMBENCH_BROKEN_CAPTURE: 'the capture ends or breaks within a record; the events before it are kept',
  ERR_MEMBENCH_PROFILE_EXISTS: 'the profile exists already',
  ERR_MEMBENCH_PROFILE_WRITE: 'the profile cannot be created or written',
  ERR_MEMBENCH_PROFILE_READ: 'the profile cannot be opened or read',
  ERR_MEMBENCH_NOT_A_PROFILE: 'the file is not a profile, or of a version this release does not know',
  ERR_MEMBENCH_FILE_EXISTS: 'the file to be written exists already',
  ERR_MEMBENCH_FILE_WRITE: 'the file cannot be created or written',
  ERR_MEMBENCH_SERVER: 'the server cannot be reached, or is not to be written to',
  ERR_MEMBENCH_LOGIN: 'the file with the login cannot be used, or the login is refused',
  ERR_MEMBENCH_KEY_FILE: 'the key file cannot be used',
  ERR_MEMBENCH_MEMORY: 'the workers and the buffer do not fit into 4 GiB',
  ERR_MEMBENCH_WORKER: 'a worker failed',
  ERR_MEMBENCH_ABORTED: 'stopped by its signal',
  ERR_MEMBENCH_OUTPUT: 'standard output cannot be written to',
  ERR_MEMBENCH_METRICS: 'metrics cannot be served at the address',
  ERR_MEMBENCH_PRIVILEGE: 'rights could not be given up',
  ERR_MEMBENCH_UNSUPPORTED: 'something that is needed is missing on this machine',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A failure with a stable code: what failed, why, and what to do about it. */
export class MembenchError extends Error {
  override readonly name = 'MembenchError';
  readonly code: ErrorCode;
  /** What the user can do, where there is something. */
  readonly hint: string | undefined;

  /**
   * @param code stable code
   * @param what what failed and why, as `what: why`
   * @param hint what to do, an imperative without full stop
   * @param cause the error beneath
   */
  constructor(code: ErrorCode, what: string, hint?: string, cause?: unknown) {
    super(what, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}

/** Why something failed, and what the user can do about it, where there is something. */
export type Reason = readonly [why: string, hint?: string];

/** Common errors of system calls on files, in words. */
const FILE_REASONS: Readonly<Record<string, Reason>> = {
  ENOENT: ['no such file'],
  ENOTDIR: ['a part of the path is not a folder'],
  EACCES: ['permission denied'],
  EPERM: ['permission denied'],
  EISDIR: ['it is a directory'],
  ELOOP: ['too many symbolic links'],
  ENAMETOOLONG: ['its name is too long'],
  ENXIO: ['it is not a regular file'],
  EROFS: ['the file system is read-only'],
  ENOSPC: ['the disk is full'],
  EDQUOT: ['the quota is used up'],
  EFBIG: ['the file size limit is reached (ulimit -f)'],
  EIO: ['the device reports an error'],
};

/**
 * Why a file cannot be opened, read or written.
 *
 * @param own better words for this use of the file, by the error's code
 */
export function fileReason(error: unknown, own: Readonly<Record<string, Reason>> = {}): Reason {
  const { code = '', message } = error as Error & { code?: string };
  return own[code] ?? FILE_REASONS[code] ?? [message];
}

/**
 * Refuses unknown options, because a misspelt one would silently have no effect.
 *
 * @param known all options
 * @throws ERR_MEMBENCH_USAGE
 */
export function refuseUnknown(options: object, known: Readonly<Record<string, true>>): void {
  const names = Object.keys(known);
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue;
    const [short, ...others] = names.filter((other) => isLike(name, other));
    const hint = short !== undefined && others.length === 0 ? `${short}?` : `there are ${names.join(', ')}`;
    throw new MembenchError('ERR_MEMBENCH_USAGE', `there is no option ${name}`, hint);
  }
}

/** Whether one name may have been meant by the other: one contains the other, letters alone compared. */
function isLike(a: string, b: string): boolean {
  const [one, other] = [a, b].map((name) => name.toLowerCase().replaceAll(/[^a-z]/g, '')) as [string, string];
  return one.length > 2 && (one.includes(other) || other.includes(one));
}
