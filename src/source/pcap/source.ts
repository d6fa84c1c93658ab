import { closeSync, readSync } from 'node:fs';
import { MembenchError } from '../../errors.js';
import { PCAP_HEADER } from '../../layout/generated.js';
import { type CaptureHeader, parseCaptureHeader } from '../../memory/capture-header.js';
import { isEvery, type LiveOptions } from '../live.js';
import type { KernelCounts, PacketSource, SourceChange, StreamFeed } from '../source.js';
import { openPcap, type PcapCapture } from './open.js';

/** Least bytes of libpcap's ring: two thousand packets, because it reserves the largest size for each. */
const RING_MIN = 128 * 1024 * 1024;

/** `pcap:IF`: libpcap by way of the cap package, in a child process that writes a classic pcap stream. */
export class PcapSource implements PacketSource {
  readonly kind = 'pcap';
  readonly finite = false;
  readonly unit = 1;
  readonly info: string;
  readonly feed: StreamFeed;
  /** The capturing process already has what it needs. */
  readonly needs = [];
  onChange: (change: SourceChange) => void = () => {};
  readonly #capture: PcapCapture;
  #stopping = false;

  private constructor(name: string, capture: PcapCapture, feed: StreamFeed) {
    this.info = `pcap on ${name} by libpcap; what its kernel drops is not known`;
    this.feed = feed;
    this.#capture = capture;
    void capture.exited.then(({ code, signal, message = `${name}: the capture ended` }) => {
      if (this.#stopping) return;
      // The process ends by SIGABRT where the interface goes down or is gone.
      const failed = code !== 0 && signal !== 'SIGABRT';
      this.onChange({ what: 'capture ended', message, over: true, failed });
    });
  }

  /** @throws what `openPcap` throws */
  static async open(wanted: string, options: LiveOptions): Promise<PcapSource> {
    const name = isEvery(wanted) ? 'any' : wanted;
    const capture = await openPcap({
      interface: name,
      ports: options.ports,
      bufferBytes: Math.max(options.buffer, RING_MIN),
      user: options.user,
    });
    try {
      const header = readHeader(name, capture.fd);
      return new PcapSource(name, capture, { kind: 'stream', fd: capture.fd, header });
    } catch (error) {
      capture.stop();
      closeSync(capture.fd);
      throw error;
    }
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

/** Reads the header of the stream, which the child has written before reporting readiness. */
function readHeader(name: string, fd: number): CaptureHeader {
  const head = new Uint8Array(PCAP_HEADER);
  try {
    if (readSync(fd, head) === PCAP_HEADER) {
      const header = parseCaptureHeader(head);
      if (header.container === 'pcap' && header.unit === 1 && !header.swapped) return header;
    }
  } catch {
    // The header is missing or invalid.
  }
  throw new MembenchError('ERR_MEMBENCH_SOURCE', `${name}: the capturing process sent no stream of packets`);
}
