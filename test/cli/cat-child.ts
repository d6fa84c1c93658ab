/**
 * Runs `membench cat` in this process on a profile cut at every length, and prints what each gave as one
 * JSON array: a process for each would take minutes.
 */
import { closeSync, ftruncateSync, openSync, statSync } from 'node:fs';
import { MembenchError } from 'membench/profile';
import { catCommand } from '#src/cli/cat.js';

export interface Cut {
  size: number;
  /** The exit code, or the code of the error it ends with. */
  code: number | string;
  stdout: string;
  stderr: string;
}

const path = process.argv[2]!;
const cuts: Cut[] = [];
const { stdout, stderr } = process;
const write = stdout.write.bind(stdout);
const fd = openSync(path, 'r+');
for (let size = statSync(path).size; size >= 0; size--) {
  ftruncateSync(fd, size);
  const cut: Cut = { size, code: 0, stdout: '', stderr: '' };
  cuts.push(cut);
  stdout.write = (text: string | Uint8Array) => {
    cut.stdout += text;
    return true;
  };
  stderr.write = (text: string | Uint8Array) => {
    cut.stderr += text;
    return true;
  };
  try {
    cut.code = await catCommand(path);
  } catch (error) {
    if (!(error instanceof MembenchError)) throw error;
    cut.code = error.code;
  }
}
closeSync(fd);
write(JSON.stringify(cuts));
