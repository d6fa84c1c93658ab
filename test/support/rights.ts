import { readdirSync, readFileSync } from 'node:fs';

/** Every thread of a process: who it is and what it may. */
export function rights(pid: number): Set<string> {
  return new Set(
    readdirSync(`/proc/${pid}/task`).map((thread) => {
      const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1');
      const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)![1]!;
      return ['Uid', 'CapEff', 'CapPrm', 'CapAmb', 'NoNewPrivs']
        .map((name) => `${name} ${field(name)}`)
        .join(', ');
    }),
  );
}

/** What `rights` says of a process without any. */
export const without = (uid: number) =>
  `Uid ${Array(4).fill(uid).join('\t')}, CapEff ${'0'.repeat(16)}, CapPrm ${'0'.repeat(16)}, CapAmb ${'0'.repeat(16)}, NoNewPrivs 1`;
