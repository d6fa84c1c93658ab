import { once } from 'node:events';
import { MembenchError, openProfile, readEvents } from '../index.js';
import { complain, oneLine } from './complain.js';
import { lacks } from './lacks.js';

/** Characters gathered before they are written. */
const BATCH = 64 * 1024;

/**
 * Runs `membench cat`. What is missing is told on stderr; what is there is printed. Returns the exit code.
 */
export async function catCommand(path: string): Promise<number> {
  using profile = openProfile(path);
  let batch = '';
  const flush = async () => {
    if (batch !== '' && !process.stdout.write(batch)) await once(process.stdout, 'drain');
    batch = '';
  };
  for (const event of readEvents(profile)) {
    batch += `${JSON.stringify(event)}\n`;
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  const { damage, footer } = profile;
  const what = lacks({
    blocks: profile.missing(),
    damagedBytes: damage.reduce((sum, { bytes, unfinished }) => sum + (unfinished ? 0 : bytes), 0),
    footer: footer !== null,
  });
  if (what !== null) {
    const why = `${path}: ${what}; what is good was printed`;
    return complain(
      new MembenchError('ERR_MEMBENCH_PROFILE_READ', why, `membench verify ${path} says more`),
      false,
    );
  }
  if (footer === null) {
    const why = 'not closed yet, or cut short: these are the events sealed so far';
    process.stderr.write(`membench: ${oneLine(path)}: ${why}\n`);
  }
  return 0;
}
