import { closeSync, fsyncSync, ftruncateSync } from 'node:fs';
import { MembenchError } from '../errors.js';
import { BlockIndex } from './block-index.js';
import { createFile, writeAll, writeError } from './create.js';
import { encode, encodeFrame, openMap } from './envelope.js';
import { headerBody, type ProfileHeader } from './header.js';
import { OwnFile } from './own-file.js';

/** What the footer tells besides the header and the block index; see FORMAT.md. */
export interface FooterInfo {
  ended: string;
  elapsed_ns: bigint;
  counts: Record<string, number>;
  first_ns: bigint;
  last_ns: bigint;
}

/** What the writer needs to know of a block. */
export interface BlockInfo {
  worker: number;
  seq: number;
  events: number;
  minNs: bigint;
  maxNs: bigint;
  /** The counters in the block. */
  counts: Record<string, number>;
}

export interface WriterOptions {
  /** Replace a regular file of this name. */
  force: boolean;
  header: ProfileHeader;
  /** Bring the new file and its name to the disk. Default: no. */
  sync?: boolean;
}

/** Bytes of one more entry in the block index at most: seven integers of nine bytes each in an array. */
const INDEX_ENTRY_MAX = 64;
/**
 * Bytes of a footer without header and index at most: every counter there is, as large as can be, needs about
 * 2300.
 */
const FOOTER_REST_MAX = 2560;

/**
 * Writes a profile, frame by frame. A failed write is final: the file is cut back to the last whole
 * frame and closed, and every later call throws the same error.
 */
export class ProfileWriter {
  readonly path: string;
  readonly file: OwnFile;
  readonly #header: Record<string, unknown>;
  readonly #run: Uint8Array;
  readonly #index = new BlockIndex();
  readonly #headerBytes: number;
  /** Negative once the file is closed. */
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
   * Creates the file, mode 0600 whatever the umask, and writes its header. An existing path is refused
   * unless `force` is set, and then only a regular file is replaced.
   *
   * @throws ERR_MEMBENCH_PROFILE_EXISTS, ERR_MEMBENCH_PROFILE_WRITE; nothing has changed then
   */
  static create(path: string, options: WriterOptions): ProfileWriter {
    return new ProfileWriter(path, options);
  }

  /** Bytes of whole frames written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Blocks written. */
  get blocks(): number {
    return this.#index.count;
  }

  /** Bytes the footer would have at most after one more block. */
  get footerMax(): number {
    return this.#headerBytes + this.#index.bytes + INDEX_ENTRY_MAX + FOOTER_REST_MAX;
  }

  /**
   * Writes a finished block frame.
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
   * Writes that packets were lost, and why.
   *
   * @param reason a `lost_…` counter's name without the prefix
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  writeLoss(worker: number, reason: string, packets: number): void {
    this.#write(encodeFrame('MBLS', encode({ run: this.#run, worker, reason, packets })));
  }

  /**
   * Waits until all that was written is on the disk.
   *
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  sync(): void {
    this.#attempt((fd) => fsyncSync(fd));
  }

  /**
   * Makes sure that the file is still where it was made; where it is not, that is as final as a failed write.
   *
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  check(): void {
    this.#attempt((fd) => this.file.check(fd));
  }

  /**
   * Writes that something happened; see Note.
   *
   * @param atNs wall clock, Unix nanoseconds
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  writeNote(what: string, atNs: bigint): void {
    this.#write(encodeFrame('MBNT', encode({ run: this.#run, at_ns: atNs, what })));
  }

  /**
   * Writes the footer and closes the file, which must still be where it was made.
   *
   * @param sync wait until all of it is on the disk
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
    // A footer says that all is there: where it cannot be brought to the disk, it must not stay.
    this.#write(encodeFrame('MBFT', body), sync);
    // Behind the footer: a file that was only moved is whole.
    this.check();
    try {
      this.#close();
    } catch (error) {
      // Some file systems tell only now that what they took was not kept.
      this.#failure = writeError(this.path, error);
      throw this.#failure;
    }
  }

  /**
   * Closes the file as it is: what is sealed stays readable, the missing footer says that it was cut short.
   */
  abandon(): void {
    this.#close();
  }

  /** Writes all of a frame, and brings it to the disk where it is to be; or nothing that stays. */
  #write(frame: Uint8Array, sync = false): void {
    this.#attempt((fd) => {
      writeAll(fd, frame);
      if (sync) fsyncSync(fd);
    });
    this.#bytes += frame.length;
  }

  /** Does something to the file. Where that fails, the file ends with its last whole frame. */
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
        // A reader tells the broken frame by its checksum.
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
