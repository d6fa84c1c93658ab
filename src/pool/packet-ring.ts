/** Consumes the TPACKET_V3 ring of a packet socket (packet(7), linux/if_packet.h). */
import type { Core } from '../decode/core.js';
import { regionAddress } from '../memory/map.js';
import type { WorkerState } from '../memory/worker-state.js';
import { type Libc, PROT_READ, PROT_WRITE } from '../native/libc.js';
import { PACKET_STATISTICS, SOL_PACKET } from '../native/sockets.js';
import { type KernelRing, LAG_SAMPLE } from './drain.js';
import type { PacketRing, WorkerTask } from './messages.js';

// Offsets in struct tpacket_block_desc, and values of block_status (linux/if_packet.h).
/** Offset of block_status, which tells who owns the block. */
const STATUS = 8;
const STATUS_KERNEL = 0;
const STATUS_USER = 1;
/** Offset of blk_len. */
const LENGTH = 20;
/** Offset of seq_num, u64: the kernel numbers the blocks it begins. */
const SEQUENCE = 24;

/**
 * Maps a socket's ring over the window in the worker's region, so that the parser reads it in place; or
 * elsewhere, to be copied from block by block, where zero copy is off or mapping in place fails.
 *
 * @throws Error where the ring cannot be mapped at all
 */
export function openPacketRing(
  libc: Libc,
  task: WorkerTask,
  ring: PacketRing,
  state: WorkerState,
): KernelRing {
  return new MappedSocket(libc, task, ring, state);
}

class MappedSocket implements KernelRing {
  /** The kernel hands over whole blocks, and after one there may be another. */
  readonly plenty = 1;
  readonly tail: number;
  readonly #libc: Libc;
  readonly #ring: PacketRing;
  readonly #epoll: number;
  readonly #status: Int32Array;
  readonly #sequence: BigUint64Array;
  /** Address of the window: of the ring mapped in place, or of the copy of a block. */
  readonly #window: number;
  /** The ring where it is mapped outside the parser's memory. */
  readonly #beside: Uint8Array | undefined;
  readonly #memory: Uint8Array;
  readonly #state: WorkerState;
  readonly #unmap: () => void;
  #takes = 0;

  constructor(libc: Libc, task: WorkerTask, ring: PacketRing, state: WorkerState) {
    this.#state = state;
    const { buffer } = task.memory;
    const size = ring.blockSize * ring.blockCount;
    this.#libc = libc;
    this.#ring = ring;
    // The kernel hands over a block that is not full after its timeout.
    this.tail = 4 * ring.blockTimeout;
    this.#window = regionAddress(task.map, task.worker) + task.map.region.window.at;
    this.#memory = new Uint8Array(buffer);
    const base = libc.addressOf(new Uint8Array(buffer)) + BigInt(this.#window);
    const inPlace = ring.zeroCopy && libc.mapOver(base, size, PROT_READ | PROT_WRITE, ring.fd, 0) === 0;
    if (inPlace) {
      this.#status = new Int32Array(buffer, this.#window, size / 4);
      this.#sequence = new BigUint64Array(buffer, this.#window, size / 8);
      this.#unmap = () => libc.unmapOver(base, size);
    } else {
      const mapped = libc.map(size, PROT_READ | PROT_WRITE, ring.fd, 0);
      this.#status = new Int32Array(mapped);
      this.#sequence = new BigUint64Array(mapped);
      this.#beside = new Uint8Array(mapped);
      this.#unmap = () => {};
    }
    this.#epoll = libc.watch([ring.fd]);
  }

  take(core: Core): number {
    const { position } = this.#state;
    if (!this.#isOurs(position)) return 0;
    const block = position * this.#ring.blockSize;
    const length = this.#status[(block + LENGTH) / 4]!;
    let at = this.#window;
    if (this.#beside === undefined) at += block;
    else this.#memory.set(this.#beside.subarray(block, block + length), at);
    this.#state.begin('decoding', this.#sequenceOf(position));
    core.decodeBlock(at);
    if (this.#takes++ % LAG_SAMPLE === 0) core.lagOfBlock(at, this.#libc.realtime());
    this.#release(position);
    this.#state.end();
    return length;
  }

  /** Skips the block that was being decoded; all its packets count as seen as soon as its decoding begins. */
  giveUp(): void {
    const { position, batch, seenInBatch } = this.#state;
    const { blockCount } = this.#ring;
    const isBatch = (block: number) => this.#isOurs(block) && this.#sequenceOf(block) === batch;
    // The position may be past the block while the kernel does not have it back. A block that was returned
    // and filled again has another sequence number.
    const before = (position + blockCount - 1) % blockCount;
    if (isBatch(before)) this.#release(before);
    else if (isBatch(position) && seenInBatch > 0) this.#release(position);
  }

  /** Moves past a block and returns it to the kernel. */
  #release(block: number): void {
    const { blockSize, blockCount } = this.#ring;
    this.#state.position = (block + 1) % blockCount;
    Atomics.store(this.#status, (block * blockSize + STATUS) / 4, STATUS_KERNEL);
  }

  #isOurs(block: number): boolean {
    const status = Atomics.load(this.#status, (block * this.#ring.blockSize + STATUS) / 4);
    return (status & STATUS_USER) !== 0;
  }

  #sequenceOf(block: number): bigint {
    return this.#sequence[(block * this.#ring.blockSize + SEQUENCE) / 8]!;
  }

  wait(milliseconds: number): void {
    this.#libc.waitFor(this.#epoll, milliseconds);
  }

  count(): void {
    const { kernel } = this.#state;
    // Reading resets them. The array is too short for tp_freeze_q_cnt of struct tpacket_stats_v3.
    kernel.addStatistics(() =>
      this.#libc.socketOption(this.#ring.fd, SOL_PACKET, PACKET_STATISTICS, kernel.statistics),
    );
  }

  close(): void {
    this.#unmap();
  }
}
