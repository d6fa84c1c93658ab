import { defaultWorkers, startThreads } from './pool/threads.js';
import { checkOptions } from './record-checks.js';
import type { RecordOptions, RecordSummary } from './record-options.js';
import { isLive } from './source/names.js';

/**
 * Records a source into a profile.
 *
 * @throws MembenchError; but a capture that breaks off is reported by `ended`, and the events before the
 *   break are in the profile
 */
export async function record(options: RecordOptions): Promise<RecordSummary> {
  checkOptions(options);
  const live = isLive(options.source);
  const workers = options.workers ?? defaultWorkers(live);
  // Threads take longest to start, so they start while the rest is loaded. Live, another process has the
  // threads.
  const threads = live ? undefined : startThreads(workers);
  try {
    const { runRecording } = await import('./recording.js');
    return await runRecording(options, workers, threads);
  } finally {
    await threads?.destroy();
  }
}
