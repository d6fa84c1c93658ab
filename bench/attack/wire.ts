/**
 * Packets of hostile captures: classic pcap, Ethernet, IPv4 or IPv6, TCP or UDP. Nothing is checked,
 * everything can be said: any sequence number, any flags, pieces of datagrams. Checksums are left zero, as on
 * every packet whose network card fills them in.
 */

const FILE_HEADER = 24;
const RECORD = 16;
const ETHERNET = 14;
const IPV4 = 20;
const IPV6 = 40;
const TCP = 20;
const UDP = 8;
/** Bytes handed out at a time, and room for one more packet behind. */
const CHUNK = 1 << 20;
const PACKET_MAX = 70_000;
/** 2026-01-01T00:00:00Z, Unix seconds: times of packets count from here. */
export const START = 1_767_225_600;
const SERVER = 0x0a000001;
const FIRST_CLIENT = 0x0a010000;
export const SERVER_PORT = 11_211;
/** Connections of one client address, from this port on. */
const PORTS = 16_384;

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;
const NONE = new Uint8Array(0);
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;

export interface Segment {
  /** Number of the connection: gives the client's address and port. */
  flow: number;
  fromClient: boolean;
  seq: number;
  ack?: number;
  /** Default: PSH and ACK. */
  flags?: number;
  payload?: Uint8Array;
  /** Both addresses, 16 bytes each, where it is IPv6: client, server. */
  addresses?: readonly [Uint8Array, Uint8Array];
}

/** A piece of an IPv4 datagram. */
export interface Fragment {
  flow: number;
  id: number;
  /** Bytes of the datagram before it. */
  offset: number;
  more: boolean;
  data: Uint8Array;
}

/** Writes packets, one microsecond apart. */
export class Wire {
  readonly #write: (chunk: Uint8Array) => void;
  readonly #bytes = new Uint8Array(CHUNK + PACKET_MAX);
  readonly #view = new DataView(this.#bytes.buffer);
  #at = FILE_HEADER;
  #time = 0;
  packets = 0;
  /** Bytes of the capture, once it is flushed. */
  bytes = 0;

  constructor(write: (chunk: Uint8Array) => void) {
    this.#write = write;
    const view = this.#view;
    view.setUint32(0, 0xa1b2c3d4, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, 262_144, true);
    view.setUint32(20, 1, true);
  }

  /** Hands out what is written so far. */
  flush(): void {
    this.bytes += this.#at;
    this.#write(this.#bytes.slice(0, this.#at));
    this.#at = 0;
  }

  /** Lets time pass. */
  wait(microseconds: number): void {
    this.#time += microseconds;
  }

  tcp({ flow, fromClient, seq, ack = 0, flags = PSH | ACK, payload = NONE, addresses }: Segment): void {
    const size = TCP + payload.length;
    const at = this.#begin(flow, fromClient, PROTOCOL_TCP, size, addresses);
    const view = this.#view;
    view.setUint32(at + 4, seq >>> 0);
    view.setUint32(at + 8, ack >>> 0);
    view.setUint16(at + 12, ((TCP / 4) << 12) | flags);
    view.setUint16(at + 14, 0xffff);
    view.setUint32(at + 16, 0);
    this.#bytes.set(payload, at + TCP);
    this.#end(at + size);
  }

  /** A datagram of memcache's UDP frame: request id, number, of how many. */
  udp(
    flow: number,
    fromClient: boolean,
    frame: readonly [number, number, number],
    payload: Uint8Array,
  ): void {
    const size = UDP + 8 + payload.length;
    const at = this.#begin(flow, fromClient, PROTOCOL_UDP, size);
    this.#view.setUint16(at + 4, size);
    this.#view.setUint16(at + 6, 0);
    for (const [i, word] of [...frame, 0].entries()) this.#view.setUint16(at + UDP + i * 2, word);
    this.#bytes.set(payload, at + UDP + 8);
    this.#end(at + size);
  }

  fragment({ flow, id, offset, more, data }: Fragment): void {
    const at = this.#begin(flow, true, PROTOCOL_UDP, data.length);
    this.#view.setUint16(at - IPV4 + 4, id);
    this.#view.setUint16(at - IPV4 + 6, (more ? 0x2000 : 0) | (offset / 8));
    this.#bytes.set(data, at);
    this.#end(at + data.length);
  }

  /** Headers up to that of the transport, whose first four bytes are the ports; returns where it begins. */
  #begin(
    flow: number,
    fromClient: boolean,
    protocol: number,
    size: number,
    addresses?: readonly [Uint8Array, Uint8Array],
  ): number {
    if (this.#at > CHUNK) this.flush();
    const view = this.#view;
    const ethernet = this.#at + RECORD;
    const ip = ethernet + ETHERNET;
    view.setUint32(ethernet, 0x02000000);
    view.setUint32(ethernet + 4, 0x00010200);
    view.setUint32(ethernet + 8, 0x00000002);
    view.setUint16(ethernet + 12, addresses ? 0x86dd : 0x0800);
    const transport = ip + (addresses ? IPV6 : IPV4);
    if (addresses) {
      view.setUint32(ip, 0x60000000);
      view.setUint32(ip + 4, (size << 16) | (protocol << 8) | 64);
      this.#bytes.set(addresses[fromClient ? 0 : 1], ip + 8);
      this.#bytes.set(addresses[fromClient ? 1 : 0], ip + 24);
    } else {
      const client = FIRST_CLIENT + Math.floor(flow / PORTS);
      view.setUint32(ip, 0x45000000 + IPV4 + size);
      view.setUint32(ip + 4, 0x00004000);
      view.setUint32(ip + 8, 0x40000000 | (protocol << 16));
      view.setUint32(ip + 12, fromClient ? client : SERVER);
      view.setUint32(ip + 16, fromClient ? SERVER : client);
    }
    const port = PORTS + (flow % PORTS);
    view.setUint16(transport, fromClient ? port : SERVER_PORT);
    view.setUint16(transport + 2, fromClient ? SERVER_PORT : port);
    return transport;
  }

  #end(end: number): void {
    const view = this.#view;
    const size = end - this.#at - RECORD;
    const seconds = Math.floor(this.#time / 1e6);
    view.setUint32(this.#at, START + seconds, true);
    view.setUint32(this.#at + 4, this.#time - seconds * 1e6, true);
    view.setUint32(this.#at + 8, size, true);
    view.setUint32(this.#at + 12, size, true);
    this.#at = end;
    this.#time++;
    this.packets++;
  }
}

/** Payload of full segments. */
const MSS = 1448;
/** First sequence numbers behind the SYNs. */
const CLIENT_SEQ = 1001;
const SERVER_SEQ = 900_001;

/** A connection that behaves, or nearly. */
export class Connection {
  readonly #wire: Wire;
  readonly #flow: number;
  readonly #addresses: Segment['addresses'];
  /** Sequence numbers of the next bytes. */
  client = CLIENT_SEQ;
  server = SERVER_SEQ;

  constructor(
    wire: Wire,
    flow: number,
    { handshake = true, addresses }: { handshake?: boolean; addresses?: Segment['addresses'] } = {},
  ) {
    this.#wire = wire;
    this.#flow = flow;
    this.#addresses = addresses;
    if (!handshake) return;
    this.send(true, { seq: CLIENT_SEQ - 1, flags: SYN });
    this.send(false, { seq: SERVER_SEQ - 1, ack: CLIENT_SEQ, flags: SYN | ACK });
  }

  /** One segment, whatever it says. */
  send(fromClient: boolean, segment: Omit<Segment, 'flow' | 'fromClient'>): void {
    const base = { flow: this.#flow, fromClient, ack: fromClient ? this.server : this.client };
    this.#wire.tcp({ ...base, ...segment, ...(this.#addresses && { addresses: this.#addresses }) });
  }

  /** Bytes in order, in segments of at most so many. */
  say(from: 'client' | 'server', bytes: Uint8Array, mss = MSS): void {
    for (let at = 0; at < bytes.length; at += mss) {
      const payload = bytes.subarray(at, at + mss);
      this.send(from === 'client', { seq: this[from], payload });
      this[from] = (this[from] + payload.length) >>> 0;
    }
  }

  /** Bytes that are on their way, but not in the capture. */
  skip(from: 'client' | 'server', bytes: number): void {
    this[from] = (this[from] + bytes) >>> 0;
  }
}

/** Bytes of a text in which every character is one byte. */
export function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
