/** Reads TPACKET_V3 rings (linux/if_packet.h) as a worker would, and no further than a test needs. */
export interface Seen {
  /** Which of the sockets. */
  socket: number;
  transport: 'tcp' | 'udp';
  source: number;
  target: number;
  /** TCP flags, 0 for UDP. */
  flags: number;
  /** Bytes of payload. */
  size: number;
  /** Its beginning. */
  payload: string;
  /** Bytes on the wire, and bytes kept. */
  length: number;
  kept: number;
  /** VLAN tag the kernel took out, null where there was none. */
  vlan: number | null;
  /** PACKET_HOST is 0, PACKET_OUTGOING is 4. */
  type: number;
  /** Seconds since 1970. */
  time: number;
}

const TP_STATUS_USER = 1;
const TP_STATUS_VLAN_VALID = 1 << 4;

/** One ring, read in the order of its blocks. */
export class Ring {
  #next = 0;

  constructor(
    readonly socket: number,
    readonly bytes: ArrayBuffer,
    readonly blockSize: number,
    readonly blockCount: number,
    readonly linktype: string,
  ) {}

  /** Takes all that is in blocks the kernel has given away, and gives these back. */
  read(): Seen[] {
    const seen: Seen[] = [];
    for (let n = 0; n < this.blockCount; n++) {
      const block = new DataView(this.bytes, this.#next * this.blockSize, this.blockSize);
      if ((block.getUint32(8, true) & TP_STATUS_USER) === 0) break;
      let at = block.getUint32(16, true);
      for (let left = block.getUint32(12, true); left > 0; left--) {
        seen.push(this.#packet(block, at));
        at += block.getUint32(at, true);
      }
      block.setUint32(8, 0, true);
      this.#next = (this.#next + 1) % this.blockCount;
    }
    return seen;
  }

  #packet(block: DataView, at: number): Seen {
    const u32 = (offset: number) => block.getUint32(at + offset, true);
    const kept = u32(12);
    const data = Buffer.from(block.buffer, block.byteOffset + at + block.getUint16(at + 24, true), kept);
    let ip = 0;
    if (this.linktype === 'ethernet') {
      for (ip = 14; [0x8100, 0x88a8].includes(data.readUInt16BE(ip - 2)); ip += 4);
    }
    const six = data[ip]! >> 4 === 6;
    const tcp = data[ip + (six ? 6 : 9)] === 6;
    const start = ip + (six ? 40 : (data[ip]! & 15) * 4);
    const body = start + (tcp ? (data[start + 12]! >> 4) * 4 : 8);
    const end = ip + (six ? 40 + data.readUInt16BE(ip + 4) : data.readUInt16BE(ip + 2));
    return {
      socket: this.socket,
      transport: tcp ? 'tcp' : 'udp',
      source: data.readUInt16BE(start),
      target: data.readUInt16BE(start + 2),
      flags: tcp ? data[start + 13]! : 0,
      size: end - body,
      payload: data.toString('latin1', body, Math.min(end, body + 32)),
      length: u32(16),
      kept,
      vlan: u32(20) & TP_STATUS_VLAN_VALID ? u32(32) : null,
      // The struct sockaddr_ll behind the header.
      type: block.getUint8(at + 48 + 10),
      time: u32(4) + u32(8) / 1e9,
    };
  }
}
