import type { Packet, PacketWriter } from './packets.js';
import type { Random } from './random.js';
import type { Truth } from './truth.js';

interface Held {
  record: Uint8Array;
  fromClient: boolean;
}

/** The point of capture, which can lose packets and swap two of them. */
export class Tap {
  readonly #out: PacketWriter;
  readonly #random: Random;
  readonly #loss: number;
  readonly #reorder: number;
  readonly #truth: Truth;
  /** By connection, a packet that is captured after the next one of its turn. */
  readonly #held = new Map<number, Held>();

  /** @param random a sequence of its own, so that faults do not change the dialogue */
  constructor(out: PacketWriter, random: Random, faults: { loss: number; reorder: number }, truth: Truth) {
    this.#out = out;
    this.#random = random;
    this.#loss = faults.loss;
    this.#reorder = faults.reorder;
    this.#truth = truth;
  }

  /** Captures a packet without payload, which is never swapped. */
  control(packet: Packet): void {
    const size = this.#out.write(packet, 0, 0);
    if (this.#random.chance(this.#loss)) this.#lose(size);
  }

  /**
   * Captures a packet with the payload [from, to).
   *
   * @param followed whether another packet of the turn follows, with which it can be swapped
   * @returns false where the packet is lost
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
      // Where the other packet is lost, the swap is not visible.
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
