import type { CaptureHeader } from '../memory/capture-header.js';
import { type CaptureStart, captureStart } from '../memory/configure.js';
import { type ByteReader, FileReader } from './bytes.js';

/** Receives the chunks of captures: the batch ring as the source uses it, RingWriter. */
export interface PacketSink {
  acquire(): Uint8Array | null;
  freed(): Promise<void>;
  /** @param start given where a capture begins with this chunk */
  publish(size: number, start?: CaptureStart): void;
  /** Whether there are enough workers to let them read files. */
  readonly lends: boolean;
  /** Lets the workers read a file from an offset on, in chunks, as long as the chunks are full. */
  lend(fd: number, offset: number): void;
  /** Whether the workers still read the file. */
  readonly lent: boolean;
  /** Offset up to which the workers have walked the file. */
  readonly walked: number;
  /** Resolves when the workers may have stopped reading or made progress. */
  returned(): Promise<void>;
  /** Makes the workers stop reading the file. */
  takeBack(): void;
  /** Whether no more chunks are needed. */
  readonly stopped: boolean;
  /** Number of the last capture in which an invalid record was found, 0: none. */
  readonly broken: number;
}

/** A capture of which the header was read. */
export interface CaptureInput {
  /** Name for messages. */
  readonly name: string;
  readonly header: CaptureHeader;
  /** Reader of the records. */
  readonly reader: ByteReader;
  /** Size of the file before decompression, bytes; null where unknown. */
  readonly bytesTotal: number | null;
}

/** Nanoseconds in the unit of time of several captures: 1000 only where all have it. */
export function unitOf(captures: readonly CaptureInput[]): 1 | 1000 {
  return captures.every(({ header }) => header.unit === 1000) ? 1000 : 1;
}

/** Feeds captures, one after the other, into a sink. */
export class CaptureFeeder {
  readonly #captures: readonly CaptureInput[];
  #sink: PacketSink | undefined;
  #stopping = false;
  #failure: { input: CaptureInput; error: Error } | undefined;

  constructor(captures: readonly CaptureInput[]) {
    this.#captures = captures;
  }

  get bytesRead(): number {
    return this.#captures.reduce((sum, { reader }) => sum + reader.bytesRead, 0);
  }

  /** The first capture that could not be read to its end, and why. */
  get failure(): { input: CaptureInput; error: Error } | undefined {
    return this.#failure;
  }

  /** The capture with a number, as counted by the record walk. */
  numbered(number: number): CaptureInput {
    return this.#captures[number - 1]!;
  }

  stop(): void {
    this.#stopping = true;
    for (const { reader } of this.#captures) reader.stop();
    this.#sink?.takeBack();
  }

  /** Resolves at the end of the last capture, after `stop`, or when the sink needs no more. */
  async run(sink: PacketSink): Promise<void> {
    const unit = unitOf(this.#captures);
    this.#sink = sink;
    for (const [index, input] of this.#captures.entries()) {
      if (this.#stopping || sink.stopped) return;
      try {
        await this.#feed(input.reader, captureStart(input.header, index + 1, unit), sink);
      } catch (error) {
        this.#failure ??= { input, error: error as Error };
      }
    }
  }

  async #feed(reader: ByteReader, start: CaptureStart, sink: PacketSink): Promise<void> {
    let first: CaptureStart | undefined = start;
    while (!this.#stopping && !sink.stopped && sink.broken !== start.number) {
      const chunk = sink.acquire();
      if (chunk === null) {
        await sink.freed();
        continue;
      }
      const got = await reader.read(chunk);
      if (got === 0) return;
      sink.publish(got, first);
      first = undefined;
      const isMore = got === chunk.length;
      if (sink.lends && isMore && reader instanceof FileReader) await this.#lend(reader, sink);
    }
  }

  /**
   * Lets the workers read the rest of a file. They stop where the file ends, grows or fails to be read, or
   * where a worker dies; reading on from there tells which.
   */
  async #lend(file: FileReader, sink: PacketSink): Promise<void> {
    sink.lend(file.fd, file.position);
    while (sink.lent && !this.#stopping) {
      await sink.returned();
      file.position = sink.walked;
    }
  }
}
