/** The memory that `membench record` takes with --memory, and its counters. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Counter } from '#src/layout/generated.js';
import { type Bench, run } from '../measure/run.js';
import { CLI } from '../root.js';
import { type Attack, writeAttack } from './attacks.js';

export interface Memory {
  /** Peak resident memory, bytes; null where it cannot be measured. */
  peak: number | null;
  /** CPU time of the process less that of recording nothing, seconds. */
  cpu: number | null;
  bounds: Partial<Record<Counter, number>>;
}

export interface Memories {
  /** Bytes given by --memory. */
  cap: number;
  /** Peak resident memory of a recording of nothing, bytes. */
  idle: number;
  attacks: Record<string, Memory>;
}

const WORKERS = 2;

/** Writes a capture to a file. Returns its path. */
function write(folder: string, attack: Attack | undefined): string {
  const path = join(folder, 'attack.pcap');
  const fd = openSync(path, 'w');
  try {
    const nothing: Attack = { name: '', write() {}, full: 0, small: 0, counters: [] };
    writeAttack(attack ?? nothing, attack?.full ?? 0, (chunk) => {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    });
  } finally {
    closeSync(fd);
  }
  return path;
}

async function record(bench: Bench, source: string, cap: number) {
  const profile = join(bench.folder, 'attack.mbp');
  const options = ['--quiet', '--json', '--workers', String(WORKERS), '--memory', `${cap}M`];
  const { usage, stdout } = await run(bench, [process.execPath, CLI, 'record', ...options, source, profile]);
  rmSync(profile);
  rmSync(source);
  const { packets, counters } = JSON.parse(stdout);
  const sum = (reasons: Record<string, number>) => Object.values(reasons).reduce((a, b) => a + b, 0);
  if (packets.seen !== packets.decoded + sum(packets.skipped) + sum(packets.lost)) {
    throw new Error(`packets are not accounted for: ${JSON.stringify(packets)}`);
  }
  return { usage, counters: counters as Record<Counter, number> };
}

/** Records every attack once. @param cap value of --memory, MiB */
export async function memoriesOf(
  bench: Bench,
  attacks: readonly Attack[],
  cap: number,
  onAttack: (name: string) => void,
): Promise<Memories> {
  const idle = await record(bench, write(bench.folder, undefined), cap);
  const found: Record<string, Memory> = {};
  for (const attack of attacks) {
    onAttack(attack.name);
    const { usage, counters } = await record(bench, write(bench.folder, attack), cap);
    found[attack.name] = {
      peak: usage.peak,
      cpu: usage.cpu === null ? null : usage.cpu - (idle.usage.cpu ?? 0),
      bounds: Object.fromEntries(
        Object.entries(counters).filter(([name, hit]) => name.startsWith('bound_') && hit > 0),
      ),
    };
  }
  return { cap: cap * 2 ** 20, idle: idle.usage.peak ?? 0, attacks: found };
}
