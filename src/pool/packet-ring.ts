/** A worker's end of a packet socket with a TPACKET_V3 ring (packet(7), linux/if_packet.h). */
import type { Core } from '../decode/core.js';
import { COUNTER_NAMES } from '../layout/generated.js';
import { regionAddress } from '../memory/map.js';
import type { WorkerState } from '../memory/worker-state.js';
import { type Libc, loadLibc, PROT_READ, PROT_WRITE } from '../native/libc.js';
import { type KernelRing, LAG_SAMPLE } from './drain.js';
import type { PacketRing, WorkerTask } from './messages.js';

/** Offset of block_status in struct tpacket_block_desc, and its values: whose the block is. */
const STATUS = 8;
const STATUS_KERNEL = 0;
const STATUS_USER = 1;
/** Offset of blk_len. */
const LENGTH = 20;
const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;

/**
 * Maps a socket's ring over the window in the worker's region, so that the parser reads what the kernel
 * wrote; or, where that is not wanted or does not work, elsewhere, to be copied from block by block.
 *
 * @throws Error where the ring cannot be mapped at all
 */
export async function openPacketRing(
  task: WorkerTask,
  ring: PacketRing,
  state: WorkerState,
): Promise<KernelRing> {
  return new MappedSocket(await loadLibc(), task, ring, state);
}

class MappedSocket implements KernelRing {
  readonly plenty: number;
  readonly tail: number;
  readonly #libc: Libc;
  readonly #ring: PacketRing;
  readonly #epoll: number;
  readonly #status: Int32Array;
  /** Address of the first block where it is mapped in place. */
  readonly #window: number;
  /** The blocks where they are not, to be copied into the window. */
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
    this.plenty = ring.blockSize;
    // The kernel hands over a block that is not full after its timeout.
    this.tail = 4 * ring.blockTimeout;
    this.#window = regionAddress(task.map, task.worker) + task.map.region.window.at;
    this.#memory = new Uint8Array(buffer);
    const base = libc.addressOf(new Uint8Array(buffer)) + BigInt(this.#window);
    const inPlace = ring.zeroCopy && libc.mapOver(base, size, PROT_READ | PROT_WRITE, ring.fd, 0) === 0;
    if (inPlace) {
      this.#status = new Int32Array(buffer, this.#window, size / 4);
      this.#unmap = () => libc.unmapOver(base, size);
    } else {
      const mapped = libc.map(size, PROT_READ | PROT_WRITE, ring.fd, 0);
      this.#status = new Int32Array(mapped);
      this.#beside = new Uint8Array(mapped);
      this.#unmap = () => {};
    }
    this.#epoll = libc.watch([ring.fd]);
  }

  take(core: Core): number {
    const { blockSize } = this.#ring;
    let taken = 0;
    for (;;) {
      const block = this.#state.position * blockSize;
      if ((Atomics.load(this.#status, (block + STATUS) / 4) & STATUS_USER) === 0) return taken;
      const length = this.#status[(block + LENGTH) / 4]!;
      let at = this.#window;
      if (this.#beside === undefined) at += block;
      else this.#memory.set(this.#beside.subarray(block, block + length), at);
      this.#state.begin('decoding');
      core.decodeBlock(at);
      this.#state.end();
      if (this.#takes++ % LAG_SAMPLE === 0) core.lagOfBlock(at, this.#libc.realtime());
      this.#release();
      taken += length;
    }
  }

  /** A block counts as seen as a whole. */
  skip(): void {
    this.#release();
  }

  /** Gives the block at hand back to the kernel. */
  #release(): void {
    const { blockSize, blockCount } = this.#ring;
    const { position } = this.#state;
    Atomics.store(this.#status, (position * blockSize + STATUS) / 4, STATUS_KERNEL);
    this.#state.position = (position + 1) % blockCount;
  }

  wait(milliseconds: number): void {
    this.#libc.waitFor(this.#epoll, milliseconds);
  }

  /** Packet times are Unix times already. */
  clock(): bigint {
    return 0n;
  }

  count(): void {
    // struct tpacket_stats_v3: packets, drops, freezes; read means reset.
    const statistics = this.#libc.socketOption(this.#ring.fd, SOL_PACKET, PACKET_STATISTICS, 12);
    const drops = BigInt(new DataView(statistics.buffer).getUint32(4, true));
    this.#state.counters[SEEN]! += drops;
    this.#state.counters[LOST]! += drops;
  }

  close(): void {
    this.#unmap();
  }
}

const SEEN = COUNTER_NAMES.indexOf('packets_seen');
const LOST = COUNTER_NAMES.indexOf('lost_by_kernel');
