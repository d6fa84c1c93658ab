import type { Command } from '../command.js';
import type { PendingQueue } from '../pending.js';
import type { Values } from '../values.js';
import type { ByteWriter } from '../writer.js';
import { encodeBinary } from './binary.js';
import { encodeMeta } from './meta.js';
import { encodeText } from './text.js';

/** What encoders need of a connection. */
export interface EncodedInto {
  readonly writer: ByteWriter;
  readonly queue: PendingQueue;
  /** A number no request under way on the connection has. */
  nextOpaque(): number;
}

/** Where a command is encoded to, and what it is made with. */
export interface EncodeTo {
  connection: EncodedInto;
  values: Values;
  /** The cas unique a command compares with, in decimal digits. */
  casOf(command: Command): string;
  /**
   * Appends a request to the queue of the connection, before its bytes are written. Returns where in the queue it is.
   *
   * @param keys how many of the command's keys it has
   * @param from the first of them
   */
  add(waits: number, quiet: boolean, keys: number, from?: number): number;
}

/** Writes a command in the protocol of its shape. One command may become several requests. */
export function encode(command: Command, to: EncodeTo): void {
  const { protocol } = command.shape;
  if (protocol === 'text') encodeText(command, to);
  else if (protocol === 'meta') encodeMeta(command, to);
  else encodeBinary(command, to);
}
