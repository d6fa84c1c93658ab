/** What the names of sources say, before any is opened. */
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { isEvery } from './live.js';

/** What people type for standard input. */
export const STDIN = '-';

export const SCHEME = /^(file|ebpf|afpacket|pcap):(.*)$/s;

/** Whether a name is that of an interface here, or of all: one without an address is in no list of Node's. */
export function isInterface(name: string): boolean {
  return isEvery(name) || name in networkInterfaces() || existsSync(`/sys/class/net/${name}`);
}

/** Whether a source names live traffic. A path that exists is a file, whatever it looks like. */
export function isLive(source: string | readonly string[]): boolean {
  if (typeof source !== 'string' || source === STDIN || existsSync(source)) return false;
  const scheme = SCHEME.exec(source)?.[1];
  return scheme === undefined ? isInterface(source) : scheme !== 'file';
}
