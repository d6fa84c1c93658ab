/** Writes records of a classic pcap file: Ethernet, IPv4, TCP without options. */

export const PCAP_HEADER = 24;
const RECORD = 16;
/** Bytes of all headers before a payload: Ethernet 14, IPv4 20, TCP 20. */
export const HEADERS = 54;
/** Longest payload: what an IPv4 total length can say. */
export const PAYLOAD_MAX = 65535 - 40;

export const FIN = 0x01;
export const SYN = 0x02;
export const PSH = 0x08;
export const ACK = 0x10;

const SERVER_ADDRESS = 0x0a000001;

export class PacketWriter {
  readonly #write: (chunk: Uint8Array) => void;
  readonly #bytes = new Uint8Array(4 * 1024 * 1024);
  readonly #view = new DataView(this.#bytes.buffer);
  #at = 0;
  /** Packets and bytes written so far. */
  packets = 0;
  bytes = 0;

  constructor(write: (chunk: Uint8Array) => void) {
    this.#write = write;
    const v = this.#view;
    v.setUint32(0, 0xa1b2c3d4, true);
    v.setUint16(4, 2, true);
    v.setUint16(6, 4, true);
    v.setUint32(16, 262144, true);
    v.setUint32(20, 1, true);
    this.#at = PCAP_HEADER;
  }

  flush(): void {
    this.#write(this.#bytes.subarray(0, this.#at));
    this.bytes += this.#at;
    this.#at = 0;
  }

  /** Makes room for a packet; returns the buffer and where its payload goes. */
  begin(): { bytes: Uint8Array; at: number } {
    if (this.#at + RECORD + HEADERS + PAYLOAD_MAX > this.#bytes.length) this.flush();
    return { bytes: this.#bytes, at: this.#at + RECORD + HEADERS };
  }

  /**
   * Completes the packet whose payload lies where `begin` said.
   *
   * @param time µs since 1970
   * @param flow number of the connection: its client's address and port
   * @param fromClient direction
   */
  end(time: number, flow: number, fromClient: boolean, seq: number, ack: number, flags: number, payload: number): void {
    const v = this.#view;
    const record = this.#at;
    const size = HEADERS + payload;
    v.setUint32(record, Math.floor(time / 1e6), true);
    v.setUint32(record + 4, time % 1e6, true);
    v.setUint32(record + 8, size, true);
    v.setUint32(record + 12, size, true);
    const eth = record + RECORD;
    v.setUint32(eth, 0x02000000);
    v.setUint32(eth + 4, fromClient ? 0x00010200 : 0x00020200);
    v.setUint32(eth + 8, fromClient ? 0x00000002 : 0x00000001);
    v.setUint16(eth + 12, 0x0800);
    const ip = eth + 14;
    const client = 0x0a010000 + Math.floor(flow / 28000);
    const port = 32768 + (flow % 28000);
    const source = fromClient ? client : SERVER_ADDRESS;
    const destination = fromClient ? SERVER_ADDRESS : client;
    v.setUint16(ip, 0x4500);
    v.setUint16(ip + 2, size - 14);
    v.setUint32(ip + 4, 0x00004000);
    v.setUint32(ip + 8, 0x40060000);
    v.setUint32(ip + 12, source);
    v.setUint32(ip + 16, destination);
    let sum = 0x4500 + (size - 14) + 0x4000 + 0x4006;
    sum += (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff);
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    v.setUint16(ip + 10, ~sum & 0xffff);
    const tcp = ip + 20;
    v.setUint16(tcp, fromClient ? port : 11211);
    v.setUint16(tcp + 2, fromClient ? 11211 : port);
    v.setUint32(tcp + 4, seq);
    v.setUint32(tcp + 8, ack);
    v.setUint16(tcp + 12, 0x5000 | flags);
    // The checksum stays zero, as segmentation offload leaves it in captures of the sending side.
    v.setUint32(tcp + 14, 0xffff0000);
    v.setUint16(tcp + 18, 0);
    this.#at += RECORD + size;
    this.packets++;
  }

  /** Takes the packet just ended out again, as if the capture had lost it; returns its bytes. */
  takeBack(payload: number): Uint8Array {
    const size = RECORD + HEADERS + payload;
    this.#at -= size;
    this.packets--;
    return this.#bytes.slice(this.#at, this.#at + size);
  }

  /** Puts a record taken back here. */
  put(record: Uint8Array): void {
    if (this.#at + record.length > this.#bytes.length) this.flush();
    this.#bytes.set(record, this.#at);
    this.#at += record.length;
    this.packets++;
  }
}
