import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { MembenchError } from '../errors.js';
import { PCAP_HEADER } from '../layout/generated.js';
import { parseCaptureHeader } from '../memory/capture-header.js';
import type { KernelCounts, PacketSource, StreamFeed } from './source.js';
import { StreamReader } from './stream.js';

/** Failures of open(2) and read(2) people meet, in their words. */
const REASONS: Record<string, [why: string, hint?: string]> = {
  ENOENT: ['no such file'],
  EACCES: ['permission denied'],
  EPERM: ['permission denied'],
  EISDIR: ['it is a directory', 'name a capture file in it'],
  ENOTDIR: ['a part of the path is not a directory'],
  ELOOP: ['too many symbolic links'],
};

/** Says why a capture cannot be opened or read. */
export function sourceError(path: string, error: unknown): MembenchError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const [why, hint] = REASONS[code] ?? [(error as Error).message];
  return new MembenchError('ERR_MEMBENCH_SOURCE', `${path}: ${why}`, hint, error);
}

/** A capture file, or a FIFO one comes through. */
export class FileSource implements PacketSource {
  readonly kind = 'file';
  readonly finite = true;
  readonly info: string;
  readonly unit: 1 | 1000;
  readonly feed: StreamFeed;

  private constructor(path: string, feed: StreamFeed) {
    this.info = `file ${path}`;
    this.feed = feed;
    this.unit = feed.header.unit;
  }

  /**
   * Opens a file and reads its head.
   *
   * @param signal gives up waiting for the head
   * @throws ERR_MEMBENCH_SOURCE, ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE, ERR_MEMBENCH_ABORTED
   */
  static async open(path: string, signal?: AbortSignal): Promise<FileSource> {
    const { fd, bytesTotal } = openFile(path);
    const reader = new StreamReader(fd, bytesTotal !== null, 0);
    const stop = () => reader.stop();
    signal?.addEventListener('abort', stop);
    try {
      const head = new Uint8Array(PCAP_HEADER);
      let size = 0;
      while (size < head.length && !signal?.aborted) {
        const got = await reader.read(head.subarray(size)).catch((error: unknown) => {
          throw sourceError(path, error);
        });
        if (got === 0) break;
        size += got;
      }
      if (signal?.aborted) {
        throw new MembenchError('ERR_MEMBENCH_ABORTED', 'stopped before there was anything to record');
      }
      const header = parseCaptureHeader(head.subarray(0, size));
      return new FileSource(path, { kind: 'stream', fd, header, bytesTotal, live: false });
    } catch (error) {
      closeSync(fd);
      if (!(error instanceof MembenchError) || error.code === 'ERR_MEMBENCH_SOURCE') throw error;
      throw new MembenchError(error.code, `${path}: ${error.message}`, error.hint);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  onChange(): void {}

  start(): void {}

  stop(): void {}

  kernel(): KernelCounts {
    return { received: null, dropped: null };
  }

  is(path: string): boolean {
    const other = statSync(path, { throwIfNoEntry: false });
    const own = fstatSync(this.feed.fd);
    return other !== undefined && other.ino === own.ino && other.dev === own.dev;
  }

  close(): void {
    closeSync(this.feed.fd);
  }
}

function openFile(path: string): { fd: number; bytesTotal: number | null } {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw sourceError(path, error);
  }
  const stat = fstatSync(fd);
  if (!stat.isFile() && !stat.isFIFO()) {
    closeSync(fd);
    const what = stat.isDirectory() ? 'EISDIR' : 'it is neither a file nor a FIFO';
    throw sourceError(path, Object.assign(new Error(what), { code: what }));
  }
  return { fd, bytesTotal: stat.isFile() ? stat.size : null };
}
