import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ended } from '../measure/child.js';

const SETTING = '/proc/sys/kernel/bpf_stats_enabled';

/** Number of runs of BPF programs, and their time, ns. */
export interface ProgramTime {
  runs: number;
  time: number;
}

/** Sums over programs, since they were loaded or the measurement began. */
export function programTime(ids: readonly number[]): ProgramTime {
  const sum = { runs: 0, time: 0 };
  for (const id of ids) {
    const program = JSON.parse(
      execFileSync('bpftool', ['-j', 'prog', 'show', 'id', String(id)], { encoding: 'utf8' }),
    );
    // Both fields are missing before the first run.
    sum.runs += program.run_cnt ?? 0;
    sum.time += program.run_time_ns ?? 0;
  }
  return sum;
}

/**
 * Makes the kernel measure BPF programs while `work` runs. A shell restores the setting when its input ends,
 * so that it is restored even where this process is killed.
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
