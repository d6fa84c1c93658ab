import { once } from 'node:events';
import { openProfile, readEvents } from '../index.js';
import { EXIT_FAILURE } from './complain.js';

/** Characters gathered before they are written. */
const BATCH = 64 * 1024;

/** Runs `membench cat`. What is missing is told on stderr; what is there is printed. Returns the exit code. */
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
  const missing = profile.missing().length;
  const damaged = profile.damage.filter((damage) => !damage.atEnd).length;
  if (missing === 0 && damaged === 0) {
    if (profile.footer === null)
      process.stderr.write(
        `membench: ${path}: not closed yet, or cut short: these are the events sealed so far\n`,
      );
    return 0;
  }
  process.stderr.write(
    `membench: ${path}: ${missing} blocks are missing, ${damaged} places are damaged (membench verify ${path})\n`,
  );
  return EXIT_FAILURE;
}
