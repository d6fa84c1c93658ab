import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { MembenchError } from '../errors.js';
import { FileSource } from './file.js';
import type { PacketSource } from './source.js';

/** Sources that come with a later release; naming them makes the error say so. */
const LIVE = /^(pcap|afpacket|ebpf):/;

function unsupported(source: string): MembenchError {
  return new MembenchError(
    'ERR_MEMBENCH_UNSUPPORTED',
    `${source}: this release records capture files only`,
    'record a file that tcpdump -w wrote',
  );
}

/**
 * Opens what a source string names. A path that exists is a file, whatever it looks like.
 *
 * @param signal gives up waiting for a source that says nothing
 * @throws ERR_MEMBENCH_SOURCE, ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE, ERR_MEMBENCH_UNSUPPORTED
 */
export async function openSource(source: string, signal?: AbortSignal): Promise<PacketSource> {
  if (existsSync(source)) return FileSource.open(source, signal);
  if (source.startsWith('file:')) return FileSource.open(source.slice('file:'.length), signal);
  if (LIVE.test(source) || source === '-' || source in networkInterfaces()) throw unsupported(source);
  return FileSource.open(source, signal);
}
