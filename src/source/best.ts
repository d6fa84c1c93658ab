import { MembenchError } from '../errors.js';
import type { LiveOptions } from './live.js';
import type { PacketSource } from './source.js';

type Open = (name: string, options: LiveOptions) => Promise<PacketSource>;

/**
 * The live sources `ebpf:IF`, `afpacket:IF` and `pcap:IF`, best first. Each is loaded only when it is tried.
 */
export const LIVE_SOURCES: Record<string, Open> = {
  async ebpf(name, options) {
    const { EbpfSource } = await import('./ebpf/open.js');
    return EbpfSource.open(name, options);
  },
  async afpacket(name, options) {
    const { AfpacketSource } = await import('./afpacket/source.js');
    return AfpacketSource.open(name, options);
  },
  async pcap(name, options) {
    const { PcapSource } = await import('./pcap/source.js');
    return PcapSource.open(name, options);
  },
};

/**
 * Opens the best source that works here for an interface.
 *
 * @param tell called with the reason for each source that does not work
 * @throws the error of the last source tried
 */
export async function openBest(
  name: string,
  options: LiveOptions,
  tell: (message: string) => void,
): Promise<PacketSource> {
  let last: unknown;
  for (const [scheme, open] of Object.entries(LIVE_SOURCES)) {
    try {
      return await open(name, options);
    } catch (error) {
      if (!(error instanceof MembenchError)) throw error;
      last = error;
      tell(`not by ${scheme}: ${error.message}`);
    }
  }
  throw last;
}
