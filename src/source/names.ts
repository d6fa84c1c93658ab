/** Tells kinds of sources by their names, before any is opened. */
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { isEvery } from './live.js';

/** Name of standard input. */
export const STDIN = '-';

export const SCHEME = /^(file|ebpf|afpacket|pcap):(.*)$/s;

/**
 * Whether a name is that of an interface, or stands for all. Node does not list interfaces without an
 * address.
 */
export function isInterface(name: string): boolean {
  return isEvery(name) || name in networkInterfaces() || existsSync(`/sys/class/net/${name}`);
}

/** Whether a source is live. An existing path is always a file, whatever its name looks like. */
export function isLive(source: string | readonly string[]): boolean {
  if (typeof source !== 'string' || source === STDIN || existsSync(source)) return false;
  const scheme = SCHEME.exec(source)?.[1];
  return scheme === undefined ? isInterface(source) : scheme !== 'file';
}

/** The folder of the cgroup that programs are attached to; undefined where they are attached to interfaces. */
export function cgroupOf(attach: string | undefined): string | undefined {
  return attach?.startsWith('cgroup:') ? attach.slice('cgroup:'.length) : undefined;
}
