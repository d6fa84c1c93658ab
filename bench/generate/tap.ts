import type { Packet, PacketWriter } from './packets.js';
import type { Random } from './random.js';
import type { Truth } from './truth.js';

interface Held {
  record: Uint8Array;
  fromClient: boolean;
}

/** The place where the capture is taken: it can miss packets and see two in the wrong order. */
export class Tap {
  readonly #out: PacketWriter;
  readonly #random: Random;
  readonly #loss: number;
  readonly #reorder: number;
  readonly #truth: Truth;
  /** By connection, a packet that goes behind the next one. */
  readonly #held = new Map<number, Held>();

  /** @param random a sequence of its own: faults must not change what is said */
  constructor(out: PacketWriter, random: Random, faults: { loss: number; reorder: number }, truth: Truth) {
    this.#out = out;
    this.#random = random;
    this.#loss = faults.loss;
    this.#reorder = faults.reorder;
    this.#truth = truth;
  }

  /** A packet without payload. It keeps its place. */
  control(packet: Packet): void {
    const size = this.#out.write(packet, 0, 0);
    if (this.#random.chance(this.#loss)) this.#lose(size);
  }

  /** A packet with the payload from `from` to `to`; returns false where the capture misses it. */
  data(packet: Packet, from: number, to: number): boolean {
    const size = this.#out.write(packet, from, to);
    if (this.#random.chance(this.#loss)) {
      this.#lose(size);
      return false;
    }
    const held = this.#held.get(packet.flow);
    if (held) {
      this.#held.delete(packet.flow);
      this.#out.putIn(held.record, packet.time);
      this.#truth.swappedPackets++;
      if (held.fromClient !== packet.fromClient) this.#truth.crossedPackets++;
    } else if (this.#random.chance(this.#reorder)) {
      this.#held.set(packet.flow, { record: this.#out.takeOut(size), fromClient: packet.fromClient });
    }
    return true;
  }

  /** No data follows on a connection: what is held takes its own place. */
  release(flow: number, time: number): void {
    const held = this.#held.get(flow);
    if (!held) return;
    this.#held.delete(flow);
    this.#out.putIn(held.record, time);
  }

  #lose(size: number): void {
    this.#out.takeOut(size);
    this.#truth.lostPackets++;
  }
}
