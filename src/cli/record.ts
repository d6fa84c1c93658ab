import { format, MembenchError, type RecordOptions, type RecordSummary, record } from '../index.js';
import { complain } from './complain.js';
import { ProgressLine } from './progress.js';
import { onSignals } from './signals.js';
import { type ColorOption, wantsColor } from './style.js';

/** The options of `membench record` as commander parses them. */
export interface RecordFlags {
  read?: string[];
  interface?: string;
  write?: string;
  port?: [first: number, last: number][];
  workers?: number;
  duration?: number;
  count?: number;
  buffer?: number;
  memory?: number;
  sample?: number;
  snaplen?: number;
  user?: string;
  attach?: RecordOptions['attach'];
  ebpfValues?: 'skip' | 'copy';
  ebpfBuffer?: 'ring' | 'perf';
  wakeInterval?: number;
  kernelParse?: boolean;
  zeroCopy: boolean;
  keyFile?: string;
  force?: boolean;
  rotateSize?: number;
  rotateTime?: number;
  files?: number;
  fsync?: 'never' | 'interval' | 'block';
  maxDrop?: number;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  progress: boolean;
  color: ColorOption;
}

/** Exit code where more packets were lost than --max-drop allows. */
const EXIT_DROPPED = 3;

function usage(what: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_USAGE', what, 'membench record --help');
}

/**
 * Source and profile from positional arguments and options: SOURCE and PROFILE, or only files where an option
 * names the profile.
 */
function sourceAndProfile(
  paths: readonly string[],
  { read, interface: name, write }: RecordFlags,
): { source: string | string[]; profile?: string } {
  if (read !== undefined && name !== undefined) throw usage('both --read and --interface are given');
  const rest = [...paths];
  let sources =
    read?.map((path) => (path === '-' ? path : `file:${path}`)) ?? (name === undefined ? [] : [name]);
  if (sources.length === 0) sources = rest.splice(0, write === undefined ? 1 : rest.length);
  const profile = write ?? rest.shift();
  if (rest.length > 0 && write !== undefined) {
    throw usage(`${rest[0]}: SOURCE and PROFILE are given by options already`);
  }
  if (rest.length > 0) throw usage(`${rest[0]}: several files need the profile by --write`);
  if (sources.length === 0) {
    throw usage('no SOURCE is given: a capture file, - for standard input, or an interface');
  }
  const source = sources.length === 1 ? sources[0]! : sources;
  if (write === undefined && profile !== undefined && profile !== source) checkProfileName(profile);
  if ([source].flat().includes('')) throw usage('the name of SOURCE is empty');
  if (profile === '') throw usage('the name of PROFILE is empty');
  if (profile === '-') throw usage('a profile is written to a file, not to standard output');
  return profile === undefined ? { source } : { source, profile };
}

/** Refuses a PROFILE argument that was probably meant to be something else, and that would be overwritten. */
function checkProfileName(profile: string): void {
  if (/\.(pcap|pcapng|cap|dmp)\d*(\.\w+)?$/i.test(profile)) {
    throw usage(
      `${profile}: it is named like a capture, and stands where PROFILE does; several captures need -w PROFILE`,
    );
  }
  if (/^(tcp|udp|port|portrange|host|src|dst)\s/.test(profile)) {
    throw usage(`${profile}: there are no filter expressions; -p names the ports`);
  }
}

/** The summary: lines that users of tcpdump know, and the contents of the profile. */
function summaryLines(summary: RecordSummary): string[] {
  const { packets, profile } = summary;
  const sum = (reasons: Record<string, number>) => Object.values(reasons).reduce((a, b) => a + b, 0);
  const lost = sum(packets.lost);
  const received = summary.kernel.received ?? packets.decoded + lost;
  const dropped = summary.kernel.dropped === null ? 'unknown' : format.count(summary.kernel.dropped);
  const skipped = Object.entries(packets.skipped).map(([reason, n]) => `${format.count(n)} ${reason}`);
  return [
    `${format.count(packets.decoded)} packets captured`,
    `${format.count(received)} packets received by filter`,
    `${dropped} packets dropped by kernel`,
    `${format.count(summary.requests)} requests, ${format.count(summary.answered)} answered, ${format.count(summary.unanswered)} unanswered, ${format.count(summary.gaps)} gaps`,
    `profile: ${profile.paths.join(', ')} (${format.bytes(profile.bytes)}, ${summary.span_s.toFixed(1)} s)`,
    ...parsedLine(summary),
    ...payloadLine(summary.payload),
    ...(skipped.length ? [`skipped: ${skipped.join(', ')}`] : []),
  ];
}

/** A line about the segments that were parsed in the kernel, where any was. */
function parsedLine({ packets, counters }: RecordSummary): string[] {
  const { parsed_segments, parsed_gaps } = counters;
  if (parsed_segments === 0) return [];
  const share = format.percent(parsed_segments / Math.max(packets.decoded, 1));
  const gaps = parsed_gaps > 0 ? `, ${format.count(parsed_gaps)} of them could not be used` : '';
  return [`parsed in the kernel: ${format.count(parsed_segments)} packets (${share})${gaps}`];
}

/** A line about the payload, where not all of it was understood. */
function payloadLine({ seen, recorded, unsynced, gap, missing }: RecordSummary['payload']): string[] {
  const parts = Object.entries(unsynced).map(([reason, n]) => `${format.bytes(n)} unsynced (${reason})`);
  if (gap > 0) parts.push(`${format.bytes(gap)} given up in gaps`);
  if (missing > 0) parts.push(`${format.bytes(missing)} more never seen`);
  if (parts.length === 0) return [];
  // All but a little is not rounded up to all.
  const share = seen > 0 ? ` (${format.percent(Math.min(recorded / seen, 0.999))})` : '';
  const said = `${format.bytes(recorded)} of ${format.bytes(seen)}${share} recorded`;
  return [`payload: ${[said, ...parts].join(', ')}`];
}

/** Packets lost, by the kernel or by membench, in percent of those of the recorded servers. */
function dropShare({ packets }: RecordSummary): number {
  const lost = Object.values(packets.lost).reduce((a, b) => a + b, 0);
  return lost === 0 ? 0 : (100 * lost) / (packets.decoded + lost);
}

/** Options that are passed to the library unchanged. */
const SAME = [
  'workers',
  'duration',
  'count',
  'buffer',
  'memory',
  'sample',
  'user',
  'attach',
  'ebpfValues',
  'ebpfBuffer',
  'wakeInterval',
  'kernelParse',
  'keyFile',
  'force',
  'rotateSize',
  'rotateTime',
  'files',
  'fsync',
] as const satisfies readonly (keyof RecordFlags & keyof RecordOptions)[];

function copyGiven(flags: RecordFlags, options: RecordOptions): void {
  for (const name of SAME) {
    if (flags[name] !== undefined) Object.assign(options, { [name]: flags[name] });
  }
}

/** Runs `membench record`. Returns the exit code. */
export async function recordCommand(paths: readonly string[], flags: RecordFlags): Promise<number> {
  const abort = new AbortController();
  let flush = () => {};
  const progress =
    flags.progress && !flags.quiet && process.stderr.isTTY
      ? new ProgressLine(process.stderr, wantsColor(flags.color, process.stderr))
      : undefined;
  const say = (line: string) => {
    if (flags.quiet) return;
    progress?.clear();
    process.stderr.write(`${line}\n`);
  };
  // --quiet suppresses progress, but no warnings.
  const warn = (message: string) => {
    progress?.clear();
    process.stderr.write(`membench: ${message}\n`);
  };
  const options: RecordOptions = {
    ...sourceAndProfile(paths, flags),
    signal: abort.signal,
    hideMemory: true,
    giveUpRights: true,
    onWarning: warn,
    onInfo: (message) => say(`membench: ${message}`),
    onStart: (control) => {
      flush = () => control.flush();
    },
  };
  if (flags.verbose) options.onDetail = (message) => say(`membench: ${message}`);
  if (flags.port !== undefined) options.ports = flags.port;
  if (!flags.zeroCopy) options.zeroCopy = false;
  // 0 stands for whole packets, as for tcpdump.
  if (flags.snaplen) options.snaplen = flags.snaplen;
  copyGiven(flags, options);
  if (progress !== undefined) options.onProgress = (now) => progress.show(now);
  const offSignals = onSignals(
    () => abort.abort(),
    () => flush(),
  );
  let summary: RecordSummary;
  try {
    summary = await record(options);
  } catch (error) {
    // Stopped before the source sent anything: there is nothing to seal, and no error.
    if ((error as MembenchError).code !== 'ERR_MEMBENCH_ABORTED') throw error;
    say('membench: stopped before there was anything to record');
    return 0;
  } finally {
    offSignals();
    progress?.clear();
  }
  let exitCode = 0;
  if (summary.broken !== null) {
    const { name, why } = summary.broken;
    const seen = format.count(summary.packets.seen);
    const what = `the capture breaks off after packet ${seen}: ${why}; the packets before it are in the profile`;
    exitCode = complain(new MembenchError('ERR_MEMBENCH_BROKEN_CAPTURE', `${name}: ${what}`), false);
  }
  const dropped = dropShare(summary);
  if (flags.maxDrop !== undefined && dropped > flags.maxDrop) {
    warn(`${dropped.toFixed(3)} % of the packets were lost, more than --max-drop ${flags.maxDrop}`);
    exitCode ||= EXIT_DROPPED;
  }
  if (flags.verbose) say(`ended: ${summary.ended}; ${summary.elapsed_s.toFixed(2)} s`);
  for (const line of summaryLines(summary)) say(line);
  if (summary.hint !== null) warn(summary.hint);
  if (flags.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  return exitCode;
}
