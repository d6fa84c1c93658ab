import { closeSync, fsyncSync, ftruncateSync } from 'node:fs';
import { MembenchError } from '../errors.js';
import { BlockIndex } from './block-index.js';
import { createFile, writeAll, writeError } from './create.js';
import { encode, encodeFrame, openMap } from './envelope.js';
import { headerBody, type ProfileHeader } from './header.js';
import { OwnFile } from './own-file.js';

/** Fields of the footer besides the header and the block index; see FORMAT.md. */
export interface FooterInfo {
  ended: string;
  elapsed_ns: bigint;
  counts: Record<string, number>;
  first_ns: bigint;
  last_ns: bigint;
}

/** Fields of a block for its index entry. */
export interface BlockInfo {
  worker: number;
  seq: number;
  events: number;
  minNs: bigint;
  maxNs: bigint;
  /** The counts of the block. */
  counts: Record<string, number>;
}

export interface WriterOptions {
  /** Whether to replace a regular file of this name. */
  force: boolean;
  header: ProfileHeader;
  /** Whether to flush the new file and its name to the disk. Default false. */
  sync?: boolean;
}

/** Most bytes of an entry in the block index: an array of seven integers of nine bytes each. */
const INDEX_ENTRY_MAX = 64;
/** Most bytes of a footer without header and index: all counters with the largest values need about 2300. */
const FOOTER_REST_MAX = 2560;

/**
 * Writes a profile, frame by frame. A failed write is final: the file is truncated to the last complete frame
 * and closed, and every later call throws the same error.
 */
export class ProfileWriter {
  readonly path: string;
  readonly file: OwnFile;
  readonly #header: Record<string, unknown>;
  readonly #run: Uint8Array;
  readonly #index = new BlockIndex();
  readonly #headerBytes: number;
  /** Descriptor of the file, negative once it is closed. */
  #fd: number;
  #bytes: number;
  #failure: MembenchError | undefined;

  private constructor(path: string, { force, header, sync = false }: WriterOptions) {
    this.path = path;
    this.#run = header.run;
    this.#header = headerBody(header);
    const frame = encodeFrame('MBHD', encode(this.#header));
    this.#fd = createFile(path, force, frame, sync);
    this.file = new OwnFile(path, this.#fd);
    this.#bytes = frame.length;
    this.#headerBytes = frame.length;
  }

  /**
   * Creates the file, with mode 0600 for any umask, and writes its header. An existing path is refused,
   * unless `force` is set and it is a regular file, which is replaced.
   *
   * @throws ERR_MEMBENCH_PROFILE_EXISTS, ERR_MEMBENCH_PROFILE_WRITE; nothing has changed then
   */
  static create(path: string, options: WriterOptions): ProfileWriter {
    return new ProfileWriter(path, options);
  }

  /** Bytes written in complete frames. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Blocks written. */
  get blocks(): number {
    return this.#index.count;
  }

  /** Most bytes of the footer after one more block. */
  get footerMax(): number {
    return this.#headerBytes + this.#index.bytes + INDEX_ENTRY_MAX + FOOTER_REST_MAX;
  }

  /**
   * Writes the frame of a block.
   *
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  writeBlock(frame: Uint8Array, block: BlockInfo): void {
    const offset = this.#bytes;
    this.#write(frame);
    const { worker, seq, events, minNs, maxNs } = block;
    this.#index.add({ offset, bytes: frame.length, worker, seq, events, minNs, maxNs });
  }

  /**
   * Writes a loss record.
   *
   * @param reason name of a `lost_…` counter without the prefix
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  writeLoss(worker: number, reason: string, packets: number): void {
    this.#write(encodeFrame('MBLS', encode({ run: this.#run, worker, reason, packets })));
  }

  /**
   * Waits until all frames are on the disk.
   *
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  sync(): void {
    this.#attempt((fd) => fsyncSync(fd));
  }

  /**
   * Checks that the file is still at its path; where it is not, that is final, as a failed write is.
   *
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  check(): void {
    this.#attempt((fd) => this.file.check(fd));
  }

  /**
   * Writes a note; see Note.
   *
   * @param atNs wall clock, Unix nanoseconds
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  writeNote(what: string, atNs: bigint): void {
    this.#write(encodeFrame('MBNT', encode({ run: this.#run, at_ns: atNs, what })));
  }

  /**
   * Writes the footer and closes the file, which must still be at its path.
   *
   * @param sync whether to wait until the file is on the disk
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  finish(info: FooterInfo, sync = false): void {
    const map = { header: this.#header, ...info };
    const packed = encode(map);
    const rows = this.#index.packed();
    const body =
      rows === null
        ? packed
        : Buffer.concat([openMap(packed, Object.keys(map).length, 'blocks', 0xdd, this.blocks), rows]);
    // A footer promises that all blocks are there, so it must not remain where it cannot be flushed.
    this.#write(encodeFrame('MBFT', body), sync);
    // Checked after the footer is written, so that a moved file is complete.
    this.check();
    try {
      this.#close();
    } catch (error) {
      // Some file systems report lost writes only when a file is closed.
      this.#failure = writeError(this.path, error);
      throw this.#failure;
    }
  }

  /**
   * Closes the file without a footer: its blocks are readable, and the missing footer shows that it was cut
   * short.
   */
  abandon(): void {
    this.#close();
  }

  /** Writes a complete frame, and flushes it where requested; where that fails, nothing of it remains. */
  #write(frame: Uint8Array, sync = false): void {
    this.#attempt((fd) => {
      writeAll(fd, frame);
      if (sync) fsyncSync(fd);
    });
    this.#bytes += frame.length;
  }

  /** Runs an action on the file. Where it fails, the file is truncated to its last complete frame. */
  #attempt(action: (fd: number) => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#fd < 0)
      throw new MembenchError('ERR_MEMBENCH_PROFILE_WRITE', `${this.path}: it is closed already`);
    try {
      action(this.#fd);
    } catch (error) {
      this.#failure = error instanceof MembenchError ? error : writeError(this.path, error);
      try {
        ftruncateSync(this.#fd, this.#bytes);
        this.#close();
      } catch {
        // Readers recognise the incomplete frame by its checksum.
      }
      throw this.#failure;
    }
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd >= 0) closeSync(fd);
  }
}
