/** What a live recording left: the events of its profile, and the memory of its rings. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { CacheEvent } from 'membench/decoder';
import { openProfile, readEvents } from 'membench/profile';

/** Events without their times, which differ by the programs' clocks. */
export function eventsOf(path: string): Partial<CacheEvent>[] {
  using profile = openProfile(path);
  return [...readEvents(profile)].map(({ ts_ns, latency_ns, ...event }) => ({
    ...event,
    latency_ns: latency_ns === null ? null : 0,
  }));
}

/** Occurrences of a text in the rings that a process has mapped. */
export function canariesIn(pid: number, canary: string): number {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').matchAll(
    /^(\w+)-(\w+) \S+ \S+ \S+ \d+ +anon_inode:bpf-map$/gm,
  );
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  let found = 0;
  for (const [, from, to] of maps) {
    const bytes = Buffer.alloc(Number(BigInt(`0x${to}`) - BigInt(`0x${from}`)));
    readSync(memory, bytes, 0, bytes.length, BigInt(`0x${from}`));
    for (let at = bytes.indexOf(canary); at >= 0; at = bytes.indexOf(canary, at + 1)) found++;
  }
  closeSync(memory);
  return found;
}
