import { defaultWorkers, startThreads } from './pool/threads.js';
import { checkOptions } from './record-checks.js';
import type { RecordOptions, RecordSummary } from './record-options.js';
import { isLive } from './source/names.js';

/**
 * Records a source into a profile.
 *
 * @throws MembenchError; a capture that breaks off is not thrown but told by `ended`, and what stood
 * before the break is in the profile
 */
export async function record(options: RecordOptions): Promise<RecordSummary> {
  checkOptions(options);
  const live = isLive(options.source);
  const workers = options.workers ?? defaultWorkers(live);
  // Nothing takes as long to start as threads: they do it while the rest is loaded. Live, another process has them.
  const threads = live ? undefined : startThreads(workers);
  try {
    const { runRecording } = await import('./recording.js');
    return await runRecording(options, workers, threads);
  } finally {
    await threads?.destroy();
  }
}
