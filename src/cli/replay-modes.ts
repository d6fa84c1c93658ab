/** What `membench replay` does: send once, compare two servers, or look for the limit of one. */
import {
  compareServers,
  compareServersReport,
  compareServersWarnings,
  MembenchError,
  PLAIN,
  type ReportStyle,
  replayLines,
  replayWarnings,
  type Search,
  type SearchOptions,
  type Sweep,
  type SweepOptions,
  search,
  searchReport,
  sweep,
  sweepPage,
  sweepReport,
  warmUpLines,
} from '../index.js';
import { endOf, optionsOf, type ReplayFlags, replayOnce } from './replay.js';
import { underWatch, writeText } from './replay-watch.js';
import { COLORS, wantsColor } from './style.js';

/** All options of `membench replay` as commander hands them over. */
export interface AllReplayFlags extends Omit<ReplayFlags, 'server'> {
  server: string[];
  sweep?: Pick<SweepOptions, 'from' | 'to' | 'step'>;
  search?: Pick<SearchOptions, 'percentile' | 'limit'>;
  seed?: number;
  html?: string;
}

/** Runs `membench replay`. Returns the exit code. */
export async function replayCommand(profiles: string[], flags: AllReplayFlags): Promise<number> {
  const { server, sweep: speeds, search: limit, seed, html, ...rest } = flags;
  const [a, b, ...more] = server as [string, ...string[]];
  if (more.length > 0) throw usage('more than two servers');
  const modes = [b !== undefined, speeds !== undefined, limit !== undefined].filter(Boolean).length;
  if (modes > 1) throw usage('two servers, --sweep and --search exclude each other');
  if (seed !== undefined && speeds === undefined && b === undefined)
    throw usage('--seed is for --sweep, and for two servers');
  if (html !== undefined && speeds === undefined) throw usage('--html is for --sweep');
  const one = { ...rest, server: a };
  if (speeds !== undefined)
    return sweepSpeeds(profiles, one, {
      ...{ speeds: { ...speeds, ...(seed === undefined ? {} : { seed }) } },
      ...(html === undefined ? {} : { html }),
    });
  if (limit !== undefined) return searchLimit(profiles, one, limit);
  if (b !== undefined)
    return compare(profiles, one, { servers: [a, b], ...(seed === undefined ? {} : { seed }) });
  return replayOnce(profiles, one);
}

function usage(what: string): MembenchError {
  return new MembenchError('ERR_MEMBENCH_USAGE', what, 'membench replay --help');
}

async function compare(
  profiles: string[],
  flags: ReplayFlags,
  { servers, seed }: { servers: readonly [string, string]; seed?: number },
): Promise<number> {
  const { server, ...options } = optionsOf(profiles, flags);
  const found = await underWatch(flags, (watched) =>
    compareServers({ ...options, ...watched, servers, ...(seed === undefined ? {} : { seed }) }),
  );
  show(flags, { compared: found }, compareServersReport(found, styleOf(flags)));
  warn(compareServersWarnings(found));
  for (const side of ['a', 'b'] as const)
    warn(replayWarnings(found[side].summary).map((line) => `${side.toUpperCase()}: ${line}`));
  if (found.ended !== 'errors' && found.ended !== 'descriptors') return 0;
  const bad = [found.a, found.b].find(({ summary }) => summary.ended === found.ended) ?? found.a;
  return endOf(bad.summary, { ...flags, server: bad.server });
}

async function sweepSpeeds(
  profiles: string[],
  flags: ReplayFlags,
  { speeds, html }: { speeds: Pick<SweepOptions, 'from' | 'to' | 'step' | 'seed'>; html?: string },
): Promise<number> {
  const found = await underWatch(flags, (watched) =>
    sweep({ ...optionsOf(profiles, flags), ...watched, ...speeds }),
  );
  show(flags, found, sweepReport(found, styleOf(flags)));
  if (html !== undefined) writeText(html, sweepPage(found, `${profiles.join(', ')} to ${flags.server}`));
  return endOfSpeeds(flags, found);
}

async function searchLimit(
  profiles: string[],
  flags: ReplayFlags,
  limit: Pick<SearchOptions, 'percentile' | 'limit'>,
): Promise<number> {
  const found = await underWatch(flags, (watched) =>
    search({ ...optionsOf(profiles, flags), ...watched, ...limit }),
  );
  show(flags, found, searchReport(found, styleOf(flags)));
  return endOfSpeeds(flags, found);
}

/** What a sweep and a search tell besides. Returns the exit code. */
function endOfSpeeds(flags: ReplayFlags, { warm_up, summary, ended }: Sweep | Search): number {
  if (!flags.quiet)
    for (const line of [...warmUpLines(warm_up), ...replayLines(summary)]) process.stderr.write(`${line}\n`);
  // Speeds that are too much for the client or the server are told by the table.
  const spoiled = { seconds: 0, requests: 0, first: null };
  warn(replayWarnings({ ...summary, valid: true, spoiled }));
  return endOf({ ...summary, ended }, flags);
}

const styleOf = ({ color }: ReplayFlags): ReportStyle => (wantsColor(color, process.stdout) ? COLORS : PLAIN);

function show({ json, jsonOutFile, quiet }: ReplayFlags, document: object, report: readonly string[]): void {
  const text = `${JSON.stringify(document)}\n`;
  if (jsonOutFile !== undefined) writeText(jsonOutFile, text);
  if (json) process.stdout.write(text);
  else if (!quiet) process.stdout.write(`${report.join('\n')}\n`);
}

function warn(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`membench: warning: ${line}\n`);
}
