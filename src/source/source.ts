import type { CaptureHeader } from '../memory/capture-header.js';

/** Where a source puts chunks of packets; the batch ring's writing end. */
export interface PacketSink {
  acquire(): Uint8Array | null;
  freed(): Promise<void>;
  publish(size: number): void;
  /** Nothing more is wanted. */
  readonly stopped: boolean;
}

/** Where packets come from. `record` does not know which it has. */
export interface PacketSource {
  /** Short name for the profile, never a path or an address. */
  readonly kind: string;
  /** Whether it ends by itself. */
  readonly finite: boolean;
  /** How its records are framed. */
  readonly header: CaptureHeader;
  /** Bytes read so far, and in all where known. */
  readonly bytesRead: number;
  readonly bytesTotal: number | null;
  /** Moves chunks into the sink until the end, `stop()` or a full stop of the sink. */
  run(sink: PacketSink): Promise<void>;
  /** Whether it is the file at this path, which must not be written over. */
  is(path: string): boolean;
  /** Makes `run` return soon. */
  stop(): void;
  /** Releases what `open` took. */
  close(): void;
}
