import type { ProfileBytes } from '../profile/bytes.js';

/** Reads of a worker may wait; lib.dom does not know the class. */
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

/** A profile that the user chose, read as it is needed. */
export class BlobBytes implements ProfileBytes {
  readonly name: string;
  readonly size: number;
  readonly #blob: Blob;
  readonly #reader = new FileReaderSync();

  constructor(file: File) {
    this.name = file.name;
    this.size = file.size;
    this.#blob = file;
  }

  read(offset: number, most: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#reader.readAsArrayBuffer(this.#blob.slice(offset, offset + most)));
  }

  close(): void {}
}

/** A profile in memory, in parts. */
export class PartBytes implements ProfileBytes {
  readonly name: string;
  readonly size: number;
  readonly #parts: readonly Uint8Array[];
  /** Where each part begins. */
  readonly #starts: Float64Array;

  constructor(name: string, parts: readonly Uint8Array[]) {
    this.name = name;
    this.#parts = parts;
    this.#starts = new Float64Array(parts.length);
    let size = 0;
    for (const [i, part] of parts.entries()) {
      this.#starts[i] = size;
      size += part.length;
    }
    this.size = size;
  }

  read(offset: number, most: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(Math.max(0, Math.min(most, this.size - offset)));
    let done = 0;
    for (let i = this.#partAt(offset); done < bytes.length; i++) {
      const from = offset + done - this.#starts[i]!;
      const some = this.#parts[i]!.subarray(from, from + bytes.length - done);
      bytes.set(some, done);
      done += some.length;
    }
    return bytes;
  }

  /** The last part that begins at or before an offset. */
  #partAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  close(): void {}
}
