import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { MembenchError } from '../errors.js';
import { LIVE_SOURCES, openBest } from './best.js';
import { FileSource } from './file.js';
import type { LiveOptions } from './live.js';
import type { PacketSource } from './source.js';

const SCHEME = /^(file|ebpf|afpacket|pcap):(.*)$/s;

/** Whether a name is that of an interface here: one without an address is in no list of Node's. */
function isInterface(name: string): boolean {
  return name in networkInterfaces() || existsSync(`/sys/class/net/${name}`);
}

/** Whether a source string names live traffic. */
export function isLive(source: string): boolean {
  if (existsSync(source)) return false;
  const scheme = SCHEME.exec(source)?.[1];
  return scheme === undefined ? isInterface(source) : scheme !== 'file';
}

/**
 * Opens what a source string names. A path that exists is a file, whatever it looks like.
 *
 * @param tell called with why a bare interface name is not captured in a better way
 * @param signal gives up waiting for a source that says nothing
 * @throws ERR_MEMBENCH_SOURCE, ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE, ERR_MEMBENCH_UNSUPPORTED
 */
export async function openSource(
  source: string,
  live: LiveOptions,
  tell: (message: string) => void,
  signal?: AbortSignal,
): Promise<PacketSource> {
  if (existsSync(source)) return FileSource.open(source, signal);
  const [, scheme, rest] = SCHEME.exec(source) ?? [];
  if (scheme === 'file') return FileSource.open(rest!, signal);
  if (scheme !== undefined) return LIVE_SOURCES[scheme]!(rest!, live);
  if (source === '-') {
    throw new MembenchError(
      'ERR_MEMBENCH_UNSUPPORTED',
      'this release does not read standard input',
      'write to a file or a FIFO and record that',
    );
  }
  return isInterface(source) ? openBest(source, live, tell) : FileSource.open(source, signal);
}
