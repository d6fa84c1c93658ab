import { readdirSync, readFileSync } from 'node:fs';

/** A field of every thread's status (proc_pid_status(5)), the main thread's first. */
export function eachThread(pid: number, name: string): string[] {
  const threads = readdirSync(`/proc/${pid}/task`).sort((a, b) => Number(a) - Number(b));
  return threads.map((thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1');
    return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)![1]!;
  });
}

/** Every thread of a process: who it is and what it may. */
export function rights(pid: number): Set<string> {
  const fields = ['Uid', 'CapEff', 'CapPrm', 'CapAmb', 'NoNewPrivs'];
  const columns = fields.map((name) => eachThread(pid, name).map((value) => `${name} ${value}`));
  return new Set(columns[0]!.map((_, i) => columns.map((column) => column[i]).join(', ')));
}

/** What `rights` says of a process without any. */
export const without = (uid: number) =>
  `Uid ${Array(4).fill(uid).join('\t')}, CapEff ${'0'.repeat(16)}, CapPrm ${'0'.repeat(16)}, CapAmb ${'0'.repeat(16)}, NoNewPrivs 1`;

/** A user of no account, as whom programs are started with few rights. */
const USER = 12345;

/** Starts a program as USER with only these capabilities: `+bpf,+net_admin`. */
export function withCapabilities(list: string): string[] {
  const user = ['--reuid', String(USER), '--regid', String(USER), '--clear-groups'];
  return ['setpriv', ...user, '--inh-caps', list, '--ambient-caps', list, '--bounding-set', `-all,${list}`];
}
