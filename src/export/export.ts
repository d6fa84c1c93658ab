import { existsSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, resolve } from 'node:path';
import { MembenchError, refuseUnknown } from '../errors.js';
import { checkEmpty } from '../profile/events.js';
import { checkCommands, openAll } from '../profile/open-all.js';
import type { ProfileReader } from '../profile/reader.js';
import { createAssembler } from './assembler.js';
import { BATCH_ROWS, type Batch, createBatch } from './batch.js';
import { Filter } from './filter.js';
import { createEncoder, DEMANDS } from './formats.js';
import {
  EXPORT_FORMATS,
  EXPORT_OPTIONS,
  type ExportFormat,
  type ExportOptions,
  type ExportSink,
  type ExportTime,
  TEXT_FORMATS,
} from './options.js';
import { Output } from './output.js';
import { checkPlace, fileError, OutputFile } from './output-file.js';
import { Pipeline } from './pipeline.js';
import { EventSource } from './source.js';
import { type ExportSummary, ExportTally, summarize } from './summary.js';
import { Threads } from './threads.js';
import { type Work, WorkHere } from './work.js';

/** Number of events from which on threads save more time than they take to start. */
const THREAD_EVENTS = 100_000;
/** Most threads: this thread, which puts all events in order and writes them, cannot keep more of them busy. */
const THREADS_MAX = 6;
/** Codes of failed system calls; those that can fail while events are exported write the file. */
const SYSTEM_ERROR = /^E[A-Z0-9]+$/;
/** Time between two reports of progress, ms. */
const PROGRESS_INTERVAL = 200;

/**
 * Writes the events of profiles in another format, in the order of request time. The summary goes into
 * FILE.json beside the file. Both get their names when they are complete. Blocks that are damaged or missing are
 * left out, and the summary says so.
 *
 * @throws ERR_MEMBENCH_USAGE, ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE, ERR_MEMBENCH_FILE_EXISTS,
 *   ERR_MEMBENCH_FILE_WRITE, ERR_MEMBENCH_ABORTED; what a sink throws is passed on
 */
export async function exportProfiles(options: ExportOptions): Promise<ExportSummary> {
  checkOptions(options);
  const { output, force = false } = options;
  if (typeof output === 'string') checkPlaces(output, force);
  const readers = openAll(options.profiles);
  try {
    if (typeof output !== 'string') return await run(options, readers, output);
    return await intoFile(options, readers, output);
  } finally {
    for (const reader of readers) reader.close();
  }
}

function usage(what: string, hint?: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_USAGE', what, hint);
}

function checkOptions(options: ExportOptions): void {
  refuseUnknown(options, EXPORT_OPTIONS);
  const { profiles, format, output, sample = 1 } = options;
  if (!Array.isArray(profiles) || profiles.length === 0) throw usage('profiles are given as a list');
  if (!EXPORT_FORMATS.includes(format))
    throw usage(`there is no format ${format}`, `there are ${EXPORT_FORMATS.join(', ')}`);
  if (!Number.isSafeInteger(sample) || sample < 1) throw usage('sample is a positive whole number');
  if (typeof output !== 'string') {
    if (typeof output !== 'function') throw usage('output is a path, or a function that takes bytes');
    if (!TEXT_FORMATS.has(format)) throw usage(`${format} needs a file to be written to`);
    return;
  }
  if (output === '') throw usage('the name of the file is empty');
  if (format === 'oracleGeneral' && !/oracleGeneral/i.test(basename(output)))
    throw usage(
      `${output}: libCacheSim knows the format by the file's name, which must hold oracleGeneral`,
      `${output}.oracleGeneral`,
    );
  const inputs = new Set(profiles.map((path) => (existsSync(path) ? realpathSync(path) : path)));
  for (const path of [output, sidecarOf(output)]) {
    if (inputs.has(existsSync(path) ? realpathSync(path) : resolve(path)))
      throw usage(`${path}: it is one of the profiles that are exported`);
  }
}

function checkPlaces(output: string, force: boolean): void {
  checkPlace(output, force);
  checkPlace(sidecarOf(output), force);
}

/** Path of the summary of a file. */
function sidecarOf(path: string): string {
  return `${path}.json`;
}

async function intoFile(
  options: ExportOptions,
  readers: readonly ProfileReader[],
  path: string,
): Promise<ExportSummary> {
  const { force = false } = options;
  const file = new OutputFile(path, force);
  let sidecar: OutputFile | undefined;
  try {
    const summary = await run(options, readers, file.fd).catch((error) => {
      throw SYSTEM_ERROR.test(error.code) ? fileError(path, error) : error;
    });
    sidecar = new OutputFile(sidecarOf(path), force);
    sidecar.write(`${JSON.stringify(summary, null, 2)}\n`);
    // The summary gets its name first, so that an exported file always has one.
    sidecar.place();
    file.place();
    return summary;
  } catch (error) {
    file.abandon();
    sidecar?.abandon();
    throw error;
  }
}

/** Reads, orders and encodes the events, and writes them. */
async function run(
  options: ExportOptions,
  readers: readonly ProfileReader[],
  output: number | ExportSink,
): Promise<ExportSummary> {
  const { format, signal } = options;
  const filter = filterOf(options, readers);
  const { columns, batchRows } = DEMANDS[format];
  const { work, batches } = await startWork(format, batchRows, eventsOf(readers));
  const source = new EventSource(readers, filter, columns, work);
  const { shapes } = source.table;
  const report = reporter(options, source.events);
  const tally = new ExportTally();
  const into = new Output(await createAssembler(format), output);
  const pipeline = new Pipeline(batches, work, into, (batch) => source.release(batch));
  try {
    for (;;) {
      checkSignal(signal);
      const batch = await pipeline.batch();
      if (!(await source.fill(batch))) break;
      tally.add(batch);
      pipeline.push(batch, shapes);
      report(source.seen);
    }
    const written = await untilAborted(pipeline.finish(), signal);
    for (const reader of readers) checkEmpty(reader);
    const file = typeof output === 'number' ? (options.output as string) : null;
    const { requests, seen } = source;
    return summarize({ format, file, readers, shapes, tally, filter, written, requests, seen });
  } finally {
    await pipeline.stop();
  }
}

function eventsOf(readers: readonly ProfileReader[]): number {
  return readers.reduce((all, { blocks }) => blocks.reduce((sum, { events }) => sum + events, all), 0);
}

/** Starts threads where they save time, and makes the batches. */
async function startWork(
  format: ExportFormat,
  batchRows: number,
  events: number,
): Promise<{ work: Work; batches: Batch[] }> {
  const encoder = await createEncoder(format);
  // This thread does some of the work, too.
  const threads = Math.min(availableParallelism() - 1, THREADS_MAX);
  if (events < THREAD_EVENTS || threads === 0) {
    const batches = [createBatch(Math.min(batchRows, Math.max(events, 1)))];
    return { work: new WorkHere(encoder), batches };
  }
  // One for each thread and for this one, and one to fill; of small ones twice as many, so that no thread waits.
  const count = batchRows > BATCH_ROWS ? threads + 2 : 2 * threads + 2;
  const batches = Array.from({ length: count }, () => createBatch(batchRows));
  return { work: new Threads(threads, encoder, { format, batches }), batches };
}

function filterOf({ from, to, ops, sample }: ExportOptions, readers: readonly ProfileReader[]): Filter {
  checkCommands(readers, ops);
  const first = firstTime(readers);
  const time = (given: ExportTime | undefined) =>
    typeof given === 'object' ? first + given.afterFirst : given;
  const bounds = { from: time(from), to: time(to) };
  if (bounds.from !== undefined && bounds.to !== undefined && bounds.from >= bounds.to)
    throw usage('from is not before to');
  return new Filter({ ...bounds, ops, sample });
}

/** Time of the first event there is, Unix nanoseconds; 0 where there is none. */
function firstTime(readers: readonly ProfileReader[]): bigint {
  let first: bigint | null = null;
  for (const { blocks } of readers) {
    for (const { events, minNs } of blocks)
      if (events > 0 && (first === null || minNs < first)) first = minNs;
  }
  return first ?? 0n;
}

/** Returns a function that reports progress, at most every PROGRESS_INTERVAL. */
function reporter({ onProgress }: ExportOptions, eventsTotal: number): (events: number) => void {
  const begin = performance.now();
  let last = begin;
  return (events) => {
    const now = performance.now();
    if (onProgress === undefined || now - last < PROGRESS_INTERVAL) return;
    last = now;
    onProgress({ events, eventsTotal, elapsed: (now - begin) / 1000 });
  };
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new MembenchError('ERR_MEMBENCH_ABORTED', 'the export was stopped');
}

/** Waits for a promise, or until the signal aborts. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  checkSignal(signal);
  if (signal === undefined) return work;
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new MembenchError('ERR_MEMBENCH_ABORTED', 'the export was stopped'));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
