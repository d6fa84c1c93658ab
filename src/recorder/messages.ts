/**
 * What the privileged half of a live recording and its recorder say to each other, over one socket.
 *
 * The recorder touches packets, so whatever it says may be somebody else's words: it has a fixed layout
 * (report.ts), every field of it is checked (accept.ts), and it is never more than bytes, numbers and short
 * texts. What the recorder is told comes from whoever started it, and is taken as it is.
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

/** How often a recorder says that a worker was replaced, at most: the counters tell the rest. */
export const REBUILT_MAX = 1000;

/** What a recorder starts with: the only message that carries secrets. */
export interface Start {
  settings: RecorderSettings;
  /** Who it becomes; null where it was started without rights to give up. */
  user: { uid: number; gid: number } | null;
  /** Whether it was started with an empty bounding set. */
  bounded: boolean;
}

/** To the recorder. `start` comes first; a block that was handed over is answered by `written`. */
export type ToRecorder = ({ kind: 'start' } & Start) | { kind: 'run' | 'stop' | 'flush' | 'written' };

/** From the recorder: `ready`, then what happens, and `done` or `failed` as the last. */
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

/** How a recording ends; `done` has an index into this. */
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

/** The payload of `start`. V8's own format: whoever reads it has less rights than whoever wrote it. */
export function packStart(start: Start): Uint8Array {
  return serialize(start);
}

export function unpackStart(payload: Uint8Array): Start {
  return deserialize(payload);
}
