import { closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { MembenchError } from '../errors.js';
import { PCAP_HEADER } from '../layout/generated.js';
import { type CaptureHeader, parseCaptureHeader } from '../memory/capture-header.js';
import type { PacketSink, PacketSource } from './source.js';

const readAsync = promisify(read);

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

/** A capture file. Chunks are read straight into the shared memory, records and all. */
export class FileSource implements PacketSource {
  readonly kind = 'file';
  readonly finite = true;
  readonly header: CaptureHeader;
  readonly bytesTotal: number | null;
  readonly #path: string;
  readonly #fd: number;
  #bytesRead = 0;
  #stopping = false;

  /**
   * Opens a file and reads its head.
   *
   * @throws ERR_MEMBENCH_SOURCE, ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE
   */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = openSync(path, constants.O_RDONLY);
    } catch (error) {
      throw sourceError(path, error);
    }
    try {
      const stat = fstatSync(this.#fd);
      if (stat.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
      this.bytesTotal = stat.isFile() ? stat.size : null;
      this.header = parseCaptureHeader(this.#readHead());
    } catch (error) {
      closeSync(this.#fd);
      if (error instanceof MembenchError) {
        throw new MembenchError(error.code, `${path}: ${error.message}`, error.hint);
      }
      throw sourceError(path, error);
    }
  }

  #readHead(): Uint8Array {
    const head = new Uint8Array(PCAP_HEADER);
    let size = 0;
    while (size < head.length) {
      const got = readSync(this.#fd, head, size, head.length - size, null);
      if (got === 0) break;
      size += got;
    }
    this.#bytesRead = size;
    return head.subarray(0, size);
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  async run(sink: PacketSink): Promise<void> {
    for (;;) {
      if (this.#stopping || sink.stopped) return;
      const chunk = sink.acquire();
      if (chunk === null) {
        await sink.freed();
        continue;
      }
      let got: number;
      try {
        // A regular file answers at once; anything else may block, and is read off this thread.
        got =
          this.bytesTotal === null
            ? (await readAsync(this.#fd, chunk, 0, chunk.length, null)).bytesRead
            : readSync(this.#fd, chunk, 0, chunk.length, null);
      } catch (error) {
        throw sourceError(this.#path, error);
      }
      if (got === 0) return;
      this.#bytesRead += got;
      sink.publish(got);
    }
  }

  stop(): void {
    this.#stopping = true;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
