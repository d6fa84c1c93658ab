/** One connection of the reconciliation that speaks binary: batches of requests, each ended by a NOOP. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { bigEndian, decode, encode, type Message, OPCODES } from '../support/binary.js';
import { ascii } from '../support/conversation.js';
import { between, oneOf } from '../support/random.js';

/** The keys of the text connections, so that all protocols meet in the same items. */
const KEYS = 3000;
/** Above the item size limit of 1 MiB: refused, and swallowed. */
const TOO_LARGE = 1_100_000;
/** Expiration with which an incr or decr creates nothing. */
const CREATE_NOTHING = 0xffffffffn;

const u32 = (value: number) => bigEndian(BigInt(value), 4);
const u64 = (value: number) => bigEndian(BigInt(value), 8);

export class BinaryClient {
  readonly #socket: Socket;
  readonly #random: () => number;
  readonly #id: number;
  /** What came and is not a whole message yet. */
  #rest = Buffer.alloc(0);
  #opaque = 0;
  #created = 0;
  /** The item a hit with a key showed last. */
  #known: { key: string; cas: bigint } | undefined;
  sent = 0;

  constructor(socket: Socket, random: () => number, id: number) {
    this.#socket = socket;
    this.#random = random;
    this.#id = id;
    socket.setNoDelay(random() < 0.5);
  }

  #key(): string {
    return `key:${between(this.#random, 0, KEYS)}`;
  }

  #value(): Uint8Array {
    const random = this.#random();
    if (random < 0.05) return encode({ magic: 0x80, opcode: OPCODES.GET!, key: ascii('key:1') });
    if (random < 0.1) return new Uint8Array(0);
    return ascii('v'.repeat(between(this.#random, 1, random < 0.97 ? 300 : 30_000)));
  }

  #message(name: string, message: Partial<Message> = {}): Uint8Array {
    return encode({ magic: 0x80, opcode: OPCODES[name] ?? Number(name), opaque: ++this.#opaque, ...message });
  }

  /** One operation. */
  #request(): Uint8Array {
    const random = this.#random;
    const pick = random();
    const key = ascii(this.#key());
    if (pick < 0.45) {
      return this.#message(oneOf(random, ['GET', 'GET', 'GETQ', 'GETK', 'GETKQ']), { key });
    }
    if (pick < 0.53) {
      const name = oneOf(random, ['GAT', 'GATQ', 'GATK', 'GATKQ', 'TOUCH']);
      return this.#message(name, { key, extras: u32(oneOf(random, [0, 60])) });
    }
    if (pick < 0.75) return this.#storage(key);
    if (pick < 0.82) {
      const cas = random() < 0.1 ? BigInt(between(random, 1, 1e6)) : 0n;
      return this.#message(oneOf(random, ['DELETE', 'DELETEQ']), { key, cas });
    }
    if (pick < 0.97) return this.#arithmetic();
    if (pick < 0.98) return this.#message('0x40');
    if (pick < 0.99) return this.#message('STAT', { key: ascii('settings') });
    return this.#message(oneOf(random, ['NOOP', 'VERSION']));
  }

  #storage(key: Uint8Array): Uint8Array {
    const random = this.#random;
    const name = oneOf(random, ['SET', 'SET', 'SET', 'ADD', 'REPLACE', 'APPEND', 'PREPEND']);
    const quiet = random() < 0.3 ? 'Q' : '';
    const value = this.#value();
    if (name === 'APPEND' || name === 'PREPEND') return this.#message(name + quiet, { key, value });
    const extras = Buffer.concat([u32(oneOf(random, [0, 1, 0xffffffff])), u32(oneOf(random, [0, 3600]))]);
    if (name === 'SET' && random() < 0.2) {
      const known = random() < 0.7 ? this.#known : undefined;
      const cas = known?.cas ?? BigInt(between(random, 1, 1e6));
      return this.#message(name + quiet, { key: known ? ascii(known.key) : key, value, extras, cas });
    }
    return this.#message(name + quiet, { key, value, extras });
  }

  #arithmetic(): Uint8Array {
    const random = this.#random;
    const name = oneOf(random, ['INCREMENT', 'INCREMENTQ', 'DECREMENT', 'DECREMENTQ']);
    const delta = u64(between(random, 0, 99));
    // Whether it was there is not told where one may be created: so those are of keys nobody else has.
    if (random() < 0.2) {
      const key = ascii(`made:${this.#id}:${++this.#created}`);
      return this.#message(name, { key, extras: Buffer.concat([delta, u64(7), u32(0)]) });
    }
    const key = ascii(`n${between(random, 0, 20)}`);
    return this.#message(name, {
      key,
      extras: Buffer.concat([delta, u64(0), bigEndian(CREATE_NOTHING, 4)]),
    });
  }

  /** Sends requests and waits until all are answered. */
  async batch(): Promise<void> {
    const requests = Array.from({ length: between(this.#random, 1, 40) }, () => this.#request());
    await this.#exchange(requests);
    if (this.#random() < 0.00005) {
      const large = { key: ascii('large'), extras: Buffer.concat([u32(0), u32(0)]) };
      await this.#exchange([this.#message('SET', { ...large, value: new Uint8Array(TOO_LARGE) })]);
    }
  }

  async #exchange(requests: Uint8Array[]): Promise<void> {
    this.sent += requests.length;
    const barrier = this.#message('NOOP');
    const last = this.#opaque;
    this.#socket.write(Buffer.concat([...requests, barrier]));
    for (let ended = false; !ended; ) {
      const [chunk] = (await once(this.#socket, 'data')) as [Buffer];
      const bytes = Buffer.concat([this.#rest, chunk]);
      const { messages, size } = decode(bytes);
      this.#rest = bytes.subarray(size);
      for (const { opcode, status, opaque, key, cas } of messages) {
        if (status === 0 && key.length > 0 && cas > 0n)
          this.#known = { key: Buffer.from(key).toString('latin1'), cas };
        ended ||= opcode === OPCODES.NOOP && opaque === last;
      }
    }
  }

  end(): void {
    this.#socket.end(this.#message('QUITQ'));
  }
}
