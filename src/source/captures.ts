import type { CaptureHeader } from '../memory/capture-header.js';
import { type CaptureStart, captureStart } from '../memory/configure.js';
import { type ByteReader, FileReader } from './bytes.js';

/** Where captures put their chunks; the batch ring's writing end. */
export interface PacketSink {
  acquire(): Uint8Array | null;
  freed(): Promise<void>;
  /** @param start where a capture begins with this chunk */
  publish(size: number, start?: CaptureStart): void;
  /** Whether there are workers enough to read files, too. */
  readonly lends: boolean;
  /**
   * Lets the workers read a file themselves, from an offset on, a chunk at a time, as long as chunks are
   * full.
   */
  lend(fd: number, offset: number): void;
  /** Whether they still do. */
  readonly lent: boolean;
  /** The offset they have come to. */
  readonly walked: number;
  /** Resolves when they may have stopped, or come further. */
  returned(): Promise<void>;
  /** Has them stop. */
  takeBack(): void;
  /** Nothing more is wanted. */
  readonly stopped: boolean;
  /** Number of the latest capture whose records cannot be followed any further, 0: none. */
  readonly broken: number;
}

/** One capture, its head read. */
export interface CaptureInput {
  /** For messages. */
  readonly name: string;
  readonly header: CaptureHeader;
  /** The records. */
  readonly reader: ByteReader;
  /** Bytes in all where known: compressed ones where they are. */
  readonly bytesTotal: number | null;
}

/** The nanoseconds in a unit that all of them fit. */
export function unitOf(captures: readonly CaptureInput[]): 1 | 1000 {
  return captures.every(({ header }) => header.unit === 1000) ? 1000 : 1;
}

/** Moves captures, one after the other, into a sink. */
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

  /** The capture of a number the record walk knows. */
  numbered(number: number): CaptureInput {
    return this.#captures[number - 1]!;
  }

  stop(): void {
    this.#stopping = true;
    for (const { reader } of this.#captures) reader.stop();
    this.#sink?.takeBack();
  }

  /** Returns at the end, when told to stop, or when the sink wants no more. */
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
   * Has the workers read a file that goes on. Where they stop it may end, or grow, or fail to be read, or one
   * of them may have died: to read on from there tells which.
   */
  async #lend(file: FileReader, sink: PacketSink): Promise<void> {
    sink.lend(file.fd, file.position);
    while (sink.lent && !this.#stopping) {
      await sink.returned();
      file.position = sink.walked;
    }
  }
}
