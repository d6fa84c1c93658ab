/** What the privileged half of a live recording and its recorder say to each other. */
import type { SealedBlock } from '../pool/messages.js';
import type { RecorderProgress, RecorderResult, RecorderSettings } from './recorder.js';

/** To the recorder. The first message is `start`, and nothing else carries secrets. */
export type ToRecorder =
  | { kind: 'start'; settings: RecorderSettings; user: { uid: number; gid: number } | null }
  | { kind: 'run' }
  | { kind: 'stop' }
  | { kind: 'flush' }
  | { kind: 'written' };

/** From the recorder. */
export type FromRecorder =
  | { kind: 'loaded' }
  | { kind: 'ready' }
  | { kind: 'block'; block: SealedBlock }
  | { kind: 'rebuilt'; worker: number; why: string }
  | { kind: 'progress'; progress: RecorderProgress }
  | { kind: 'done'; result: RecorderResult }
  | { kind: 'failed'; code: string; message: string; hint: string | undefined };
