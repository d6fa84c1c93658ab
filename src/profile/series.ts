import { addCounts } from './counts.js';
import type { ProfileHeader } from './header.js';
import type { OwnFile } from './own-file.js';
import { Part } from './part.js';
import { PartNames } from './part-names.js';
import { type BlockInfo, type FooterInfo, ProfileWriter } from './writer.js';

export interface SeriesOptions {
  /** Whether to replace regular files of the same names. */
  force: boolean;
  /** Header of the first file; later files have their own `created_ns`, `part` and `first_seq`. */
  header: ProfileHeader;
  /** Most bytes of a file, unless a single block has more. */
  rotateSize?: number | undefined;
  /** Wall time after which the next file is begun, seconds. */
  rotateTime?: number | undefined;
  /** Number of files to keep, at least 1; the oldest is removed when a further one is begun. */
  files?: number | undefined;
  /** When to flush blocks to the disk: after each, or at most once a second. */
  fsync?: 'never' | 'interval' | 'block' | undefined;
  /** Replaces the wall clock in tests. */
  now?: (() => Date) | undefined;
}

/** Shortest time between two checks of the file's path, ms. */
const LOOK_INTERVAL = 1000;
/** Shortest time between two calls of fsync(2) with the option `interval`, ms. */
const SYNC_INTERVAL = 1000;

/**
 * Writes a recording as a series of profiles, or as a single one where neither a size nor a time is set. It
 * is used like a ProfileWriter. A failed write or rotation is final: every later call throws the same error;
 * parts finished before are kept.
 */
export class ProfileSeries {
  readonly #options: SeriesOptions;
  readonly #now: () => Date;
  /** Names of the files; null where there is only one. */
  readonly #names: PartNames | null;
  /** Finished parts that are kept, oldest first. */
  readonly #finished: { file: OwnFile; bytes: number }[] = [];
  /** Sequence number of the next block, by worker. */
  readonly #nextSeq: number[];
  /** Sums of the counters in the footers of finished parts. */
  readonly #told: Record<string, number> = {};
  /** Bytes and blocks of finished parts. */
  #bytes = 0;
  #blocks = 0;
  #number = 0;
  #part: Part;
  /** Wall clock at the last fsync(2), and at the last check of the file's path, ms since 1970. */
  #synced: number;
  #looked: number;
  #unsynced = false;
  #closed = false;
  #failure: unknown;

  private constructor(path: string, options: SeriesOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
    const rotates = options.rotateSize !== undefined || options.rotateTime !== undefined;
    this.#names = rotates ? new PartNames(path) : null;
    this.#nextSeq = Array.from({ length: options.header.workers }, () => 0);
    const now = this.#now();
    this.#part = this.#create(this.#names?.next(now) ?? path, options.header, now);
    this.#synced = now.getTime();
    this.#looked = this.#synced;
  }

  /**
   * Creates the first file; see ProfileWriter.create. With rotation, conversions of strftime(3) in the path
   * are expanded in UTC for each file; see PartNames.
   *
   * @throws ERR_MEMBENCH_PROFILE_EXISTS, ERR_MEMBENCH_PROFILE_WRITE; nothing has changed then
   */
  static create(path: string, options: SeriesOptions): ProfileSeries {
    return new ProfileSeries(path, options);
  }

  /** Path of the current file. */
  get path(): string {
    return this.#part.writer.path;
  }

  /** Paths of all files that are kept, oldest first. */
  get paths(): string[] {
    const finished = this.#finished.map(({ file }) => file.path);
    return finished.at(-1) === this.path ? finished : [...finished, this.path];
  }

  /** Bytes written in complete frames, in all files. */
  get bytes(): number {
    return this.#bytes + this.#part.writer.bytes;
  }

  /** Blocks written, in all files. */
  get blocks(): number {
    return this.#blocks + this.#part.writer.blocks;
  }

  /**
   * Writes the frame of a block, into the next file where the current one is full or old.
   *
   * @throws ERR_MEMBENCH_PROFILE_WRITE, ERR_MEMBENCH_PROFILE_EXISTS
   */
  writeBlock(frame: Uint8Array, block: BlockInfo): void {
    this.#attempt(() => {
      if (this.#isOld() || this.#isFull(frame.length)) this.#rotate();
      this.#part.writeBlock(frame, block);
      this.#nextSeq[block.worker] = Math.max(block.seq + 1, this.#nextSeq[block.worker] ?? 0);
      this.#look();
      this.#written();
    });
  }

  /**
   * Writes a loss record; see ProfileWriter.
   *
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  writeLoss(worker: number, reason: string, packets: number): void {
    this.#attempt(() => {
      this.#part.writeLoss(worker, reason, packets);
      this.#written();
    });
  }

  /**
   * Writes a note; see ProfileWriter.
   *
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  writeNote(what: string, atNs: bigint): void {
    this.#attempt(() => {
      this.#part.writer.writeNote(what, atNs);
      this.#written();
    });
  }

  /**
   * Rotates an old file, flushes to the disk, and checks that the file was not removed or moved. Call it
   * about once a second, because blocks may not come. Does nothing once the series is closed.
   *
   * @throws ERR_MEMBENCH_PROFILE_WRITE, ERR_MEMBENCH_PROFILE_EXISTS
   */
  tick(): void {
    if (this.#closed) return;
    this.#attempt(() => {
      if (this.#isOld()) this.#rotate();
      if (this.#unsynced) this.#sync();
      this.#look();
    });
  }

  /**
   * Writes the footer of the last file and closes the file.
   *
   * @param info counters of the whole recording; the footer gets what earlier footers do not have
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  finish(info: FooterInfo): void {
    this.#attempt(() => this.#part.writer.finish(this.#number === 0 ? info : this.#rest(info), this.#syncs));
    this.#closed = true;
  }

  /** Closes the file without a footer; see ProfileWriter. */
  abandon(): void {
    this.#closed = true;
    this.#part.writer.abandon();
  }

  /**
   * Closes and removes a file that has only its header.
   *
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  discard(): void {
    this.abandon();
    this.#part.writer.file.remove(this.#part.writer.bytes);
  }

  #attempt(action: () => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      action();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  #isFull(bytes: number): boolean {
    const { rotateSize } = this.#options;
    const { writer } = this.#part;
    if (rotateSize === undefined || writer.blocks === 0) return false;
    return writer.bytes + bytes + writer.footerMax > rotateSize;
  }

  #isOld(): boolean {
    const { rotateTime } = this.#options;
    if (rotateTime === undefined || this.#part.writer.blocks === 0) return false;
    return this.#since(this.#part.begun) >= rotateTime * 1000;
  }

  /**
   * Time between a moment of the wall clock and now, ms: absolute, so that a clock set back delays nothing
   * for long.
   */
  #since(time: number): number {
    return Math.abs(this.#now().getTime() - time);
  }

  #create(path: string, header: ProfileHeader, now: Date): Part {
    const writer = ProfileWriter.create(path, { force: this.#options.force, header, sync: this.#syncs });
    return new Part(writer, now.getTime());
  }

  /** Finishes the current file and begins the next. */
  #rotate(): void {
    const { writer, counts } = this.#part;
    writer.finish(this.#part.footer(), this.#syncs);
    addCounts(this.#told, counts);
    this.#finished.push({ file: writer.file, bytes: writer.bytes });
    const now = this.#now();
    this.#part = this.#create(
      this.#names!.next(now),
      {
        ...this.#options.header,
        created_ns: BigInt(now.getTime()) * 1_000_000n,
        part: this.#number + 1,
        first_seq: [...this.#nextSeq],
      },
      now,
    );
    this.#number++;
    this.#bytes += writer.bytes;
    this.#blocks += writer.blocks;
    this.#synced = now.getTime();
    this.#unsynced = false;
    // The oldest file is removed only once there is a new one.
    while (this.#finished.length >= (this.#options.files ?? Infinity)) {
      const oldest = this.#finished.shift()!;
      oldest.file.remove(oldest.bytes, this.#syncs);
    }
  }

  /** Counters for the last footer: those of the whole recording less those of earlier footers. */
  #rest(info: FooterInfo): FooterInfo {
    const { elapsed_ns, first_ns } = this.#part.footer();
    const counts = Object.entries(info.counts).map(([name, count]) => {
      // Readers refuse a footer with a negative number.
      return [name, Math.max(0, count - (this.#told[name] ?? 0))];
    });
    return {
      ...info,
      elapsed_ns,
      counts: Object.fromEntries(counts),
      first_ns: first_ns === 0n ? info.last_ns : first_ns,
    };
  }

  get #syncs(): boolean {
    return (this.#options.fsync ?? 'never') !== 'never';
  }

  #written(): void {
    this.#unsynced = this.#syncs;
    if (this.#unsynced) this.#sync();
  }

  /** Checks the file's path, if the last check is long enough ago. */
  #look(): void {
    if (this.#since(this.#looked) < LOOK_INTERVAL) return;
    this.#part.writer.check();
    this.#looked = this.#now().getTime();
  }

  /** Flushes to the disk, if the last flush is long enough ago. */
  #sync(): void {
    if (this.#options.fsync === 'interval' && this.#since(this.#synced) < SYNC_INTERVAL) return;
    this.#part.writer.sync();
    this.#synced = this.#now().getTime();
    this.#unsynced = false;
  }
}
