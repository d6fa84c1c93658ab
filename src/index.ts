/**
 * Recording and analysing what a memcached does. Nothing heavy is loaded before it is used.
 *
 * @module membench
 */
import type { Analysis, AnalyzeOptions } from './analyze/analyze.js';
import type { Comparison } from './analyze/compare.js';
import type { TraceEvent } from './analyze/trace.js';
import type { Diagnosis, DoctorOptions } from './doctor.js';
import { MembenchError } from './errors.js';
import type { RecordOptions, RecordSummary } from './record-options.js';

export type { Analysis, AnalyzeOptions, LossAnalysis, OpAnalysis } from './analyze/analyze.js';
export type { Change, Comparison } from './analyze/compare.js';
export * as format from './analyze/format.js';
export type { Percentiles } from './analyze/histogram.js';
export { renderComparison } from './analyze/report/comparison.js';
export {
  PLAIN,
  type ReportStyle,
  type ReportView,
  renderReport,
  SECTIONS,
  type SectionName,
} from './analyze/report.js';
export type { TraceEvent } from './analyze/trace.js';
export type { Diagnosis, DoctorOptions } from './doctor.js';
export { ERROR_CODES, type ErrorCode, MembenchError } from './errors.js';
export * from './profile.js';
export type { RecordEnd, RecordOptions, RecordProgress, RecordSummary } from './record-options.js';
export type { Check } from './source/check.js';
export type { SourceDiagnosis } from './source/doctor.js';
export { version } from './version.js';

/**
 * Records a capture into a profile.
 *
 * @throws MembenchError; a capture that breaks off is not thrown but told by `ended`, and what stood
 * before the break is in the profile
 */
export async function record(options: RecordOptions): Promise<RecordSummary> {
  const room = await import('./record.js');
  return room.record(options);
}

/**
 * Says what the workload in one or more profiles is. Connections of several recordings are added up, those
 * that span several files of one count once; keys
 * are the same where the profiles were recorded with the same key file.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE
 */
export async function analyze(paths: readonly string[], options: AnalyzeOptions = {}): Promise<Analysis> {
  // A path by itself would be taken for one profile a letter.
  if (!Array.isArray(paths)) {
    throw new MembenchError('ERR_MEMBENCH_USAGE', 'profiles are given as a list', "analyze(['out.mbp'])");
  }
  const room = await import('./analyze/analyze.js');
  return room.analyze(paths, options);
}

/**
 * What changed beyond noise between two sets of profiles, by bootstrap over intervals.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE, ERR_MEMBENCH_USAGE
 */
export async function compare(
  a: readonly string[],
  b: readonly string[],
  options: AnalyzeOptions = {},
): Promise<Comparison> {
  const [one, other] = [await analyze(a, options), await analyze(b, options)];
  const room = await import('./analyze/compare.js');
  return room.compareAnalyses(one, other);
}

/**
 * The slowest requests an analysis found (`slowest`), and what was under way at the same time, for Chrome or Perfetto.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE
 */
export async function traceSlowest(
  paths: readonly string[],
  analysis: Analysis,
): Promise<{ traceEvents: TraceEvent[] }> {
  const room = await import('./analyze/trace.js');
  return room.traceOf(paths, analysis.latency?.worst ?? []);
}

/**
 * What keys are called in profiles recorded with a key file: 16 hex digits each.
 *
 * @throws ERR_MEMBENCH_KEY_FILE
 */
export async function hashKeys(keyFile: string, keys: readonly (string | Uint8Array)[]): Promise<string[]> {
  const room = await import('./key.js');
  return room.hashKeys(keyFile, keys);
}

/**
 * Says which sources work here, and what is missing for the others; and what confines the process that decodes
 * live packets. It tries them out on the loopback interface; nothing is captured, attached or left behind.
 */
export async function doctor(options: DoctorOptions = {}): Promise<Diagnosis> {
  const room = await import('./doctor.js');
  return room.diagnose(options);
}
