/** Records of a pcap file of raw IP, little-endian, µs, and the IP headers in them. */
import { between, oneOf } from '../support/random.js';
import type { Random } from './tokens.js';

/** Bytes of a record's head. */
export const RECORD = 16;
/** Link type raw IP (tcpdump.org/linktypes.html). */
const RAW = 101;

/** The first 24 bytes of such a file: snapshot length 256 KiB. */
export const FILE_HEAD: Uint8Array = (() => {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(262144, 16);
  head.writeUInt32LE(RAW, 20);
  return head;
})();

/** What an IP packet says of its ends, the last byte of each address, and of its transport. */
export interface Envelope {
  version: number;
  protocol: number;
  source: number;
  destination: number;
}

/** Bytes of an IP header without options or extensions. */
export function ipSize(version: number): number {
  return version === 6 ? 40 : 20;
}

/** 2026-01-01T00:00:00Z. */
const START = 1_767_225_600;

export class Records {
  readonly bytes: Buffer;
  size = 0;
  /** Since the epoch, in two words. */
  #seconds = START;
  #micros = 0;

  constructor(capacity: number) {
    this.bytes = Buffer.alloc(capacity);
  }

  /** Begins anew, with the clock. */
  reset(): void {
    this.size = 0;
    this.#seconds = START;
    this.#micros = 0;
  }

  /** Forgets what was written; time goes on. */
  clear(): void {
    this.size = 0;
  }

  /** The records as they stand: a view, until the next one is written. */
  get view(): Buffer {
    return this.bytes.subarray(0, this.size);
  }

  /**
   * Writes a record with an IP packet whose transport's `size` bytes the caller writes where this says;
   * -1 where there is no room for it. A share `cut` of them is captured in part.
   */
  begin(random: Random, envelope: Envelope, size: number, cut: number): number {
    const { bytes } = this;
    const { version, protocol, source, destination } = envelope;
    const ip = ipSize(version);
    const whole = ip + size;
    const record = this.size;
    const at = record + RECORD;
    if (at + whole > bytes.length) return -1;
    const captured = cut > 0 && random() < cut ? Math.min(whole, between(random, 20, 260)) : whole;
    this.#tick(random);
    bytes.writeUInt32LE(this.#seconds, record);
    bytes.writeUInt32LE(this.#micros, record + 4);
    bytes.writeUInt32LE(captured, record + 8);
    bytes.writeUInt32LE(random() < 0.995 ? whole : between(random, 0, 0xffffffff), record + 12);
    bytes.fill(0, at, at + ip);
    // Offload leaves a length of 0; what lies is somebody's bug.
    const told =
      random() < 0.99 ? whole - (version === 6 ? 40 : 0) : random() < 0.7 ? 0 : between(random, 0, 65535);
    if (version === 6) {
      bytes[at] = 0x60;
      bytes.writeUInt16BE(told > 65535 ? 0 : told, at + 4);
      bytes[at + 6] = protocol;
      bytes[at + 8] = bytes[at + 24] = 0xfd;
      bytes[at + 23] = source;
      bytes[at + 39] = destination;
    } else {
      bytes[at] = 0x45;
      bytes.writeUInt16BE(told > 65535 ? 0 : told, at + 2);
      bytes[at + 9] = protocol;
      bytes[at + 12] = bytes[at + 16] = 10;
      bytes[at + 15] = source;
      bytes[at + 19] = destination;
    }
    this.size = at + captured;
    return at + ip;
  }

  #tick(random: Random): void {
    const pick = random();
    if (pick < 0.98) this.#micros += 10;
    else if (pick < 0.99) this.#micros += 250_000;
    else this.#seconds += oneOf(random, [-1, 0, 0, 1, 3, 40, -40]);
    if (this.#micros >= 1_000_000) {
      this.#micros -= 1_000_000;
      this.#seconds++;
    }
  }
}
