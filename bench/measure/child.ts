import type { ChildProcess } from 'node:child_process';

/**
 * Waits until a child is gone, one that was aborted too: then its files can be removed.
 *
 * @returns its exit code, null where a signal ended it
 * @throws what hindered it from starting, or the AbortError
 */
export async function ended(child: ChildProcess): Promise<number | null> {
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (failure) throw failure;
  return code;
}
