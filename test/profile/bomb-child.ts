/** Reads one of the bombs by every reader and prints how that ended; run with little memory. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderReport } from 'membench';
import { MembenchError, openProfile, readEvents, verifyProfile } from 'membench/profile';
import { analyze } from '#src/analyze/files.js';
import { BOMBS } from './bombs.js';

/** What the parent reads. */
export interface Ending {
  /** By reader: the code of its error, or what it made of the file. */
  open: string | { events: number; good: boolean; damage: number; notes: number };
  verify: string | { perfect: boolean; events: number; problems: number; damage: number };
  analyze: string | { events: number; report: string };
  /** Peak resident memory while reading beyond that before it, bytes. */
  grown: number;
}

const folder = mkdtempSync(join(tmpdir(), 'membench-test-'));
try {
  const path = join(folder, 'bomb.mbp');
  writeFileSync(path, BOMBS[process.argv[2]!]!.bytes());
  const before = process.resourceUsage().maxRSS;
  const ending: Omit<Ending, 'grown'> = {
    open: attempt(() => {
      using profile = openProfile(path);
      let events = 0;
      let good = false;
      for (const event of readEvents(profile)) {
        events++;
        good ||= event.ts_ns === '5000';
      }
      return { events, good, damage: profile.damage.length, notes: profile.notes.length };
    }),
    verify: attempt(() => {
      const { perfect, events, problems, damage } = verifyProfile(path);
      return { perfect, events, problems: problems.length, damage: damage.length };
    }),
    analyze: await attemptTo(async () => {
      const analysis = await analyze([path]);
      return { events: analysis.events, report: renderReport(analysis).join('\n').slice(0, 20_000) };
    }),
  };
  const grown = (process.resourceUsage().maxRSS - before) * 1024;
  process.stdout.write(JSON.stringify({ ...ending, grown } satisfies Ending));
} finally {
  rmSync(folder, { recursive: true });
}

function attempt<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    if (error instanceof MembenchError) return error.code;
    throw error;
  }
}

async function attemptTo<T>(read: () => Promise<T>): Promise<T | string> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MembenchError) return error.code;
    throw error;
  }
}
