import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs `work` with a temporary folder that is removed at the end. SIGINT and SIGTERM abort `signal`, and
 * `work` must then end.
 *
 * @returns the exit code of `work`, or 128 + the number of the signal, as shells count
 */
export async function inTemporaryFolder(
  prefix: string,
  work: (folder: string, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const abort = new AbortController();
  let caught: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    caught ??= signal;
    abort.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const folder = mkdtempSync(join(tmpdir(), prefix));
  try {
    return await work(folder, abort.signal);
  } catch (error) {
    if (caught === undefined) throw error;
    return 128 + constants.signals[caught];
  } finally {
    rmSync(folder, { recursive: true, force: true });
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
