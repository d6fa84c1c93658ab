import { readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PacketSink } from './source.js';

/** Between two looks at a pipe that has nothing to read, ms. */
const POLL_INTERVAL = 10;

/**
 * Reads a descriptor that may be a file, a FIFO or a pipe. It must not block: a read that blocks could
 * not be interrupted, neither by a signal nor by the end of the process.
 */
export class StreamReader {
  readonly #fd: number;
  readonly #regular: boolean;
  #bytesRead: number;
  #stopping = false;

  /**
   * @param regular it ends where it reads nothing; a FIFO nobody has written to looks as if it did
   * @param bytesRead bytes taken from it before
   */
  constructor(fd: number, regular: boolean, bytesRead: number) {
    this.#fd = fd;
    this.#regular = regular;
    this.#bytesRead = bytesRead;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  stop(): void {
    this.#stopping = true;
  }

  /** Reads into a buffer; 0 at the end, or when told to stop. A regular file always answers at once. */
  async read(buffer: Uint8Array): Promise<number> {
    while (!this.#stopping) {
      try {
        const got = readSync(this.#fd, buffer, 0, buffer.length, null);
        if (got > 0 || this.#regular || this.#bytesRead > 0) {
          this.#bytesRead += got;
          return got;
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
      await sleep(POLL_INTERVAL);
    }
    return 0;
  }

  /** Moves chunks into the sink until the end, `stop()` or a full stop of the sink. */
  async run(sink: PacketSink): Promise<void> {
    while (!this.#stopping && !sink.stopped) {
      const chunk = sink.acquire();
      if (chunk === null) {
        await sink.freed();
        continue;
      }
      const got = await this.read(chunk);
      if (got === 0) return;
      sink.publish(got);
    }
  }
}
