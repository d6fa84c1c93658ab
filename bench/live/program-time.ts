import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ended } from '../measure/child.js';

const SETTING = '/proc/sys/kernel/bpf_stats_enabled';

/** How often BPF programs ran, and for how many nanoseconds. */
export interface ProgramTime {
  runs: number;
  time: number;
}

/** Of programs, added up, since they were loaded or the kernel measures. */
export function programTime(ids: readonly number[]): ProgramTime {
  const sum = { runs: 0, time: 0 };
  for (const id of ids) {
    const program = JSON.parse(
      execFileSync('bpftool', ['-j', 'prog', 'show', 'id', String(id)], { encoding: 'utf8' }),
    );
    // Both are missing until it runs.
    sum.runs += program.run_cnt ?? 0;
    sum.time += program.run_time_ns ?? 0;
  }
  return sum;
}

/**
 * Lets the kernel measure BPF programs while `work` runs. A shell of its own sets it back when its input
 * ends: whatever ends this process, it comes to that.
 */
export async function withProgramTime<T>(work: () => Promise<T>): Promise<T> {
  const on = `old=$(cat ${SETTING}) && echo 1 > ${SETTING} && echo on || exit 1`;
  const script = `trap '' INT TERM HUP; ${on}; cat; echo "$old" > ${SETTING}`;
  const shell = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = ended(shell);
  try {
    const first = await Promise.race([once(shell.stdout, 'data'), gone]);
    if (!Array.isArray(first)) throw new Error(`${SETTING} cannot be set`);
    return await work();
  } finally {
    shell.stdin.end();
    await gone;
  }
}
