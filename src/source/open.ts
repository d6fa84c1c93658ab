import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { MembenchError } from '../errors.js';
import { FileSource } from './file.js';
import type { LiveOptions } from './live.js';
import type { PacketSource } from './source.js';

function unsupported(source: string): MembenchError {
  return new MembenchError(
    'ERR_MEMBENCH_UNSUPPORTED',
    `${source}: this release does not read that`,
    'record a file that tcpdump -w wrote, or ebpf:IF',
  );
}

/** Whether a source string names live traffic. */
export function isLive(source: string): boolean {
  if (existsSync(source)) return false;
  return /^(ebpf|afpacket|pcap):/.test(source) || source in networkInterfaces();
}

/**
 * Opens what a source string names. A path that exists is a file, whatever it looks like.
 *
 * @param signal gives up waiting for a source that says nothing
 * @throws ERR_MEMBENCH_SOURCE, ERR_MEMBENCH_NOT_A_CAPTURE, ERR_MEMBENCH_LINKTYPE, ERR_MEMBENCH_UNSUPPORTED
 */
export async function openSource(
  source: string,
  live: LiveOptions,
  signal?: AbortSignal,
): Promise<PacketSource> {
  if (existsSync(source)) return FileSource.open(source, signal);
  const [, scheme, rest] = /^(file|ebpf|afpacket|pcap):(.*)$/s.exec(source) ?? [];
  switch (scheme) {
    case 'file':
      return FileSource.open(rest!, signal);
    case 'ebpf': {
      const { EbpfSource } = await import('./ebpf/open.js');
      return EbpfSource.open(rest!, live);
    }
    case 'pcap': {
      const { PcapSource } = await import('./pcap/source.js');
      return PcapSource.open(rest!, live);
    }
    case 'afpacket':
      throw unsupported(source);
  }
  if (source === '-' || source in networkInterfaces()) throw unsupported(source);
  return FileSource.open(source, signal);
}
