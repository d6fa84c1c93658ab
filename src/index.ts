/**
 * Records and analyses the traffic of a memcached. Each function loads its modules when it is first called.
 *
 * @module membench
 */
import type { Analysis } from './analyze/analyze.js';
import type { Diagnosis, DoctorOptions } from './doctor.js';
import { MembenchError } from './errors.js';
import type { ExportOptions } from './export/options.js';
import type { ExportSummary } from './export/summary.js';
import type { RecordOptions, RecordSummary } from './record-options.js';

export type { Analysis, LossAnalysis, OpAnalysis } from './analyze/analyze.js';
export * as format from './analyze/format.js';
export type { Percentiles } from './analyze/histogram.js';
export { PLAIN, type ReportStyle, renderReport } from './analyze/report.js';
export type { Diagnosis, DoctorOptions } from './doctor.js';
export { ERROR_CODES, type ErrorCode, MembenchError } from './errors.js';
export {
  EXPORT_FORMATS,
  type ExportFormat,
  type ExportOptions,
  type ExportProgress,
  type ExportSink,
  type ExportTime,
} from './export/options.js';
export type { ExportedProfile, ExportSummary } from './export/summary.js';
export * from './profile.js';
export type { RecordEnd, RecordOptions, RecordProgress, RecordSummary } from './record-options.js';
export type { Check } from './source/check.js';
export type { SourceDiagnosis } from './source/doctor.js';
export { version } from './version.js';

/**
 * Records a capture into a profile.
 *
 * @throws MembenchError; but a capture that breaks off is reported by `ended`, and the events before the
 *   break are in the profile
 */
export async function record(options: RecordOptions): Promise<RecordSummary> {
  const room = await import('./record.js');
  return room.record(options);
}

/**
 * Describes the workload in one or more profiles. The connections of several recordings are added up; one
 * that spans several files of a recording counts once. Keys are the same across recordings made with the same
 * key file.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE
 */
export async function analyze(paths: readonly string[]): Promise<Analysis> {
  // A single path would be iterated letter by letter.
  if (!Array.isArray(paths)) {
    throw new MembenchError('ERR_MEMBENCH_USAGE', 'profiles are given as a list', "analyze(['out.mbp'])");
  }
  const room = await import('./analyze/analyze.js');
  return room.analyze(paths);
}

/**
 * Writes the events of profiles in another format, in the order of request time. A file gets another one beside it,
 * FILE.json, with the summary. Both come to their names when they are whole.
 *
 * @throws MembenchError; what is damaged or missing in a profile is not thrown but told by the summary
 */
export async function exportProfiles(options: ExportOptions): Promise<ExportSummary> {
  const room = await import('./export/export.js');
  return room.exportProfiles(options);
}

/**
 * Tells which sources work here, what the others lack, and what confines the process that decodes live
 * packets. The sources are tried on the loopback interface; nothing is captured, attached or left behind.
 */
export async function doctor(options: DoctorOptions = {}): Promise<Diagnosis> {
  const room = await import('./doctor.js');
  return room.diagnose(options);
}
