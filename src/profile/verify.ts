import { BlockError } from './decode-block.js';
import type { Damage } from './frames.js';
import { ProfileReader } from './reader.js';
import { readRows } from './rows.js';

export interface Verification {
  /** Nothing is missing, nothing is damaged, and everything adds up. */
  perfect: boolean;
  blocks: { good: number; bad: number; missing: { worker: number; seq: number }[] };
  events: number;
  footer: boolean;
  damage: readonly Damage[];
  /** Everything wrong, one sentence each. */
  problems: string[];
}

/**
 * Checks a profile as a whole: every frame's checksum, every block's columns, the sequence numbers, and
 * the footer's sums.
 *
 * @throws ERR_MEMBENCH_PROFILE_READ, ERR_MEMBENCH_NOT_A_PROFILE
 */
export function verifyProfile(path: string): Verification {
  using reader = new ProfileReader(path);
  const problems: string[] = [];
  let good = 0;
  let bad = 0;
  let events = 0;
  for (const { offset, bytes, atEnd } of reader.damage) {
    problems.push(`${bytes} bytes at offset ${offset} are no whole frame${atEnd ? ' (the end of the file)' : ''}`);
  }
  for (const entry of reader.blocks) {
    try {
      readRows(reader.block(entry), reader.header.names);
      good++;
      events += entry.events;
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
      bad++;
      problems.push(`block ${entry.seq} of worker ${entry.worker}, at offset ${entry.offset}: ${error.message}`);
    }
  }
  const missing = reader.missing();
  for (const { worker, seq } of missing) problems.push(`block ${seq} of worker ${worker} is missing`);
  if (reader.footer === null) problems.push('the footer is missing: the recording was cut short, or goes on');
  else if ((reader.footer.counts.events ?? 0) !== events) {
    problems.push(`the footer counts ${reader.footer.counts.events ?? 0} events, the blocks hold ${events}`);
  }
  return {
    perfect: problems.length === 0,
    blocks: { good, bad, missing },
    events,
    footer: reader.footer !== null,
    damage: reader.damage,
    problems,
  };
}
