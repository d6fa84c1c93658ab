import { checkCommands, openAll } from '../profile/open-all.js';
import type { Analysis } from './analysis.js';
import { analyzeReaders } from './analyze.js';
import type { AnalyzeOptions } from './options.js';
import { analyzeOrderElsewhere } from './order-elsewhere.js';

/**
 * Says what the workload in one or more files is; see analyzeReaders.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE, ERR_MEMBENCH_USAGE, ERR_MEMBENCH_ABORTED
 */
export async function analyze(paths: readonly string[], options: AnalyzeOptions = {}): Promise<Analysis> {
  const readers = openAll(paths);
  try {
    checkCommands(readers, options.ops);
  } catch (error) {
    for (const reader of readers) reader.close();
    throw error;
  }
  return analyzeReaders(readers, options, (watch) => analyzeOrderElsewhere(paths, options, watch));
}
