import {
  format,
  MembenchError,
  type ReplayOptions,
  type ReplayProtocol,
  type ReplaySummary,
  replay,
  replayLines,
  replayTable,
  replayWarnings,
} from '../index.js';
import { underWatch, writeText } from './replay-watch.js';
import type { ColorOption } from './style.js';

/** The options of one replay as commander hands them over. */
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

/** Sends the recording once. Returns the exit code: 1 where it did not come to its end, or values were wrong. */
export async function replayOnce(profiles: string[], flags: ReplayFlags): Promise<number> {
  const { quiet, json, jsonOutFile } = flags;
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const summary = await underWatch(flags, ({ onStage, ...watched }) =>
    replay({ ...optionsOf(profiles, flags), ...watched }),
  );
  const document = `${JSON.stringify(summary)}\n`;
  if (jsonOutFile !== undefined) writeText(jsonOutFile, document);
  if (json) process.stdout.write(document);
  else if (!quiet) process.stdout.write(`${replayTable(summary).join('\n')}\n`);
  if (!quiet) for (const line of replayLines(summary)) say(line);
  for (const line of replayWarnings(summary)) say(`membench: warning: ${line}`);
  return endOf(summary, flags);
}

/** Says why a replay did not come to its end. Returns the exit code. */
export function endOf(
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

/** The options of the library. */
export function optionsOf(profiles: string[], flags: ReplayFlags): ReplayOptions {
  const { quiet, json, jsonOutFile, progress, color, ...options } = flags;
  const { verbose, ...known } = options as typeof options & { verbose?: boolean };
  return { ...known, profiles };
}
