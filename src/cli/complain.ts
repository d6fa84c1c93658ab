export const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;

interface Failure extends Error {
  code?: string;
  hint?: string;
}

/** Makes a message one line without control characters, which paths in it may contain. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Prints an error in one line on stderr, with its stack where `verbose` is set. Returns the exit code. */
export function complain(error: unknown, verbose: boolean): number {
  const failure = error as Failure;
  const hint = failure.hint ? ` (${failure.hint})` : '';
  const code = failure.code?.startsWith('ERR_') ? ` [${failure.code}]` : '';
  process.stderr.write(`membench: ${oneLine(`${failure.message}${hint}`)}${code}\n`);
  if (verbose && failure.stack) process.stderr.write(`${failure.stack}\n`);
  return failure.code === 'ERR_MEMBENCH_USAGE' ? EXIT_USAGE : EXIT_FAILURE;
}
