import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { MembenchError } from '../errors.js';
import { PCAP_HEADER } from '../layout/generated.js';
import { type CaptureHeader, parseCaptureHeader } from '../memory/capture-header.js';
import type { PacketSink, PacketSource } from './source.js';

/** Failures of open(2) and read(2) people meet, in their words. */
const REASONS: Record<string, [why: string, hint?: string]> = {
  ENOENT: ['no such file'],
  EACCES: ['permission denied'],
  EPERM: ['permission denied'],
  EISDIR: ['it is a directory', 'name a capture file in it'],
  ENOTDIR: ['a part of the path is not a directory'],
  ELOOP: ['too many symbolic links'],
};

function sourceError(path: string, error: unknown): MembenchError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const [why, hint] = REASONS[code] ?? [(error as Error).message];
  return new MembenchError('ERR_MEMBENCH_SOURCE', `${path}: ${why}`, hint, error);
}

/** Between two looks at a FIFO that has nothing to read, ms. */
const POLL_INTERVAL = 10;

/**
 * A capture file. Chunks are read straight into the shared memory, records and all.
 *
 * The file is opened without blocking, so that a FIFO nobody writes to can be given up: a read that
 * blocks could not be interrupted, neither by a signal nor by the end of the process.
 */
export class FileSource implements PacketSource {
  readonly kind = 'file';
  readonly finite = true;
  readonly bytesTotal: number | null;
  readonly #path: string;
  readonly #fd: number;
  #header: CaptureHeader | undefined;
  #bytesRead = 0;
  #stopping = false;

  private constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    } catch (error) {
      throw sourceError(path, error);
    }
    const stat = fstatSync(this.#fd);
    this.bytesTotal = stat.isFile() ? stat.size : null;
    if (!stat.isFile() && !stat.isFIFO()) {
      closeSync(this.#fd);
      const what = stat.isDirectory() ? 'EISDIR' : 'it is neither a file nor a FIFO';
      throw sourceError(path, Object.assign(new Error(what), { code: what }));
    }
  }

  /**
   * Opens a file and reads its head.
   *
   * @param signal gives up waiting for the head
   * @throws ERR_MEMBENCH_SOURCE, ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE
   */
  static async open(path: string, signal?: AbortSignal): Promise<FileSource> {
    const source = new FileSource(path);
    const stop = () => source.stop();
    signal?.addEventListener('abort', stop);
    try {
      const head = new Uint8Array(PCAP_HEADER);
      let size = 0;
      while (size < head.length && !signal?.aborted) {
        const got = await source.#read(head.subarray(size));
        if (got === 0) break;
        size += got;
        source.#bytesRead = size;
      }
      if (signal?.aborted)
        throw new MembenchError('ERR_MEMBENCH_ABORTED', 'stopped before there was anything to record');
      source.#header = parseCaptureHeader(head.subarray(0, size));
      return source;
    } catch (error) {
      source.close();
      if (!(error instanceof MembenchError) || error.code === 'ERR_MEMBENCH_SOURCE') throw error;
      throw new MembenchError(error.code, `${path}: ${error.message}`, error.hint);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  get header(): CaptureHeader {
    return this.#header!;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Reads into a buffer; 0 at the end, or when told to stop. A regular file always answers at once. */
  async #read(buffer: Uint8Array): Promise<number> {
    while (!this.#stopping) {
      try {
        const got = readSync(this.#fd, buffer, 0, buffer.length, null);
        // A FIFO nobody has written to yet looks like one whose writer has gone.
        if (got > 0 || this.bytesTotal !== null || this.#bytesRead > 0) return got;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw sourceError(this.#path, error);
      }
      await sleep(POLL_INTERVAL);
    }
    return 0;
  }

  async run(sink: PacketSink): Promise<void> {
    while (!this.#stopping && !sink.stopped) {
      const chunk = sink.acquire();
      if (chunk === null) {
        await sink.freed();
        continue;
      }
      const got = await this.#read(chunk);
      if (got === 0) return;
      this.#bytesRead += got;
      sink.publish(got);
    }
  }

  is(path: string): boolean {
    const other = statSync(path, { throwIfNoEntry: false });
    const own = fstatSync(this.#fd);
    return other !== undefined && other.ino === own.ino && other.dev === own.dev;
  }

  stop(): void {
    this.#stopping = true;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
