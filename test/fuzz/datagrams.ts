/** Exchanges over UDP, rows O01 to O08: frames true and false, answers in parts, in any order, of any request. */
import { between, oneOf } from '../support/random.js';
import { answered, BREAKS, exchangeOf, ODDNESS } from './dialogue.js';
import { GRAMMARS } from './grammar.js';
import { mutate } from './mutate.js';
import type { Envelope, Records } from './records.js';
import { type Random, setOddness } from './tokens.js';

const UDP = 17;
const UDP_HEADER = 8;
const FRAME = 8;
const SERVER_PORT = 11211;
/** Of tunnels (VXLAN, Linux's own of before, Geneve), and of nothing like memcache. */
const OTHER_PORTS = [4789, 8472, 6081, 53];
/** What memcached puts into one datagram: UDP_MAX_PAYLOAD_SIZE, 1400, less the frame. */
const PART = 1392;
/** Bytes of a datagram, the headers left out. */
const DATAGRAM_MAX = 65_535 - 20 - UDP_HEADER - FRAME;

interface Datagram {
  asks: boolean;
  id: number;
  sequence: number;
  total: number;
  data: Buffer;
}

/** Writes exchanges of one client, or of two behind the same address. */
export class Datagrams {
  readonly #records: Records;
  readonly #room = Buffer.alloc(DATAGRAM_MAX);
  #envelope: Pick<Envelope, 'version' | 'source'> = { version: 4, source: 2 };
  #port = 0;
  #server = SERVER_PORT;
  #cut = 0;

  constructor(records: Records) {
    this.#records = records;
  }

  /** One client's next requests and what comes back. */
  carry(random: Random): void {
    this.#envelope = { version: random() < 0.85 ? 4 : 6, source: between(random, 2, 4) };
    this.#port = random() < 0.02 ? 11212 : 50_000 + between(random, 0, 7);
    this.#server = random() < 0.97 ? SERVER_PORT : oneOf(random, OTHER_PORTS);
    this.#cut = random() < 0.05 ? 0.3 : 0;
    setOddness(oneOf(random, ODDNESS));
    const damaged = random() < 0.33;
    const shuffled = random() < 0.25;
    const lost = random() < 0.2 ? 0.15 : 0;
    let id = random() < 0.5 ? between(random, 0, 3) : between(random, 0, 65535);
    const held: Datagram[] = [];
    const send = (datagram: Datagram) => {
      if (random() < lost) return;
      if (shuffled && random() < 0.5) held.push(datagram);
      else this.#write(random, datagram, damaged);
      if (random() < 0.02) this.#write(random, datagram, damaged);
    };
    for (let left = between(random, 1, 8); left > 0; left--) {
      // Text or binary is chosen anew by each datagram.
      const grammar = oneOf(random, GRAMMARS);
      const breaks = oneOf(random, BREAKS);
      let ask = '';
      const answers: string[] = [];
      for (let n = random() < 0.7 ? 1 : between(random, 2, 6); n > 0; n--) {
        const exchange = exchangeOf(random, grammar, breaks);
        ask += exchange.ask;
        answers.push(answered(random, exchange));
      }
      send({ asks: true, id, sequence: 0, total: 1, data: Buffer.from(ask, 'latin1') });
      // A message each, or one of all of them.
      for (const answer of random() < 0.7 ? answers : [answers.join('')]) {
        for (const datagram of parts(random, id, answer)) send(datagram);
      }
      if (held.length > 0 && random() < 0.5) this.#release(random, held, damaged);
      if (random() < 0.9) id = (id + 1) & 0xffff;
    }
    this.#release(random, held, damaged);
  }

  #release(random: Random, held: Datagram[], damaged: boolean): void {
    while (held.length > 0) {
      this.#write(random, held.splice(between(random, 0, held.length - 1), 1)[0]!, damaged);
    }
  }

  #write(random: Random, { asks, id, sequence, total, data }: Datagram, damaged: boolean): void {
    let body: Uint8Array = data.subarray(0, DATAGRAM_MAX);
    if (damaged && body.length > 0 && random() < 0.3) {
      this.#room.set(body);
      body = this.#room.subarray(0, mutate(random, this.#room, 0, body.length));
    }
    const { version, source } = this.#envelope;
    const size = UDP_HEADER + FRAME + body.length;
    const at = this.#records.begin(
      random,
      { version, protocol: UDP, source: asks ? source : 1, destination: asks ? 1 : source },
      size,
      this.#cut,
    );
    if (at < 0) return;
    const { bytes } = this.#records;
    // What a field says, and now and then something else.
    const told = (value: number) =>
      (random() < 0.985
        ? value
        : oneOf(random, [0, 1, 2, value + 1, 0x7fff, 0xffff, between(random, 0, 65535)])) & 0xffff;
    bytes.writeUInt16BE(asks ? this.#port : this.#server, at);
    bytes.writeUInt16BE(asks ? this.#server : this.#port, at + 2);
    bytes.writeUInt16BE(told(size), at + 4);
    bytes.writeUInt16BE(0, at + 6);
    bytes.writeUInt16BE(told(id), at + 8);
    bytes.writeUInt16BE(told(sequence), at + 10);
    bytes.writeUInt16BE(told(total), at + 12);
    bytes.writeUInt16BE(random() < 0.95 ? 0 : between(random, 0, 65535), at + 14);
    bytes.set(body, at + 16);
  }
}

/** An answer in datagrams: as memcached cuts it, or as nobody does. */
function parts(random: Random, id: number, answer: string): Datagram[] {
  const bytes = Buffer.from(answer, 'latin1');
  const size = random() < 0.8 ? PART : Math.max(between(random, 1, 1500), Math.ceil(bytes.length / 64));
  const total = Math.max(1, Math.ceil(bytes.length / size));
  const out: Datagram[] = [];
  // Nothing is sent for silence.
  for (let at = 0; at < bytes.length; at += size) {
    out.push({ asks: false, id, sequence: out.length, total, data: bytes.subarray(at, at + size) });
  }
  if (random() < 0.1) out.reverse();
  return out;
}
