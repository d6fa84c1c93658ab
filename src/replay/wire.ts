/** What a connection needs of its socket, whatever that is. */
import type { Address } from './socket.js';

/** Told of what happens to a wire. */
export interface WireEvents {
  /** It may be written to. */
  onReady(): void;
  /** Something came. Returns false to hear no more. */
  onBytes(bytes: Buffer, size: number): boolean;
  /** The system has taken all that waited. */
  onDrain(): void;
  /** It failed; `onClose` follows. */
  onError(code: string): void;
  /** It is closed, and nothing more happens. */
  onClose(): void;
}

/** A stream to the server and back; over UDP every write is a datagram, and so is all that comes at a time. */
export interface Wire {
  /** Bytes that the system has not taken yet. */
  readonly backlog: number;
  /** Sends the bytes from start to end. They must remain as they are where there is a backlog then. */
  write(bytes: Buffer, start: number, end: number): void;
  /** Ends it after what was written. */
  end(): void;
  /** Ends it at once. `onClose` is called later. */
  destroy(): void;
}

/** Opens the wires of a thread. */
export interface Wires {
  open(address: Address, events: WireEvents, isUdp?: boolean): Wire;
  /**
   * Waits for events, so many milliseconds at most, and handles those that are there. Null where the event loop does that.
   */
  readonly poll: ((ms: number) => void) | null;
  close(): void;
}
