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
  /** By connection, a packet that goes behind the next one of its turn. */
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

  /**
   * A packet with the payload from `from` to `to`.
   *
   * @param followed another of the same turn comes, with which it can change places
   * @returns false where the capture misses it
   */
  data(packet: Packet, from: number, to: number, followed: boolean): boolean {
    const { flow, time, fromClient } = packet;
    const size = this.#out.write(packet, from, to);
    const lost = this.#random.chance(this.#loss);
    if (lost) this.#lose(size);
    const held = this.#held.get(flow);
    if (held) {
      this.#held.delete(flow);
      this.#out.putIn(held.record, time);
      // Where the packet in between is missing, nobody sees that they changed places.
      if (!lost) this.#truth.swappedPackets++;
      if (!lost && held.fromClient !== fromClient) this.#truth.crossedPackets++;
    } else if (!lost && followed && this.#random.chance(this.#reorder)) {
      this.#held.set(flow, { record: this.#out.takeOut(size), fromClient });
    }
    return !lost;
  }

  #lose(size: number): void {
    this.#out.takeOut(size);
    this.#truth.lostPackets++;
  }
}
