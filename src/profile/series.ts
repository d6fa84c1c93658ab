import { addCounts } from './counts.js';
import type { ProfileHeader } from './header.js';
import type { OwnFile } from './own-file.js';
import { Part } from './part.js';
import { PartNames } from './part-names.js';
import { type BlockInfo, type FooterInfo, ProfileWriter } from './writer.js';

export interface SeriesOptions {
  /** Replace regular files of the same names. */
  force: boolean;
  /** The first file's; the later ones have their own `created_ns`, `part` and `first_seq`. */
  header: ProfileHeader;
  /** Most bytes of a file, unless its first block alone has more. */
  rotateSize?: number | undefined;
  /** Seconds of wall time after which a file gives way to the next. */
  rotateTime?: number | undefined;
  /** Files kept, at least 1; the oldest is removed when one more is begun. */
  files?: number | undefined;
  /** When written blocks are brought to the disk: after each, or at most once a second. */
  fsync?: 'never' | 'interval' | 'block' | undefined;
  /** The wall clock, for tests. */
  now?: (() => Date) | undefined;
}

/** Shortest time from one look at where the file is to the next, ms. */
const LOOK_INTERVAL = 1000;
/** Shortest time from one fsync(2) to the next where it is done at intervals, ms. */
const SYNC_INTERVAL = 1000;

/**
 * Writes a recording as a series of profiles, or as a single one where neither a size nor a time is set.
 * Use it like a ProfileWriter. A failed write is final, as there, and so is a failed rotation: every
 * later call throws the same error; the parts finished before stay as they are.
 */
export class ProfileSeries {
  readonly #options: SeriesOptions;
  readonly #now: () => Date;
  /** Null where the path is taken as it is. */
  readonly #names: PartNames | null;
  /** Finished parts not removed yet, the oldest first. */
  readonly #finished: { file: OwnFile; bytes: number }[] = [];
  /** By worker, the sequence number of its next block. */
  readonly #nextSeq: number[];
  /** What the footers of finished parts told. */
  readonly #told: Record<string, number> = {};
  /** In finished parts. */
  #bytes = 0;
  #blocks = 0;
  #number = 0;
  #part: Part;
  /** Wall clock at the last fsync(2), and at the last look at where the file is, ms since 1970. */
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
   * Creates the first file; see ProfileWriter.create. Where files are rotated, conversions of strftime(3)
   * in the path are expanded, in UTC, whenever a file is begun; see PartNames.
   *
   * @throws ERR_MEMBENCH_PROFILE_EXISTS, ERR_MEMBENCH_PROFILE_WRITE; nothing has changed then
   */
  static create(path: string, options: SeriesOptions): ProfileSeries {
    return new ProfileSeries(path, options);
  }

  /** The file being written. */
  get path(): string {
    return this.#part.writer.path;
  }

  /** The files of the series that are kept, the oldest first. */
  get paths(): string[] {
    const finished = this.#finished.map(({ file }) => file.path);
    return finished.at(-1) === this.path ? finished : [...finished, this.path];
  }

  /** Bytes of whole frames written, in all files. */
  get bytes(): number {
    return this.#bytes + this.#part.writer.bytes;
  }

  /** Blocks written, in all files. */
  get blocks(): number {
    return this.#blocks + this.#part.writer.blocks;
  }

  /**
   * Writes a finished block frame, into the next file where this one is full or old.
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
   * Writes that packets were lost, and why; see ProfileWriter.
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
   * Writes that something happened; see ProfileWriter.
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
   * To be called about once a second: without any block, too, an old file must be closed, what was written
   * must come to the disk, and a file that was removed or moved must be noticed. Does nothing once the series
   * is closed.
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
   * Writes the last file's footer and closes it.
   *
   * @param info of the whole recording; the footer tells what those before it did not
   * @throws ERR_MEMBENCH_PROFILE_WRITE
   */
  finish(info: FooterInfo): void {
    this.#attempt(() => this.#part.writer.finish(this.#number === 0 ? info : this.#rest(info), this.#syncs));
    this.#closed = true;
  }

  /** Closes the file as it is; see ProfileWriter. */
  abandon(): void {
    this.#closed = true;
    this.#part.writer.abandon();
  }

  /**
   * Closes a file nothing was written to but its header, and removes it.
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

  /** From one moment of the wall clock to now, ms. A clock set back must not make it wait for itself. */
  #since(time: number): number {
    return Math.abs(this.#now().getTime() - time);
  }

  #create(path: string, header: ProfileHeader, now: Date): Part {
    const writer = ProfileWriter.create(path, { force: this.#options.force, header, sync: this.#syncs });
    return new Part(writer, now.getTime());
  }

  /** Finishes the file and begins the next. */
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
    // Only now: what is there is not given up before there is something new.
    while (this.#finished.length >= (this.#options.files ?? Infinity)) {
      const oldest = this.#finished.shift()!;
      oldest.file.remove(oldest.bytes, this.#syncs);
    }
  }

  /** What the last footer tells of the whole recording: what no earlier one did. */
  #rest(info: FooterInfo): FooterInfo {
    const { elapsed_ns, first_ns } = this.#part.footer();
    const counts = Object.entries(info.counts).map(([name, count]) => {
      // A negative number would make the footer unreadable.
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

  /** Makes sure that the file is still where it was made, where it is time. */
  #look(): void {
    if (this.#since(this.#looked) < LOOK_INTERVAL) return;
    this.#part.writer.check();
    this.#looked = this.#now().getTime();
  }

  /** Brings to the disk what is not there yet, where it is time. */
  #sync(): void {
    if (this.#options.fsync === 'interval' && this.#since(this.#synced) < SYNC_INTERVAL) return;
    this.#part.writer.sync();
    this.#synced = this.#now().getTime();
    this.#unsynced = false;
  }
}
