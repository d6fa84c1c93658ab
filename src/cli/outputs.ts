import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { getSystemErrorMap } from 'node:util';
import { MembenchError } from '../index.js';
import { complain } from './complain.js';

/** Decides what happens when stdout or stderr can no longer be written to. */
export function guardOutputs(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (head) closes the pipe: that spoils nothing, and mends nothing either,
    // so the exit code stays what the command made it.
    if (error.code === 'EPIPE') process.exit();
    const reason = getSystemErrorMap().get(error.errno ?? 0)?.[1] ?? error.message;
    process.exit(
      complain(
        new MembenchError('ERR_MEMBENCH_OUTPUT', `standard output: ${reason}`, undefined, error),
        false,
      ),
    );
  });
  // Nobody is left to tell, and a recording goes on without its talk.
  process.stderr.on('error', () => {});
  // Node sets terminals right as it exits, and aborts, with a core dump where those are on, if one is gone by
  // then; a descriptor that is closed it leaves alone (ResetStdio in src/node.cc).
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  process.on('exit', () => {
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  });
}
