/**
 * The messages between the privileged process of a live recording and its recorder, over one socket.
 *
 * The recorder touches packets, so an attacker may have taken it over. Its messages consist of bytes, numbers
 * and short texts in a fixed layout (report.ts), and every field is checked (accept.ts). Messages to the
 * recorder are trusted.
 */
import { deserialize, serialize } from 'node:v8';
import type { ErrorCode } from '../errors.js';
import type { SealedBlock } from '../pool/messages.js';
import type { RecorderEnd, RecorderProgress, RecorderResult, RecorderSettings } from './recorder.js';
import type { Sandbox } from './sandbox.js';

/** The recorder's end of the socket: standard input, output and error come before. */
export const CHANNEL_FD = 3;

/** The first descriptor of a feed in the recorder. */
export const FIRST_FD = 4;

/** Most messages of a recorder about replaced workers; the counters tell the rest. */
export const REBUILT_MAX = 1000;

/** The first message to a recorder, and the only one with secrets. */
export interface Start {
  settings: RecorderSettings;
  /** User that the recorder becomes; null where it was started without rights to give up. */
  user: { uid: number; gid: number } | null;
  /** Whether the recorder was started with an empty bounding set. */
  bounded: boolean;
}

/** Messages to the recorder. `start` is the first; `written` acknowledges a block. */
export type ToRecorder = ({ kind: 'start' } & Start) | { kind: 'run' | 'stop' | 'flush' | 'written' };

/** Messages from the recorder. `ready` is the first, `done` or `failed` the last. */
export type FromRecorder =
  | { kind: 'ready'; sandbox: Sandbox }
  | { kind: 'block'; block: SealedBlock }
  | { kind: 'rebuilt'; worker: number; why: string }
  | { kind: 'progress'; progress: RecorderProgress }
  | { kind: 'done'; result: RecorderResult }
  | { kind: 'failed'; code: ErrorCode; message: string; hint: string | undefined };

// The type of a frame, in either direction, is an index into these.
export const TO_RECORDER = ['start', 'run', 'stop', 'flush', 'written'] as const;
export const FROM_RECORDER = ['ready', 'block', 'rebuilt', 'progress', 'done', 'failed'] as const;

/** The ends of a recording; `done` has an index into this list. */
export const ENDS: readonly RecorderEnd[] = [
  'end of source',
  'count',
  'duration',
  'stopped',
  'broken source',
];

/** Most bytes of each message to the recorder. Lists of ports may be long. */
export const TO_RECORDER_LIMITS = limits(TO_RECORDER, {
  start: 16 * 1024 * 1024,
  run: 0,
  stop: 0,
  flush: 0,
  written: 0,
});

/** Most bytes of a payload by the type of the frame. */
export function limits<Kind extends string>(
  kinds: readonly Kind[],
  most: Record<Kind, number>,
): ReadonlyMap<number, number> {
  return new Map(kinds.map((kind, type) => [type, most[kind]]));
}

/** Encodes the payload of `start` in V8's format: it is safe because the reader trusts the writer. */
export function packStart(start: Start): Uint8Array {
  return serialize(start);
}

export function unpackStart(payload: Uint8Array): Start {
  return deserialize(payload);
}
