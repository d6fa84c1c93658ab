import { writeFileSync } from 'node:fs';
import {
  format,
  MembenchError,
  type ReplayOptions,
  type ReplayProgress,
  type ReplayProtocol,
  type ReplaySummary,
  replay,
  replayLines,
  replayTable,
  replayWarnings,
} from '../index.js';
import { ProgressLine } from './progress.js';
import { stopper } from './signals.js';
import { type ColorOption, wantsColor } from './style.js';

/** The options of `membench replay` as commander hands them over. */
export interface ReplayFlags {
  server: string;
  speed?: number;
  rate?: number;
  asap?: boolean;
  maxRate?: number;
  protocol?: ReplayProtocol;
  miss?: 'as-recorded' | 'fill';
  warm?: boolean;
  verify?: boolean;
  clients?: number;
  threads?: number;
  sample?: number;
  loop?: number;
  requests?: number;
  duration?: number;
  compressible?: number;
  timeout?: number;
  maxErrors?: number;
  tls?: boolean;
  ca?: string;
  authFile?: string;
  hdrFilePrefix?: string;
  yes?: boolean;
  json?: boolean;
  jsonOutFile?: string;
  quiet?: boolean;
  progress: boolean;
  color: ColorOption;
}

const STOPS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs `membench replay`. Returns the exit code: 1 where it did not come to its end, or values were wrong. */
export async function replayCommand(profiles: string[], flags: ReplayFlags): Promise<number> {
  const { quiet, json, jsonOutFile } = flags;
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const progress =
    flags.progress && !quiet && process.stderr.isTTY
      ? new ProgressLine(process.stderr, wantsColor(flags.color, process.stderr))
      : undefined;
  const abort = new AbortController();
  const onStop = stopper(() => abort.abort());
  for (const signal of STOPS) process.on(signal, onStop);
  let summary: ReplaySummary;
  let before: ReplayProgress | undefined;
  try {
    summary = await replay({
      ...optionsOf(profiles, flags),
      signal: abort.signal,
      onWarning: (warning) => say(`membench: warning: ${warning}`),
      onProgress: (now) => {
        progress?.showText(replayText(now, before));
        before = now;
      },
    });
  } finally {
    for (const signal of STOPS) process.off(signal, onStop);
    progress?.clear();
  }
  const document = `${JSON.stringify(summary)}\n`;
  if (jsonOutFile !== undefined) writeJson(jsonOutFile, document);
  if (json) process.stdout.write(document);
  else if (!quiet) process.stdout.write(`${replayTable(summary).join('\n')}\n`);
  if (!quiet) for (const line of replayLines(summary)) say(line);
  for (const line of replayWarnings(summary)) say(`membench: warning: ${line}`);
  return endOf(summary, flags);
}

/** Says why a replay did not come to its end. Returns the exit code. */
function endOf(
  { ended, errors, requests, commands, values, left_out }: ReplaySummary,
  { server, timeout = 5 }: ReplayFlags,
): number {
  const reasons = Object.entries(left_out).map(([reason, events]) => `${reason} ${format.count(events)}`);
  if (requests === 0 && reasons.length > 0) {
    const what = `the profiles have no request that is sent (${reasons.join(', ')})`;
    throw new MembenchError('ERR_MEMBENCH_UNSUPPORTED', what);
  }
  if (ended !== 'errors' && ended !== 'descriptors') return values.wrong > 0 ? 1 : 0;
  if (ended === 'descriptors') {
    const hint = 'raise ulimit -n, or fold the connections: -c N';
    throw new MembenchError('ERR_MEMBENCH_SERVER', `${server}: more connections than file descriptors`, hint);
  }
  const [worst = ['', 0]] = Object.entries(errors).sort(([, a], [, b]) => b - a);
  const [reason, number] = worst;
  const many = `${format.count(number)} of ${format.count(commands)} commands failed`;
  throw new MembenchError(
    'ERR_MEMBENCH_SERVER',
    `${server}: stopped, because ${WHY[reason]?.(timeout) ?? 'no connection could be opened'}: ${many}`,
  );
}

/** The commonest failure of a replay that was stopped, in words. */
const WHY: Readonly<Record<string, (timeout: number) => string>> = {
  unconnected: () => 'the server does not take connections any more',
  closed: () => 'the server closes connections with requests unanswered',
  timeout: (timeout) => `the server does not answer within ${timeout} s`,
  not_understood: () => 'what the server answers is not memcached',
  login_refused: () => 'the server refuses the login',
  out_of_memory: () => 'the server is out of memory',
  too_large: () => 'values are too large for the server',
  server_error: () => 'the server reports errors',
  client_error: () => 'the server refuses requests',
  error: () => 'the server does not know the commands',
  overflow: () => 'the server takes requests more slowly than they are due',
};

function writeJson(path: string, document: string): void {
  try {
    writeFileSync(path, document);
  } catch (error) {
    const why = (error as Error).message;
    throw new MembenchError('ERR_MEMBENCH_FILE_WRITE', `${path}: ${why}`, undefined, error);
  }
}

function optionsOf(profiles: string[], flags: ReplayFlags): ReplayOptions {
  const { quiet, json, jsonOutFile, progress, color, ...options } = flags;
  const { verbose, ...known } = options as typeof options & { verbose?: boolean };
  return { ...known, profiles };
}

/** The live line: rates since the one before. */
function replayText(now: ReplayProgress, before?: ReplayProgress): string {
  const span = now.elapsed - (before?.elapsed ?? 0);
  const rate = span > 0 ? (now.requests - (before?.requests ?? 0)) / span : 0;
  const looked = now.hits + now.misses;
  return [
    format.seconds(now.elapsed),
    `${format.count(now.requests)} requests (${format.count(rate)}/s)`,
    `hit ratio ${looked > 0 ? format.percent(now.hits / looked) : '-'}`,
    `${format.count(now.errors)} errors`,
  ].join(', ');
}
