import { existsSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, resolve } from 'node:path';
import { MembenchError, refuseUnknown } from '../errors.js';
import { checkCommands } from '../profile/open-all.js';
import { HERE, ThreadDecoder } from './block-decoder.js';
import { COLUMNS_OF } from './columns.js';
import { Filter } from './filter.js';
import { Inputs } from './inputs.js';
import { Merger } from './merge.js';
import {
  EXPORT_FORMATS,
  EXPORT_OPTIONS,
  type ExportFormat,
  type ExportOptions,
  type ExportSink,
  type ExportTime,
  TEXT_FORMATS,
} from './options.js';
import { checkPlace, fileError, OutputFile } from './output-file.js';
import { type Pipeline, startHere, ThreadPipeline } from './pipeline.js';
import { type ExportSummary, ExportTally, summarize } from './summary.js';

/** Events from which threads that decode and encode are worth their start. */
const THREAD_EVENTS = 100_000;
/** Threads that encode Parquet at most: each holds a row group and its batches, 80 MB. */
const PARQUET_THREADS_MAX = 4;
/** Codes of system calls that failed: all that are made by then write the file. */
const SYSTEM_ERROR = /^E[A-Z0-9]+$/;
/** Between two reports of progress, ms. */
const PROGRESS_INTERVAL = 200;

/**
 * Writes the events of profiles in another format, in the order of request time. A file gets another one beside it,
 * FILE.json, with the summary. Both come to their names when they are whole. Blocks that are damaged or missing are
 * left out, and the summary says so.
 *
 * @throws ERR_MEMBENCH_USAGE, ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE, ERR_MEMBENCH_FILE_EXISTS,
 *   ERR_MEMBENCH_FILE_WRITE, ERR_MEMBENCH_ABORTED; what a sink throws is passed on
 */
export async function exportProfiles(options: ExportOptions): Promise<ExportSummary> {
  checkOptions(options);
  const { output, force = false } = options;
  if (typeof output === 'string') checkPlaces(output, force);
  const inputs = new Inputs(options.profiles);
  try {
    if (typeof output !== 'string') return await run(options, inputs, output);
    return await intoFile(options, inputs, output);
  } finally {
    inputs.close();
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

/** Path of the file that tells about another. */
function sidecarOf(path: string): string {
  return `${path}.json`;
}

async function intoFile(options: ExportOptions, inputs: Inputs, path: string): Promise<ExportSummary> {
  const { force = false } = options;
  const file = new OutputFile(path, force);
  let sidecar: OutputFile | undefined;
  try {
    const summary = await run(options, inputs, file.fd).catch((error) => {
      throw SYSTEM_ERROR.test(error.code) ? fileError(path, error) : error;
    });
    sidecar = new OutputFile(sidecarOf(path), force);
    sidecar.write(`${JSON.stringify(summary, null, 2)}\n`);
    // First the one that explains: whoever sees the other finds both.
    sidecar.place();
    file.place();
    return summary;
  } catch (error) {
    file.abandon();
    sidecar?.abandon();
    throw error;
  }
}

/** Reads, merges and encodes. */
async function run(
  options: ExportOptions,
  inputs: Inputs,
  output: number | ExportSink,
): Promise<ExportSummary> {
  const { format, signal } = options;
  const filter = filterOf(options, inputs);
  const isLarge = inputs.events >= THREAD_EVENTS && availableParallelism() > 1;
  const tally = new ExportTally();
  const report = reporter(options, inputs.events);
  const pipeline = isLarge ? await startThreads(format, output) : await startHere(format, output);
  const decoder = isLarge ? new ThreadDecoder() : HERE;
  try {
    const merger = new Merger(inputs, filter, new Set(COLUMNS_OF[format]), decoder);
    const { shapes } = merger.table;
    for (;;) {
      checkSignal(signal);
      const batch = await pipeline.batch();
      if (!(await merger.fill(batch))) break;
      tally.add(batch, shapes.length);
      await pipeline.push(batch, shapes);
      report(merger.seen);
    }
    const encoded = await untilAborted(pipeline.finish(), signal);
    // Of blocks without events, too, it is known whether they are good.
    for (const reader of inputs.readers)
      for (const entry of reader.blocks) if (entry.events === 0) reader.read(entry, (block) => block);
    const file = typeof output === 'number' ? (options.output as string) : null;
    const { requests, seen } = merger;
    const { readers } = inputs;
    return summarize({ format, file, readers, shapes, tally, filter, encoded, requests, seen });
  } catch (error) {
    await pipeline.stop();
    throw error;
  } finally {
    await decoder.stop();
  }
}

/** Starts the threads that encode. */
async function startThreads(format: ExportFormat, output: number | ExportSink): Promise<Pipeline> {
  if (format !== 'parquet' || typeof output !== 'number') return new ThreadPipeline(format, output);
  const { ParquetPipeline } = await import('./parquet-pipeline.js');
  return new ParquetPipeline(output, Math.min(availableParallelism(), PARQUET_THREADS_MAX));
}

function filterOf({ from, to, ops, sample }: ExportOptions, inputs: Inputs): Filter {
  checkCommands(inputs.readers, ops);
  const first = inputs.firstNs ?? 0n;
  const time = (given: ExportTime | undefined) =>
    typeof given === 'object' ? first + given.afterFirst : given;
  const bounds = { from: time(from), to: time(to) };
  if (bounds.from !== undefined && bounds.to !== undefined && bounds.from >= bounds.to)
    throw usage('from is not before to');
  return new Filter({ ...bounds, ops, sample });
}

/** Returns what tells of progress now and then. */
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

/** What a promise gives, or that its work was stopped. */
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
