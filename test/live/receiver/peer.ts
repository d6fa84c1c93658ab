/**
 * A TCP client that sends exactly what a case says, and otherwise nothing but what is needed: its sequence
 * numbers are offsets in its stream, whatever the connection began with.
 */
import { ascii } from '../../support/conversation.js';
import { ACK, concat, FIN, ipv4, ipv6, PSH, RST, SYN, tcp, URG } from '../../support/packets.js';
import { checksummed } from './checksum.js';
import type { Device } from './device.js';

export const PORT = 11711;

/** What may be odd about a segment. */
export interface Odd {
  /** Flags in place of PSH and ACK; URG is added by `urgent`. */
  flags?: number;
  /** Acknowledgement less the one that is due. */
  ack?: number;
  window?: number;
  urgent?: number;
  /** Bytes of options, a multiple of 4, in place of the timestamps. */
  options?: readonly number[];
  /** What stands in the place of the checksum: something else, or nothing. */
  checksum?: 'wrong' | 'zero';
  /** Its time stamp less the one that is due; whether it is the first of the options. */
  stamp?: number;
  stampFirst?: boolean;
  /** IPv4 options or IPv6 extension headers. */
  ipOptions?: readonly number[];
  extensions?: readonly [number, Uint8Array][];
}

export interface ConnectOptions {
  version?: 4 | 6;
  /** Initial sequence number. */
  initial?: number;
  /** Window scale it offers, undefined for none. */
  scale?: number;
  sack?: boolean;
  timestamps?: boolean;
  /** Segment size it offers. */
  mss?: number;
  /** What its time stamps begin with. */
  clock?: number;
}

const u32 = (n: number) => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const NOP = 1;

export class Peer {
  readonly port: number;
  /** What was answered on connections before this. */
  before = '';
  /** What the server was heard to say, in order. */
  answer = '';
  /** It has said that it says no more; it has reset the connection. */
  finished = false;
  reset = false;
  /** Segments of the server, bare acknowledgements too. */
  heard = 0;
  /** The last of its acknowledgements, as an offset, its window, and its blocks received out of order. */
  acknowledged = 0;
  windowHeard = 0;
  blocks: [from: number, to: number][] = [];
  connected = false;
  /** Where the next bytes go that are put nowhere in particular. */
  next = 0;
  initial: number;
  serverInitial = 0;
  /** Window it offers from now on. */
  window = 65535;
  /** Whether it acknowledges what it hears while it waits. */
  acknowledges = true;
  #toldSize = 0;
  #scaleHeard = 0;
  readonly #device: Device;
  readonly options: ConnectOptions;
  readonly #early = new Map<number, Uint8Array>();
  #clock: number;
  #stampHeard = 0;
  #finAt = -1;

  constructor(device: Device, port: number, options: ConnectOptions = {}) {
    this.#device = device;
    this.port = port;
    this.options = options;
    this.#clock = options.clock ?? 1_000_000;
    this.initial = options.initial ?? 1_000_000 + port * 1000;
    device.onPacket = (data) => this.#take(data);
  }

  /** The SYN, or another with what is odd about it. */
  syn(initial = this.initial, text = '', odd: Odd = {}): void {
    const { scale, sack = true, timestamps = false, mss = 1400 } = this.options;
    const options = [
      ...[2, 4, mss >> 8, mss & 255],
      ...(sack ? [NOP, NOP, 4, 2] : []),
      ...(timestamps ? [NOP, NOP, 8, 10, ...u32(this.#clock), ...u32(0)] : []),
      ...(scale === undefined ? [] : [NOP, 3, 3, scale]),
    ];
    this.packet(initial, 0, SYN, text, { options, ...odd });
  }

  async connect(): Promise<void> {
    this.syn();
    await this.until(() => this.connected, 'a SYN-ACK');
    this.put(0, '', { flags: ACK });
  }

  /** Another connection between the same ports. */
  async again(): Promise<void> {
    this.before += this.answer;
    this.answer = '';
    this.finished = this.reset = this.connected = false;
    this.next = this.acknowledged = this.#toldSize = 0;
    this.#finAt = -1;
    this.#early.clear();
    this.initial = (this.initial + 10_000_000) >>> 0;
    await this.connect();
  }

  /** Where what the server has room for ends. */
  get windowEnd(): number {
    return this.acknowledged + this.windowHeard;
  }

  /** The next bytes of the stream. */
  say(text: string, odd: Odd = {}): void {
    this.put(this.next, text, odd);
    this.next += text.length;
  }

  /** A segment at an offset of the stream. */
  put(offset: number, text: string, odd: Odd = {}): void {
    this.#device.send(this.segment(offset, text, odd));
  }

  /** That segment as a packet. */
  segment(offset: number, text: string, odd: Odd = {}): Uint8Array {
    const ack = this.serverInitial + 1 + this.answer.length + (this.finished ? 1 : 0) + (odd.ack ?? 0);
    return this.#build(this.initial + 1 + offset, ack, odd.flags ?? PSH | ACK, text, odd);
  }

  /** A segment with numbers of its own. */
  packet(seq: number, ack: number, flags: number, text: string, odd: Odd = {}): void {
    this.#device.send(this.#build(seq, ack, flags, text, odd));
  }

  /** Any packet. */
  send(data: Uint8Array): void {
    this.#device.send(data);
  }

  #build(seq: number, ack: number, flags: number, text: string, odd: Odd): Uint8Array {
    const stamp = ++this.#clock + (odd.stamp ?? 0);
    const stamps = [8, 10, ...u32(stamp), ...u32(this.#stampHeard)];
    const padded = odd.stampFirst ? [...stamps, NOP, NOP] : [NOP, NOP, ...stamps];
    const options = odd.options ?? (this.options.timestamps ? padded : []);
    const segment = tcp({
      sourcePort: this.port,
      destinationPort: PORT,
      seq: seq >>> 0,
      ack: flags & ACK ? ack >>> 0 : 0,
      flags: odd.urgent === undefined ? flags : flags | URG,
      window: odd.window ?? this.window,
      urgent: odd.urgent ?? 0,
      options: Uint8Array.from(options),
      payload: ascii(text),
    });
    const ends = { source: 2, destination: 1 };
    const packet =
      this.options.version === 6
        ? ipv6(ends, segment, odd.extensions)
        : ipv4({ ...ends, ...(odd.ipOptions && { options: Uint8Array.from(odd.ipOptions) }) }, segment);
    return checksummed(packet, segment.length, odd.checksum);
  }

  /** Waits for the kernel or the server, and acknowledges what it says. */
  async until(what: () => boolean, why: string): Promise<void> {
    const met = () => {
      if (this.acknowledges && this.answer.length > this.#toldSize) {
        this.#toldSize = this.answer.length;
        this.put(this.acknowledged, '', { flags: ACK });
      }
      return what();
    };
    await this.#device.until(met, () => `${why}; heard so far: ${JSON.stringify(this.answer)}`);
  }

  /** Waits until the server has said something. */
  hear(text: string): Promise<void> {
    return this.until(() => this.answer.includes(text), JSON.stringify(text));
  }

  /** Waits for the server's FIN, and acknowledges it with one of its own. */
  async hearEnd(): Promise<void> {
    await this.until(() => this.finished || this.reset, 'the end');
    if (!this.reset) this.put(this.next, '', { flags: FIN | ACK });
  }

  #take(data: Uint8Array): void {
    const v6 = data[0]! >> 4 === 6;
    if ((v6 ? data[6] : data[9]) !== 6) return;
    const at = v6 ? 40 : (data[0]! & 15) * 4;
    const view = new DataView(data.buffer, data.byteOffset + at, data.length - at);
    if (view.getUint16(2) !== this.port || view.getUint16(0) !== PORT) return;
    const flags = data[at + 13]!;
    const header = (data[at + 12]! >> 4) * 4;
    const seq = view.getUint32(4);
    this.heard++;
    if (flags & RST) this.reset = true;
    if (flags & SYN && flags & ACK) {
      this.connected = true;
      this.serverInitial = seq;
    }
    if (flags & ACK && !(flags & RST)) {
      this.acknowledged = (view.getUint32(8) - this.initial - 1) >>> 0;
      // That of a SYN is not scaled (RFC 7323, section 2.2).
      this.windowHeard = view.getUint16(14) << (flags & SYN ? 0 : this.#scaleHeard);
    }
    this.#readOptions(view, header);
    const offset = (seq - this.serverInitial - 1) | 0;
    const payload = data.subarray(at + header);
    if (payload.length) this.#early.set(offset, payload);
    if (flags & FIN) this.#finAt = offset + payload.length;
    this.#advance();
  }

  #readOptions(view: DataView, header: number): void {
    this.blocks = [];
    for (let i = 20; i < header; ) {
      const kind = view.getUint8(i);
      if (kind === 0) return;
      const size = kind === NOP ? 1 : view.getUint8(i + 1);
      if (kind === 3) this.#scaleHeard = view.getUint8(i + 2);
      if (kind === 8) this.#stampHeard = view.getUint32(i + 2);
      for (let at = i + 2; kind === 5 && at < i + size; at += 8) {
        const offset = (n: number) => (n - this.initial - 1) | 0;
        this.blocks.push([offset(view.getUint32(at)), offset(view.getUint32(at + 4))]);
      }
      i += size;
    }
  }

  #advance(): void {
    for (let progress = true; progress; ) {
      progress = false;
      for (const [offset, payload] of this.#early) {
        if (offset > this.answer.length) continue;
        this.#early.delete(offset);
        this.answer += Buffer.from(concat(payload))
          .toString('latin1')
          .slice(this.answer.length - offset);
        progress = true;
      }
    }
    if (this.#finAt === this.answer.length) this.finished = true;
  }
}
