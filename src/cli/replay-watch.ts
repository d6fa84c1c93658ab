/** What every replay has around it: a live line, an end by signals, and a file for the result. */
import { writeFileSync } from 'node:fs';
import { format, MembenchError, type ReplayOptions, type ReplayProgress } from '../index.js';
import { ProgressLine } from './progress.js';
import type { ReplayFlags } from './replay.js';
import { stopper } from './signals.js';
import { wantsColor } from './style.js';

const STOPS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a replay tells while it runs, and what stops it. */
export type Watched = Required<Pick<ReplayOptions, 'signal' | 'onWarning' | 'onProgress'>> & {
  onStage: (stage: string) => void;
};

/** Runs a replay with a live line; the first signal stops it. */
export async function underWatch<T>(
  flags: Pick<ReplayFlags, 'progress' | 'quiet' | 'color'>,
  run: (watched: Watched) => Promise<T>,
): Promise<T> {
  const progress =
    flags.progress && !flags.quiet && process.stderr.isTTY
      ? new ProgressLine(process.stderr, wantsColor(flags.color, process.stderr))
      : undefined;
  const abort = new AbortController();
  const onStop = stopper(() => abort.abort());
  for (const signal of STOPS) process.on(signal, onStop);
  let before: ReplayProgress | undefined;
  let stage = '';
  try {
    return await run({
      signal: abort.signal,
      onWarning: (warning) => process.stderr.write(`membench: warning: ${warning}\n`),
      onProgress: (now) => {
        progress?.showText(`${stage}${replayText(now, before)}`);
        before = now;
      },
      onStage: (now) => {
        stage = `${now}: `;
        before = undefined;
        progress?.showText(now);
      },
    });
  } finally {
    for (const signal of STOPS) process.off(signal, onStop);
    progress?.clear();
  }
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

/** @throws ERR_MEMBENCH_FILE_WRITE */
export function writeText(path: string, document: string): void {
  try {
    writeFileSync(path, document);
  } catch (error) {
    const why = (error as Error).message;
    throw new MembenchError('ERR_MEMBENCH_FILE_WRITE', `${path}: ${why}`, undefined, error);
  }
}
