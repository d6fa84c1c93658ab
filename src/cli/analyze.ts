import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import {
  type Analysis,
  type AnalyzeOptions,
  analyze,
  compareAnalyses,
  type ExportTime,
  format,
  MembenchError,
  type PageData,
  PLAIN,
  pageWith,
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
  html?: string;
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
  // A page has everything, and who asks for memory gets all of it.
  const isPage = flags.html !== undefined;
  const memcached = flags.memcached ?? (isPage || flags.show?.includes('memory') ? '' : undefined);
  const wantsSlowest = isPage || flags.show?.includes('latency');
  const slowest = flags.trace !== undefined ? TRACED : wantsSlowest ? SHOWN : undefined;
  const options: AnalyzeOptions = {
    ...(top !== undefined && { top }),
    ...(interval !== undefined && { interval }),
    ...(from !== undefined && { from: timeOf(from) }),
    ...(to !== undefined && { to: timeOf(to) }),
    ...(op !== undefined && { ops: op }),
    ...((by !== undefined || isPage) && { by: by ?? 'server' }),
    ...(memory !== undefined && { memory }),
    ...(memcached !== undefined && { memcached }),
    ...(slowest !== undefined && { slowest }),
    // A document has everything.
    ...(flags.show !== undefined && !flags.json && !isPage && { sections: flags.show }),
  };
  const progress =
    flags.progress && process.stderr.isTTY === true ? new ProgressLine(process.stderr, false) : undefined;
  if (progress !== undefined) options.onProgress = (done, all) => progress.showText(progressOf(done, all));
  if (flags.compare) return compareProfiles(profiles, flags, { options, progress });
  const analysis = await analyze(profiles, options);
  progress?.clear();
  if (flags.trace !== undefined) await writeTrace(flags.trace, profiles, analysis);
  const told = named(analysis, names);
  if (flags.html !== undefined) {
    await writePage(flags.html, {
      kind: 'analysis',
      names: profiles.map((path) => basename(path)),
      analysis: told,
    });
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(told)}\n`);
  else if (flags.html === undefined) {
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
  const analyses = [await analyze([a], options), await analyze([b], options)] as const;
  const comparison = await compareAnalyses(...analyses);
  progress?.clear();
  if (flags.html !== undefined) {
    await writePage(flags.html, {
      kind: 'comparison',
      names: [basename(a), basename(b)],
      comparison,
      analyses,
    });
    if (!flags.json) return 0;
  }
  const style = wantsColor(flags.color, process.stdout) ? COLORS : PLAIN;
  const text = flags.json ? JSON.stringify(comparison) : renderComparison(comparison, style).join('\n');
  process.stdout.write(`${text}\n`);
  return 0;
}

async function writeTrace(path: string, profiles: string[], analysis: Analysis): Promise<void> {
  write(path, `${JSON.stringify(await traceSlowest(profiles, analysis))}\n`);
}

async function writePage(path: string, data: PageData): Promise<void> {
  const page = await pageWith(data);
  write(path, page);
  process.stderr.write(`report: ${path} (${format.bytes(Buffer.byteLength(page))})\n`);
}

/** Writes a new file; what exists is never replaced. */
function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'it exists already' : null;
    throw new MembenchError('ERR_MEMBENCH_OUTPUT', `${path}: ${reason ?? (error as Error).message}`);
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
