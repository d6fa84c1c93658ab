/**
 * Recording and analysing what a memcached does.
 *
 * @module membench
 */
export { type Analysis, analyze, type LossAnalysis, type OpAnalysis } from './analyze/analyze.js';
export * as format from './analyze/format.js';
export type { Percentiles } from './analyze/histogram.js';
export { PLAIN, type ReportStyle, renderReport } from './analyze/report.js';
export { ERROR_CODES, type ErrorCode, MembenchError } from './errors.js';
export * from './profile.js';
export { record } from './record.js';
export type { RecordEnd, RecordOptions, RecordProgress, RecordSummary } from './record-options.js';
export { version } from './version.js';
