/**
 * Records and analyses the traffic of a memcached. Each function loads its modules when it is first called.
 *
 * @module membench
 */
import type { Analysis, AnalyzeOptions } from './analyze/analyze.js';
import type { Comparison } from './analyze/compare.js';
import type { TraceEvent } from './analyze/trace.js';
import type { MetricsAddress, MetricsServer } from './count/metrics.js';
import type { CountOptions, CountReport } from './count/options.js';
import type { Diagnosis, DoctorOptions } from './doctor.js';
import { MembenchError } from './errors.js';
import type { ExportOptions } from './export/options.js';
import type { ExportSummary } from './export/summary.js';
import type { PageData } from './html.js';
import type { RecordOptions, RecordSummary } from './record-options.js';
import type { CompareServersOptions, ServerComparison } from './replay/duel.js';
import type { ReplayOptions } from './replay/options.js';
import type { Search, SearchOptions } from './replay/search.js';
import type { ReplaySummary } from './replay/summary.js';
import type { Sweep, SweepOptions } from './replay/sweep.js';

export type { Analysis, AnalyzeOptions, LossAnalysis, OpAnalysis } from './analyze/analyze.js';
export type { Change, Comparison } from './analyze/compare.js';
export * as format from './analyze/format.js';
export type { Percentiles } from './analyze/histogram.js';
export { renderComparison } from './analyze/report/comparison.js';
export { adviceLines } from './analyze/report/memory.js';
export {
  PLAIN,
  type ReportStyle,
  type ReportView,
  renderReport,
  SECTIONS,
  type SectionName,
} from './analyze/report.js';
export type { TraceEvent } from './analyze/trace.js';
export type { CountedKey, KeySampleReport } from './count/key-sample.js';
export type { MetricsAddress, MetricsServer } from './count/metrics.js';
export type { CountOptions, CountReport } from './count/options.js';
export type { CountedOp } from './count/outcomes.js';
export type { Counted } from './count/report.js';
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
export type { PageData } from './html.js';
export * from './profile.js';
export type { RecordEnd, RecordOptions, RecordProgress, RecordSummary } from './record-options.js';
export type {
  ComparedServer,
  CompareServersOptions,
  ServerComparison,
} from './replay/duel.js';
export { compareServersReport, compareServersWarnings } from './replay/duel-report.js';
export type { Probe } from './replay/hunt.js';
export {
  REPLAY_PROTOCOLS,
  type ReplayOptions,
  type ReplayProtocol,
} from './replay/options.js';
export type { PairedChange } from './replay/paired.js';
export { sweepPage } from './replay/plot.js';
export { replayLines, replayTable, replayWarnings } from './replay/report.js';
export type { Search, SearchOptions } from './replay/search.js';
export type { PercentileName } from './replay/slice-figures.js';
export { searchReport, sweepReport, warmUpLines } from './replay/speed-report.js';
export type { WarmUp } from './replay/stages.js';
export type { Estimate } from './replay/statistics.js';
export type { ReplayOp, ReplayProgress, ReplaySummary } from './replay/summary.js';
export type { Sweep, SweepOptions, SweepPoint } from './replay/sweep.js';
export type { Verdict } from './replay/verdict.js';
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
export async function analyze(paths: readonly string[], options: AnalyzeOptions = {}): Promise<Analysis> {
  // A single path would be iterated letter by letter.
  if (!Array.isArray(paths)) {
    throw new MembenchError('ERR_MEMBENCH_USAGE', 'profiles are given as a list', "analyze(['out.mbp'])");
  }
  const room = await import('./analyze/files.js');
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
  return compareAnalyses(await analyze(a, options), await analyze(b, options));
}

/** What changed beyond noise from one analysis to another of the same interval. */
export async function compareAnalyses(a: Analysis, b: Analysis): Promise<Comparison> {
  const room = await import('./analyze/compare.js');
  return room.compareAnalyses(a, b);
}

/**
 * An analysis or a comparison as a self-contained HTML document.
 *
 * @throws ERR_MEMBENCH_UNSUPPORTED where the page is not part of this installation
 */
export async function pageWith(data: PageData): Promise<string> {
  const room = await import('./html.js');
  return room.pageWith(data);
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
 * Sends the recorded requests to a server again, each when it is due, and holds the answers against the recorded ones.
 *
 * @throws MembenchError where it cannot begin; what goes wrong later is told by the summary: `ended` and `errors`
 */
export async function replay(options: ReplayOptions): Promise<ReplaySummary> {
  const room = await import('./replay/replay.js');
  return room.replay(options);
}

/**
 * Counts requests and answers on an interface in the kernel, without a profile: a report for each interval, until it
 * is stopped. Leaving the loop stops it, too.
 *
 * @throws ERR_MEMBENCH_USAGE, ERR_MEMBENCH_SOURCE, ERR_MEMBENCH_UNSUPPORTED, ERR_MEMBENCH_PRIVILEGE
 */
export async function* count(options: CountOptions): AsyncGenerator<CountReport, void, undefined> {
  const room = await import('./count/count.js');
  yield* room.count(options);
}

/**
 * Serves counts to Prometheus over HTTP, at /metrics. Port 0 stands for any free one.
 *
 * @throws ERR_MEMBENCH_METRICS where the address cannot be used
 */
export async function serveMetrics(address: MetricsAddress): Promise<MetricsServer> {
  const room = await import('./count/metrics.js');
  return room.serveMetrics(address);
}

/**
 * Sends the recorded requests to two servers, slice by slice, and tells which differences are more than noise.
 *
 * @throws MembenchError where it cannot begin; what goes wrong later is told by the result
 */
export async function compareServers(options: CompareServersOptions): Promise<ServerComparison> {
  const room = await import('./replay/duel.js');
  return room.compareServers(options);
}

/**
 * Measures how latency and rate of a server depend on the speed of a replay.
 *
 * @throws MembenchError where it cannot begin; what goes wrong later is told by the result
 */
export async function sweep(options: SweepOptions): Promise<Sweep> {
  const room = await import('./replay/sweep.js');
  return room.sweep(options);
}

/**
 * Looks for the highest speed of a replay at which a percentile of the latency stays within a limit.
 *
 * @throws MembenchError where it cannot begin; what goes wrong later is told by the result
 */
export async function search(options: SearchOptions): Promise<Search> {
  const room = await import('./replay/search.js');
  return room.search(options);
}

/**
 * Tells which sources work here, what the others lack, and what confines the process that decodes live
 * packets. The sources are tried on the loopback interface; nothing is captured, attached or left behind.
 */
export async function doctor(options: DoctorOptions = {}): Promise<Diagnosis> {
  const room = await import('./doctor.js');
  return room.diagnose(options);
}
