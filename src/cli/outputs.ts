import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { getSystemErrorMap } from 'node:util';
import { MembenchError } from '../index.js';
import { complain } from './complain.js';

/** Handles errors of writing to stdout and stderr. */
export function guardOutputs(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader such as head closes the pipe when it has seen enough. That is not an error, and the exit code
    // remains that of the command.
    if (error.code === 'EPIPE') process.exit();
    const reason = getSystemErrorMap().get(error.errno ?? 0)?.[1] ?? error.message;
    process.exit(
      complain(
        new MembenchError('ERR_MEMBENCH_OUTPUT', `standard output: ${reason}`, undefined, error),
        false,
      ),
    );
  });
  // The error cannot be reported, and a recording goes on without messages.
  process.stderr.on('error', () => {});
  // Node resets terminals at exit, and aborts where one is gone by then, possibly with a core dump; it skips
  // closed descriptors (ResetStdio in src/node.cc).
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  process.on('exit', () => {
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  });
}
