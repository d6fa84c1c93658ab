import {
  closeSync,
  constants,
  fchmodSync,
  ftruncateSync,
  lstatSync,
  openSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { MembenchError } from '../errors.js';
import { crc32c } from './crc32c.js';
import { encodeBody, FRAME_HEAD, FRAME_TAIL, type Magic, sealFrame } from './envelope.js';
import { headerBody, type ProfileHeader } from './header.js';

/** What the footer tells besides the header and the block index; see FORMAT.md. */
export interface FooterInfo {
  ended: string;
  elapsed_ns: bigint;
  counts: Record<string, number>;
  first_ns: bigint;
  last_ns: bigint;
}

/** What the block index keeps of a block. */
export interface BlockInfo {
  worker: number;
  seq: number;
  events: number;
  minNs: bigint;
  maxNs: bigint;
}

const REASONS: Record<string, [why: string, hint?: string]> = {
  ENOENT: ['there is no such folder'],
  ENOTDIR: ['a part of the path is not a folder'],
  EACCES: ['permission denied'],
  EPERM: ['permission denied'],
  EROFS: ['the file system is read-only'],
  EISDIR: ['it is a directory', 'name a file in it'],
  ELOOP: ['it is a symbolic link', 'name the file itself'],
  ENOSPC: ['the disk is full'],
  EDQUOT: ['the quota is used up'],
  EFBIG: ['the file size limit is reached (ulimit -f)'],
};

function writeError(path: string, error: unknown): MembenchError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const [why, hint] = REASONS[code] ?? [(error as Error).message];
  return new MembenchError('ERR_MEMBENCH_PROFILE_WRITE', `${path}: ${why}`, hint, error);
}

/**
 * Opens a new file nobody else can read. Neither an existing file nor a link is ever written through.
 * With `force` an existing regular file is removed first: its place is taken by a new one, so that a
 * reader of the old one is not disturbed.
 */
function create(path: string, force: boolean): number {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat !== undefined) {
      if (stat.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
      if (!force) {
        throw new MembenchError('ERR_MEMBENCH_PROFILE_EXISTS', `${path}: it exists already`, 'use --force to replace it');
      }
      if (stat.isSymbolicLink()) throw Object.assign(new Error(), { code: 'ELOOP' });
      if (!stat.isFile()) {
        throw new MembenchError('ERR_MEMBENCH_PROFILE_WRITE', `${path}: it is not a regular file`);
      }
      unlinkSync(path);
    }
    const fd = openSync(path, flags, 0o600);
    // The umask can only take away, but it may take away what the owner needs.
    if (process.platform !== 'win32') fchmodSync(fd, 0o600);
    return fd;
  } catch (error) {
    if (error instanceof MembenchError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new MembenchError('ERR_MEMBENCH_PROFILE_EXISTS', `${path}: it exists already`, 'use --force to replace it');
    }
    throw writeError(path, error);
  }
}

/**
 * Writes a profile, frame by frame. A failed write is final: the file is cut back to the last whole
 * frame and closed, and every later call throws.
 */
export class ProfileWriter {
  readonly path: string;
  readonly #header: Record<string, unknown>;
  readonly #run: Uint8Array;
  readonly #index: [offset: number, bytes: number, worker: number, seq: number, events: number, minNs: bigint, maxNs: bigint][] = [];
  #fd: number;
  #bytes = 0;

  private constructor(path: string, fd: number, header: ProfileHeader) {
    this.path = path;
    this.#fd = fd;
    this.#run = header.run;
    this.#header = headerBody(header);
    this.#writeFrame('MBHD', this.#header);
  }

  /**
   * Creates the file, mode 0600 whatever the umask, and writes its header.
   *
   * @throws ERR_MEMBENCH_PROFILE_EXISTS, ERR_MEMBENCH_PROFILE_WRITE
   */
  static create(path: string, options: { force: boolean; header: ProfileHeader }): ProfileWriter {
    return new ProfileWriter(path, create(path, options.force), options.header);
  }

  /** Bytes of whole frames written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Blocks written. */
  get blocks(): number {
    return this.#index.length;
  }

  /** Writes a finished block frame. */
  writeBlock(frame: Uint8Array, block: BlockInfo): void {
    const offset = this.#bytes;
    this.#write(frame);
    this.#index.push([offset, frame.length, block.worker, block.seq, block.events, block.minNs, block.maxNs]);
  }

  /** Writes that packets were lost, and why. */
  writeLoss(worker: number, reason: string, packets: number): void {
    this.#writeFrame('MBLS', { run: this.#run, worker, reason, packets });
  }

  /** Writes the footer and closes the file. */
  finish(info: FooterInfo): void {
    this.#writeFrame('MBFT', { header: this.#header, ...info, blocks: this.#index });
    this.#close();
  }

  /** Closes the file as it is: what is sealed stays readable, the missing footer says that it was cut short. */
  abandon(): void {
    this.#close();
  }

  #writeFrame(magic: Magic, body: Record<string, unknown>): void {
    const packed = encodeBody(body);
    const frame = new Uint8Array(FRAME_HEAD + packed.length + FRAME_TAIL);
    frame.set(packed, FRAME_HEAD);
    sealFrame(frame, magic, packed.length, crc32c(packed));
    this.#write(frame);
  }

  /** Writes all of a frame, or nothing that stays. */
  #write(frame: Uint8Array): void {
    if (this.#fd < 0) throw new MembenchError('ERR_MEMBENCH_PROFILE_WRITE', `${this.path}: closed after an error`);
    try {
      // A filling disk takes a part first and fails the next call.
      for (let at = 0; at < frame.length; ) at += writeSync(this.#fd, frame, at, frame.length - at);
    } catch (error) {
      try {
        ftruncateSync(this.#fd, this.#bytes);
      } catch {
        // The reader stops at the broken frame by its checksum.
      }
      this.#close();
      throw writeError(this.path, error);
    }
    this.#bytes += frame.length;
  }

  #close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}
