import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyProfile } from 'membench/profile';
import type { InProcessResult } from './in-process.js';
import { inScratch } from './scratch.js';

/** Packets that have an outcome. */
export function outcomes(counters: Record<string, number>): number {
  return Object.entries(counters)
    .filter(([name]) => /^(packets_decoded|skipped_|lost_)/.test(name))
    .reduce((sum, [, count]) => sum + count, 0);
}

/**
 * What is wrong with a recording's books, whatever befell it: every packet seen has one outcome; what is counted
 * of events is what the blocks hold and told; nothing was told that is not counted; the files are whole.
 */
export function wrongIn(result: InProcessResult): string[] {
  const { counters, told, events, profiles } = result;
  const wrong: string[] = [];
  const compare = (what: string, a: number | undefined, b: number | undefined) => {
    if ((a ?? 0) !== (b ?? 0)) wrong.push(`${what}: ${a} and ${b}`);
  };
  compare('seen, and outcomes', counters.packets_seen, outcomes(counters));
  compare('requests, and answered or not', counters.requests, counters.answered + counters.unanswered);
  compare('events counted, and events read', counters.events, events.length);
  for (const name of ['events', 'requests', 'answered', 'unanswered', 'hits', 'misses'] as const) {
    compare(`${name} counted, and told by blocks`, counters[name], told[name]);
  }
  for (const [name, count] of Object.entries(told)) {
    if (count > counters[name as keyof typeof counters]) {
      wrong.push(`${name} told ${count}, counted ${counters[name as keyof typeof counters]}`);
    }
  }
  return [...wrong, ...profiles.flatMap(problems)];
}

function problems(profile: Uint8Array): string[] {
  return inScratch((folder) => {
    const path = join(folder, 'profile.mbp');
    writeFileSync(path, profile);
    return verifyProfile(path).problems;
  });
}
