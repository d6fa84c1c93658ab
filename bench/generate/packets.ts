/** Records of a classic pcap file (draft-ietf-opsawg-pcap): Ethernet, IPv4, TCP. */

const FILE_HEADER = 24;
const RECORD = 16;
/** Bytes of the headers without TCP options: Ethernet 14, IPv4 20, TCP 20. */
const HEADERS = 54;
/** TCP options as Linux sends them, in words (RFC 9293, RFC 7323). */
const OPTIONS = {
  /** NOP, NOP, timestamps; two words of time follow. */
  size: 12,
  stamps: 0x0101080a,
  /**
   * On SYNs instead: maximum segment size 1460, SACK permitted and timestamps, the times, NOP and window
   * scale 7.
   */
  synSize: 20,
  synMss: 0x020405b4,
  synStamps: 0x0402080a,
  synScale: 0x01030307,
};
/** With its scale 8 MiB: more than is ever in flight. */
const WINDOW = 0xffff;
/** Longest payload: what an IPv4 total length can say. */
export const PAYLOAD_MAX = 65_535 - 20 - 20 - OPTIONS.size;
/** Largest record, and what the buffer keeps free for the next one. */
const RECORD_MAX = RECORD + HEADERS + OPTIONS.size + PAYLOAD_MAX;
/** Bytes handed out at a time. */
const CHUNK = 1024 * 1024;
/** Of the file's header: more than any packet. */
const SNAPLEN = 262_144;
const ETHERNET = 1;

export const FIN = 0x01;
export const SYN = 0x02;
export const PSH = 0x08;
export const ACK = 0x10;

/** 2026-01-01T00:00:00Z, Unix seconds: times of packets count from here. */
export const START = 1_767_225_600;
const SERVER = 0x0a000001;
const SERVER_PORT = 11_211;
const FIRST_CLIENT = 0x0a010001;
const FLOWS_PER_CLIENT = 50;
const FIRST_PORT = 32_768;

export interface Packet {
  /** µs since START; the order of packets is that of the calls. */
  time: number;
  /** Number of the connection: gives the client's address and port. */
  flow: number;
  fromClient: boolean;
  seq: number;
  ack: number;
  flags: number;
  /** Timestamp of the other side's last packet. */
  echo: number;
}

/** What a packet's timestamp says: milliseconds, as on Linux. */
export function timestamp(time: number): number {
  return Math.floor(time / 1000) + 1;
}

/** Writes packets; headers are complete, with correct checksums. */
export class PacketWriter {
  readonly #write: (chunk: Uint8Array) => void;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #start: number;
  #at: number;
  #made = 0;
  /** Packets in the file, and its bytes once it is flushed. */
  packets = 0;
  bytes = 0;

  /** Bytes of the buffer that the writer needs for itself. */
  static readonly reserved = CHUNK + RECORD_MAX;

  /**
   * @param bytes buffer that payloads are in, too
   * @param start start of the reserved bytes
   */
  constructor(bytes: Uint8Array, start: number, write: (chunk: Uint8Array) => void) {
    this.#write = write;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#start = start;
    this.#at = start + FILE_HEADER;
    const view = this.#view;
    view.setUint32(start, 0xa1b2c3d4, true);
    view.setUint16(start + 4, 2, true);
    view.setUint16(start + 6, 4, true);
    view.setUint32(start + 16, SNAPLEN, true);
    view.setUint32(start + 20, ETHERNET, true);
  }

  /** Hands out what is written so far; packets before can no longer be taken out. */
  flush(): void {
    const chunk = this.#bytes.subarray(this.#start, this.#at);
    this.bytes += chunk.length;
    this.#at = this.#start;
    this.#write(chunk);
  }

  /** Writes a packet with the payload from `from` to `to` of the buffer; returns the record's size. */
  write(packet: Packet, from: number, to: number): number {
    if (this.#at > this.#start + CHUNK) this.flush();
    const view = this.#view;
    const record = this.#at;
    const options = packet.flags & SYN ? OPTIONS.synSize : OPTIONS.size;
    const size = HEADERS + options + to - from;
    this.#stamp(record, packet.time);
    view.setUint32(record + 8, size, true);
    view.setUint32(record + 12, size, true);
    const ethernet = record + RECORD;
    const ip = ethernet + 14;
    const tcp = ip + 20;
    const client = FIRST_CLIENT + Math.floor(packet.flow / FLOWS_PER_CLIENT);
    const source = packet.fromClient ? client : SERVER;
    const destination = packet.fromClient ? SERVER : client;
    // Locally administered addresses 02:00 and the IPv4 address.
    view.setUint16(ethernet, 0x0200);
    view.setUint32(ethernet + 2, destination);
    view.setUint16(ethernet + 6, 0x0200);
    view.setUint32(ethernet + 8, source);
    view.setUint16(ethernet + 12, 0x0800);
    view.setUint16(ip, 0x4500);
    view.setUint16(ip + 2, size - 14);
    view.setUint16(ip + 4, this.#made++);
    view.setUint16(ip + 6, 0x4000);
    view.setUint16(ip + 8, 0x4006);
    view.setUint16(ip + 10, 0);
    view.setUint32(ip + 12, source);
    view.setUint32(ip + 16, destination);
    view.setUint16(ip + 10, checksum(this.#sum(ip, tcp)));
    // Ports of one client are spread over the connections, as an operating system does.
    const port = FIRST_PORT + ((packet.flow * 7) % (FLOWS_PER_CLIENT * 7));
    view.setUint16(tcp, packet.fromClient ? port : SERVER_PORT);
    view.setUint16(tcp + 2, packet.fromClient ? SERVER_PORT : port);
    view.setUint32(tcp + 4, packet.seq);
    view.setUint32(tcp + 8, packet.ack);
    view.setUint16(tcp + 12, ((20 + options) << 10) | packet.flags);
    view.setUint16(tcp + 14, WINDOW);
    view.setUint32(tcp + 16, 0);
    this.#options(packet, tcp + 20);
    this.#bytes.copyWithin(tcp + 20 + options, from, to);
    const end = ethernet + size;
    // The pseudo-header: both addresses, the protocol, and the length of header and payload.
    view.setUint16(tcp + 16, checksum(this.#sum(ip + 12, end) + 6 + end - tcp));
    this.#at = end;
    this.packets++;
    return RECORD + size;
  }

  /** Takes out the record of `size` bytes that was written last. */
  takeOut(size: number): Uint8Array {
    this.#at -= size;
    this.packets--;
    return this.#bytes.slice(this.#at, this.#at + size);
  }

  /** Puts a record in again, with a new time. */
  putIn(record: Uint8Array, time: number): void {
    if (this.#at > this.#start + CHUNK) this.flush();
    this.#bytes.set(record, this.#at);
    this.#stamp(this.#at, time);
    this.#at += record.length;
    this.packets++;
  }

  #options({ flags, time, echo }: Packet, at: number): void {
    const view = this.#view;
    const syn = (flags & SYN) !== 0;
    const stamps = syn ? at + 4 : at;
    view.setUint32(stamps, syn ? OPTIONS.synStamps : OPTIONS.stamps);
    view.setUint32(stamps + 4, timestamp(time));
    view.setUint32(stamps + 8, echo);
    if (syn) {
      view.setUint32(at, OPTIONS.synMss);
      view.setUint32(at + 16, OPTIONS.synScale);
    }
  }

  #stamp(record: number, time: number): void {
    const seconds = Math.floor(time / 1e6);
    this.#view.setUint32(record, START + seconds, true);
    this.#view.setUint32(record + 4, Math.floor(time - seconds * 1e6), true);
  }

  /** Sum of big-endian 16-bit words, the last one filled up with zero. */
  #sum(from: number, to: number): number {
    const view = this.#view;
    let sum = 0;
    let at = from;
    for (; at + 4 <= to; at += 4) {
      const words = view.getUint32(at);
      sum += (words >>> 16) + (words & 0xffff);
    }
    if (at + 2 <= to) {
      sum += view.getUint16(at);
      at += 2;
    }
    return at < to ? sum + (view.getUint8(at) << 8) : sum;
  }
}

/** The Internet checksum (RFC 1071) of a sum of 16-bit words. */
function checksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = Math.floor(folded / 0x10000) + (folded % 0x10000);
  return ~folded & 0xffff;
}
