import { readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks at a pipe that has nothing to read, ms. */
const POLL_INTERVAL = 10;

/** Where the bytes of a capture come from, in order. */
export interface ByteReader {
  /** Reads into a buffer; 0 at the end, or when told to stop. */
  read(buffer: Uint8Array): Promise<number>;
  /** Bytes taken from where they lie: compressed ones where they are. */
  readonly bytesRead: number;
  stop(): void;
}

/** Reads a file nobody else reads: at a position of its own, which whoever reads it elsewhere moves on. */
export class FileReader implements ByteReader {
  readonly fd: number;
  /** Offset of what is read next. */
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

  /** A regular file always answers at once. */
  async read(buffer: Uint8Array): Promise<number> {
    if (this.#stopping) return 0;
    const got = readSync(this.fd, buffer, 0, buffer.length, this.position);
    this.position += got;
    return got;
  }
}

/**
 * Reads a descriptor that may be a file, a FIFO or a pipe. It must not block: a read that blocks could
 * not be interrupted, neither by a signal nor by the end of the process.
 */
export class DescriptorReader implements ByteReader {
  readonly #fd: number;
  readonly #regular: boolean;
  #bytesRead = 0;
  #begun: boolean;
  #stopping = false;

  /**
   * @param regular it ends where it reads nothing; a FIFO nobody has written to looks as if it did
   * @param begun bytes were taken from it before
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

/** Reads one of Node's streams. */
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
        // A stream that was destroyed to wake us up says so.
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

/** Gives bytes that were taken to look at them, then the others. */
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

/** Fills a buffer as far as there are bytes. Returns how many there were. */
export async function readFully(reader: ByteReader, buffer: Uint8Array): Promise<number> {
  let size = 0;
  while (size < buffer.length) {
    const got = await reader.read(buffer.subarray(size));
    if (got === 0) break;
    size += got;
  }
  return size;
}
