import { closeSync } from 'node:fs';
import { PCAP_HEADER } from '../../layout/generated.js';
import { parseCaptureHeader } from '../../memory/capture-header.js';
import { DescriptorReader, readFully } from '../bytes.js';
import type { LiveOptions } from '../live.js';
import type { KernelCounts, PacketSource, SourceChange, StreamFeed } from '../source.js';
import { openPcap, type PcapCapture } from './open.js';

/** libpcap's ring holds the largest packet in every place: this is two thousand packets. */
const RING_MIN = 128 * 1024 * 1024;

/** `pcap:IF`: libpcap through the cap package, in a child of its own that writes a classic pcap stream. */
export class PcapSource implements PacketSource {
  readonly kind = 'pcap';
  readonly finite = false;
  readonly unit = 1;
  readonly info: string;
  readonly feed: StreamFeed;
  /** The capturing process has all it needs. */
  readonly needs = [];
  onChange: (change: SourceChange) => void = () => {};
  readonly #capture: PcapCapture;
  #stopping = false;

  private constructor(name: string, capture: PcapCapture, feed: StreamFeed) {
    this.info = `pcap on ${name} by libpcap; what its kernel drops is not known`;
    this.feed = feed;
    this.#capture = capture;
    void capture.exited.then(({ message }) => {
      if (this.#stopping) return;
      this.onChange({ what: 'capture ended', message: message ?? `${name}: the capture ended`, over: true });
    });
  }

  /** @throws what `openPcap` throws */
  static async open(name: string, options: LiveOptions): Promise<PcapSource> {
    const capture = await openPcap({
      interface: name,
      ports: options.ports,
      bufferBytes: Math.max(options.buffer, RING_MIN),
      user: options.user,
    });
    const head = new Uint8Array(PCAP_HEADER);
    await readFully(new DescriptorReader(capture.fd, false), head);
    return new PcapSource(name, capture, {
      kind: 'stream',
      fd: capture.fd,
      header: parseCaptureHeader(head),
    });
  }

  start(): void {}

  stop(): void {
    this.#stopping = true;
    this.#capture.stop();
  }

  kernel(): KernelCounts {
    return { received: null, dropped: null };
  }

  is(): boolean {
    return false;
  }

  close(): void {
    this.stop();
    closeSync(this.feed.fd);
  }
}
