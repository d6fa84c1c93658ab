import { once } from 'node:events';
import { constants } from 'node:os';
import {
  type ExportFormat,
  type ExportOptions,
  type ExportSummary,
  type ExportTime,
  exportProfiles,
  format,
  MembenchError,
} from '../index.js';
import { complain, oneLine } from './complain.js';
import { lacks } from './lacks.js';
import { exportText, ProgressLine } from './progress.js';
import { type ColorOption, wantsColor } from './style.js';

/** The options of `membench export` as commander hands them over. */
export interface ExportFlags {
  format: ExportFormat;
  output?: string;
  from?: ExportTime;
  to?: ExportTime;
  op?: string[];
  sample?: number;
  force?: boolean;
  json?: boolean;
  quiet?: boolean;
  progress: boolean;
  color: ColorOption;
}

const STOPS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function usage(what: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_USAGE', what, 'membench export --help');
}

/** Runs `membench export`. What is missing is told on stderr; what is there is exported. Returns the exit code. */
export async function exportCommand(profiles: string[], flags: ExportFlags): Promise<number> {
  const { output, quiet, json } = flags;
  if (output === undefined) throw usage('no output is named: -o FILE, or -o - for standard output');
  if (output === '-' && json) throw usage('--json and the events would both go to standard output');
  const progress =
    flags.progress && !quiet && process.stderr.isTTY && !(output === '-' && process.stdout.isTTY)
      ? new ProgressLine(process.stderr, wantsColor(flags.color, process.stderr))
      : undefined;
  const abort = new AbortController();
  let stoppedBy: (typeof STOPS)[number] | undefined;
  const onStop = (signal: (typeof STOPS)[number]) => {
    stoppedBy ??= signal;
    abort.abort();
  };
  for (const signal of STOPS) process.on(signal, onStop);
  let summary: ExportSummary;
  try {
    summary = await exportProfiles(optionsOf(profiles, output, flags, { abort, progress }));
  } catch (error) {
    progress?.clear();
    if (stoppedBy === undefined || (error as MembenchError).code !== 'ERR_MEMBENCH_ABORTED') throw error;
    complain(error, false);
    return 128 + constants.signals[stoppedBy];
  } finally {
    for (const signal of STOPS) process.off(signal, onStop);
    progress?.clear();
  }
  if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  if (!quiet) for (const line of summaryLines(summary)) process.stderr.write(`${line}\n`);
  return tellLacks(summary);
}

function optionsOf(
  profiles: string[],
  output: string,
  flags: ExportFlags,
  { abort, progress }: { abort: AbortController; progress: ProgressLine | undefined },
): ExportOptions {
  const { from, to, op, sample, force } = flags;
  return {
    profiles,
    format: flags.format,
    output: output === '-' ? toStdout : output,
    signal: abort.signal,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(op === undefined ? {} : { ops: op }),
    ...(sample === undefined ? {} : { sample }),
    ...(force === undefined ? {} : { force }),
    ...(progress === undefined ? {} : { onProgress: (now) => progress.showText(exportText(now)) }),
  };
}

async function toStdout(bytes: Uint8Array): Promise<void> {
  if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
}

/** What was written, and what was not as it was recorded. */
function summaryLines(summary: ExportSummary): string[] {
  const { events, written, bytes, file, left_out, filtered, mapped, changed, sample_of_all } = summary;
  const where = file === null ? 'standard output' : oneLine(file);
  const lines = [
    `${format.count(written)} of ${format.count(events)} events written: ${where} (${format.bytes(bytes)})`,
  ];
  const list = (name: string, counts: Record<string, number>) => {
    const told = Object.entries(counts).filter(([, count]) => count > 0);
    if (told.length === 0) return;
    lines.push(
      `${name}: ${told.map(([what, count]) => `${format.count(count)} ${what.replaceAll('_', ' ')}`).join(', ')}`,
    );
  };
  const { ops, ...reasons } = left_out;
  list('left out', { ...ops, ...reasons });
  const pairs = Object.entries(mapped).flatMap(([op, names]) =>
    Object.entries(names).map(([name, count]) => [`${op} as ${name}`, count] as const),
  );
  list('mapped', Object.fromEntries(pairs));
  list('changed', changed);
  const { time, op, sample } = filtered;
  list('not asked for', { 'by time': time, 'by command': op, 'by sample': sample });
  if (sample_of_all !== null && sample_of_all > 1)
    lines.push(`a sample: one of ${format.count(sample_of_all)} connections`);
  return lines;
}

/** Says what the profiles lack. Returns the exit code. */
function tellLacks({ profiles, loss, partial }: ExportSummary): number {
  const { missing_blocks, damaged_bytes } = loss;
  const open = profiles.filter(({ ended }) => ended === null).map(({ path }) => path);
  const what = lacks({
    blocks: missing_blocks,
    damagedBytes: damaged_bytes,
    footer: open.length === 0,
  });
  if (what !== null) {
    const paths = profiles.map(({ path }) => path).join(', ');
    const why = `${paths}: ${what}; what is good was exported`;
    return complain(new MembenchError('ERR_MEMBENCH_PROFILE_READ', why, 'membench verify says more'), false);
  }
  if (partial && open.length > 0) {
    const why = 'not closed yet, or cut short: these are the events sealed so far';
    process.stderr.write(`membench: ${oneLine(open.join(', '))}: ${why}\n`);
  }
  return 0;
}
