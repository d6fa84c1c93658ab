import { Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { MembenchError } from '../errors.js';
import { type ByteReader, StreamReader } from './bytes.js';

/** Bytes of a compressed file, and of its content, that are read at a time. */
const CHUNK = 256 * 1024;

/** A compression format, told by its first bytes. */
interface Compression {
  magic: readonly number[];
  unpack(): Transform;
}

/** The part of zlib that Node has since 22.15. */
type MaybeZstd = { createZstdDecompress?: (options: { chunkSize: number }) => Transform };

/** A format that Node cannot decompress, with a command that can. */
function unpackedBy(name: string, magic: readonly number[], command: string): Compression {
  return {
    magic,
    unpack() {
      const what = `it is compressed with ${name}, which Node ${process.versions.node} cannot unpack`;
      throw new MembenchError('ERR_MEMBENCH_UNSUPPORTED', what, `${command} FILE | membench record -`);
    },
  };
}

const COMPRESSIONS: readonly Compression[] = [
  // RFC 1952, section 2.3.1.
  { magic: [0x1f, 0x8b], unpack: () => zlib.createGunzip({ chunkSize: CHUNK }) },
  {
    // RFC 8878, section 3.1.1.
    magic: [0x28, 0xb5, 0x2f, 0xfd],
    unpack() {
      const create = (zlib as MaybeZstd).createZstdDecompress;
      return create?.({ chunkSize: CHUNK }) ?? unpackedBy('zstd', [], 'zstd -dc').unpack();
    },
  },
  // The .xz file format, section 2.1.1.1.
  unpackedBy('xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xz -dc'),
  // LZ4 frame format, "Magic Number", and the frames of its predecessor.
  unpackedBy('lz4', [0x04, 0x22, 0x4d, 0x18], 'lz4 -dc'),
  unpackedBy('lz4', [0x02, 0x21, 0x4c, 0x18], 'lz4 -dc'),
  // bzip2.h has no magic, compress.c writes BZh.
  unpackedBy('bzip2', [0x42, 0x5a, 0x68], 'bzip2 -dc'),
  // compress(1), which gzip reads.
  unpackedBy('compress', [0x1f, 0x9d], 'gzip -dc'),
  // APPNOTE.TXT of zip, section 4.3.7.
  unpackedBy('zip', [0x50, 0x4b, 0x03, 0x04], 'unzip -p'),
];

/** The compression of bytes that begin with `head`; undefined where they are not compressed. */
export function compressionOf(head: Uint8Array): Compression | undefined {
  return COMPRESSIONS.find(({ magic }) => magic.every((byte, i) => head[i] === byte));
}

/** Decompresses the bytes of another reader, and counts the compressed ones. */
export class UnpackReader implements ByteReader {
  readonly #packed: ByteReader;
  readonly #unpacked: StreamReader;

  constructor(packed: ByteReader, compression: Compression) {
    this.#packed = packed;
    const unpack = compression.unpack();
    const source = Readable.from(chunksOf(packed));
    source.once('error', (error) => unpack.destroy(error));
    this.#unpacked = new StreamReader(source.pipe(unpack));
  }

  get bytesRead(): number {
    return this.#packed.bytesRead;
  }

  read(buffer: Uint8Array): Promise<number> {
    return this.#unpacked.read(buffer);
  }

  stop(): void {
    this.#packed.stop();
    this.#unpacked.stop();
  }
}

async function* chunksOf(reader: ByteReader): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunk = new Uint8Array(CHUNK);
    const got = await reader.read(chunk);
    if (got === 0) return;
    yield chunk.subarray(0, got);
  }
}
