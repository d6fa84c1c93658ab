import { MembenchError } from '../errors.js';
import { checkOptions, type ReplayOptions } from './options.js';
import { ReplayRun } from './run.js';
import { askServer, checkTarget } from './safety.js';
import { type ReplaySummary, summarize } from './summary.js';

/**
 * Sends the recorded requests to a server again, and holds its answers against the recorded ones.
 *
 * @throws ERR_MEMBENCH_USAGE, ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE, ERR_MEMBENCH_SERVER,
 *   ERR_MEMBENCH_WORKER; what goes wrong later is told by the summary: `ended` and `errors`
 */
export async function replay(options: ReplayOptions): Promise<ReplaySummary> {
  checkOptions(options);
  const target = await askServer(options.server, 1000 * (options.timeout ?? 5));
  checkTarget(options.server, target, options.yes === true, (warning) => options.onWarning?.(warning));
  const run = await ReplayRun.open(options, target.address);
  try {
    if (run.events === 0) throw new MembenchError('ERR_MEMBENCH_USAGE', 'the profiles have no request');
    const { signal, onProgress, duration, requests } = options;
    const start = performance.now();
    const { tally, end } = await run.slice({
      ...(duration === undefined ? {} : { duration }),
      ...(requests === undefined ? {} : { requests }),
      ...(signal === undefined ? {} : { signal }),
      onProgress: (sums) => onProgress?.({ ...sums, elapsed: (performance.now() - start) / 1000 }),
    });
    return summarize(tally, end, run.complete);
  } finally {
    await run.close();
  }
}
