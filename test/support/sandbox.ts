import type { FromRecorder } from '#src/recorder/messages.js';

/** What a recorder says first, where all is well. */
export const READY_MESSAGE: FromRecorder = {
  kind: 'ready',
  sandbox: { unfiltered: null, threads: 9, bounded: 9, noNewPrivs: true, hidden: true },
};
