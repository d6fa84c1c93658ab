import { readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** Time between two reads of an empty pipe, ms. */
const POLL_INTERVAL = 10;

/** A source of the bytes of a capture, in order. */
export interface ByteReader {
  /** Reads into a buffer. Returns the bytes read; 0 at the end, or after `stop`. */
  read(buffer: Uint8Array): Promise<number>;
  /** Bytes read from the file or stream, before decompression. */
  readonly bytesRead: number;
  stop(): void;
}

/** Reads a file at a position of its own, which the source moves on when workers have read the file. */
export class FileReader implements ByteReader {
  readonly fd: number;
  /** Offset of the next read. */
  position = 0;
  #stopping = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  get bytesRead(): number {
    return this.position;
  }

  stop(): void {
    this.#stopping = true;
  }

  /** Reads at once: a regular file never makes a reader wait. */
  async read(buffer: Uint8Array): Promise<number> {
    if (this.#stopping) return 0;
    const got = readSync(this.fd, buffer, 0, buffer.length, this.position);
    this.position += got;
    return got;
  }
}

/**
 * Reads a descriptor of a file, FIFO or pipe, which must be non-blocking: a blocking read could be
 * interrupted neither by a signal nor by the end of the process.
 */
export class DescriptorReader implements ByteReader {
  readonly #fd: number;
  readonly #regular: boolean;
  #bytesRead = 0;
  #begun: boolean;
  #stopping = false;

  /**
   * @param regular whether an empty read is the end; on a FIFO it may mean that nobody has opened it for
   *   writing yet
   * @param begun whether bytes were read from it before
   */
  constructor(fd: number, regular: boolean, begun = false) {
    this.#fd = fd;
    this.#regular = regular;
    this.#begun = begun;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  stop(): void {
    this.#stopping = true;
  }

  async read(buffer: Uint8Array): Promise<number> {
    while (!this.#stopping) {
      try {
        const got = readSync(this.#fd, buffer, 0, buffer.length, null);
        if (got > 0 || this.#regular || this.#begun) {
          this.#bytesRead += got;
          this.#begun = true;
          return got;
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
      await sleep(POLL_INTERVAL);
    }
    return 0;
  }
}

/** Reads a stream of Node. */
export class StreamReader implements ByteReader {
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #bytesRead = 0;
  #stopping = false;

  constructor(stream: Readable) {
    this.#stream = stream;
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  stop(): void {
    this.#stopping = true;
    this.#stream.destroy();
  }

  async read(buffer: Uint8Array): Promise<number> {
    while (this.#rest.length === 0) {
      if (this.#stopping) return 0;
      try {
        const { value, done } = await this.#chunks.next();
        if (done) return 0;
        this.#rest = value;
      } catch (error) {
        // `stop` destroyed the stream to end this wait.
        if (this.#stopping) return 0;
        throw error;
      }
    }
    const part = this.#rest.subarray(0, buffer.length);
    buffer.set(part);
    this.#rest = this.#rest.subarray(part.length);
    this.#bytesRead += part.length;
    return part.length;
  }
}

/** Returns bytes that were read ahead, then those of another reader. */
export class ReplayReader implements ByteReader {
  readonly #reader: ByteReader;
  #head: Uint8Array;

  constructor(head: Uint8Array, reader: ByteReader) {
    this.#head = head;
    this.#reader = reader;
  }

  get bytesRead(): number {
    return this.#reader.bytesRead;
  }

  stop(): void {
    this.#reader.stop();
  }

  async read(buffer: Uint8Array): Promise<number> {
    if (this.#head.length === 0) return this.#reader.read(buffer);
    const part = this.#head.subarray(0, buffer.length);
    buffer.set(part);
    this.#head = this.#head.subarray(part.length);
    return part.length;
  }
}

/** Fills a buffer, unless the reader ends before. Returns the bytes read. */
export async function readFully(reader: ByteReader, buffer: Uint8Array): Promise<number> {
  let size = 0;
  while (size < buffer.length) {
    const got = await reader.read(buffer.subarray(size));
    if (got === 0) break;
    size += got;
  }
  return size;
}
