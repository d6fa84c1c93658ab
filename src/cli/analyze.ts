import { writeFileSync } from 'node:fs';
import {
  type Analysis,
  type AnalyzeOptions,
  analyze,
  compare,
  type ExportTime,
  format,
  MembenchError,
  PLAIN,
  renderComparison,
  renderReport,
  type SectionName,
  traceSlowest,
} from '../index.js';
import { complain } from './complain.js';
import { readKeyNames } from './key-names.js';
import { lacks } from './lacks.js';
import { ProgressLine } from './progress.js';
import { COLORS, type ColorOption, wantsColor } from './style.js';

interface Flags {
  show?: SectionName[];
  top?: number;
  interval?: number;
  from?: ExportTime;
  to?: ExportTime;
  op?: string[];
  by?: 'server' | 'client' | 'port';
  memory?: number;
  memcached?: string;
  keys?: string;
  trace?: string;
  compare?: boolean;
  json?: boolean;
  progress: boolean;
  color: ColorOption;
}

/** Requests in a trace, and in a list of the slowest. */
const TRACED = 1000;
const SHOWN = 100;

/** Unix nanoseconds, or seconds after the first event. */
function timeOf(time: ExportTime): bigint | number {
  return typeof time === 'object' ? Number(time.afterFirst) / 1e9 : time;
}

/** Runs `membench analyze`. What is good is analysed; what is not is told on stderr. Returns the exit code. */
export async function analyzeCommand(profiles: string[], flags: Flags): Promise<number> {
  const names = flags.keys === undefined ? new Map<string, string>() : readKeyNames(flags.keys);
  const { top, interval, from, to, op, by, memory } = flags;
  // Who asks for memory gets all of it.
  const memcached = flags.memcached ?? (flags.show?.includes('memory') ? '' : undefined);
  const slowest = flags.trace !== undefined ? TRACED : flags.show?.includes('latency') ? SHOWN : undefined;
  const options: AnalyzeOptions = {
    ...(top !== undefined && { top }),
    ...(interval !== undefined && { interval }),
    ...(from !== undefined && { from: timeOf(from) }),
    ...(to !== undefined && { to: timeOf(to) }),
    ...(op !== undefined && { ops: op }),
    ...(by !== undefined && { by }),
    ...(memory !== undefined && { memory }),
    ...(memcached !== undefined && { memcached }),
    ...(slowest !== undefined && { slowest }),
    // A document has everything.
    ...(flags.show !== undefined && !flags.json && { sections: flags.show }),
  };
  const progress =
    flags.progress && process.stderr.isTTY === true ? new ProgressLine(process.stderr, false) : undefined;
  if (progress !== undefined) options.onProgress = (done, all) => progress.showText(progressOf(done, all));
  if (flags.compare) return compareProfiles(profiles, flags, { options, progress });
  const analysis = await analyze(profiles, options);
  progress?.clear();
  if (flags.trace !== undefined) await writeTrace(flags.trace, profiles, analysis);
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(named(analysis, names))}\n`);
  } else {
    const style = wantsColor(flags.color, process.stdout) ? COLORS : PLAIN;
    const view = { style, show: flags.show ?? null, top: top ?? null, names };
    process.stdout.write(`${renderReport(analysis, view).join('\n')}\n`);
  }
  const { missing_blocks, damaged_bytes } = analysis.loss;
  // A missing footer is mentioned in the report.
  const what = lacks({ blocks: missing_blocks, damagedBytes: damaged_bytes, footer: true });
  if (what === null) return 0;
  const why = `${profiles.join(', ')}: ${what}; the figures are of what is good`;
  return complain(new MembenchError('ERR_MEMBENCH_PROFILE_READ', why, 'membench verify says more'), false);
}

/** Says what changed from one profile to another. Returns the exit code. */
async function compareProfiles(
  profiles: string[],
  flags: Flags,
  { options, progress }: { options: AnalyzeOptions; progress: ProgressLine | undefined },
): Promise<number> {
  const [a, b, ...more] = profiles;
  if (a === undefined || b === undefined || more.length > 0) {
    throw new MembenchError('ERR_MEMBENCH_USAGE', `--compare wants two profiles, not ${profiles.length}`);
  }
  const comparison = await compare([a], [b], options);
  progress?.clear();
  const style = wantsColor(flags.color, process.stdout) ? COLORS : PLAIN;
  const text = flags.json ? JSON.stringify(comparison) : renderComparison(comparison, style).join('\n');
  process.stdout.write(`${text}\n`);
  return 0;
}

async function writeTrace(path: string, profiles: string[], analysis: Analysis): Promise<void> {
  const trace = await traceSlowest(profiles, analysis);
  try {
    writeFileSync(path, `${JSON.stringify(trace)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw new MembenchError('ERR_MEMBENCH_OUTPUT', `${path}: ${(error as Error).message}`);
  }
}

function progressOf(done: number, all: number): string {
  return `${format.percent(done / all)} of ${format.count(all)} events`;
}

/** With the names of known keys beside their hashes. */
function named(analysis: Analysis, names: ReadonlyMap<string, string>): Analysis {
  if (names.size === 0) return analysis;
  const { keys } = analysis;
  const add = <T extends { key: string }>(list: T[]) =>
    list.map((one) => (names.has(one.key) ? { ...one, name: names.get(one.key)! } : one));
  const lists = {
    top: add(keys.top),
    by_bytes: add(keys.by_bytes),
    by_misses: add(keys.by_misses),
    by_writes: add(keys.by_writes),
  };
  return { ...analysis, keys: { ...keys, ...lists } };
}
