import type { ChildProcess } from 'node:child_process';

/**
 * Waits for the end of a child process, also of an aborted one, so that its files can be removed.
 *
 * @returns its exit code, null where a signal ended it
 * @throws the error of starting it, or the AbortError
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
