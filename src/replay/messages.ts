import type { Share } from './commands.js';
import type { Delivery } from './incoming.js';
import type { Slice } from './schedule.js';
import type { SenderOptions, SliceEnd } from './sender.js';
import type { TallyData } from './tally.js';

/** What a thread starts with. */
export interface ThreadData {
  share: Share;
  options: SenderOptions;
  /** Unix nanoseconds of the recording's first request. */
  baseNs: bigint;
}

export type ToThread =
  | { kind: 'delivery'; delivery: Delivery }
  | { kind: 'slice'; slice: Slice }
  | { kind: 'stop' }
  | { kind: 'close' };

/** Sums of a thread while a slice runs. */
export interface ThreadProgress {
  requests: number;
  commands: number;
  hits: number;
  misses: number;
  errors: number;
}

export type FromThread =
  | { kind: 'taken' }
  /** It reads the columns in some memory no more. */
  | { kind: 'released'; memory: number }
  /** It waits for its first slice. */
  | { kind: 'ready' }
  | { kind: 'progress'; progress: ThreadProgress }
  | { kind: 'slice'; end: SliceEnd; tally: TallyData };
