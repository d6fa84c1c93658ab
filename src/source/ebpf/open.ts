import { MembenchError } from '../../errors.js';
import type { Counter } from '../../layout/generated.js';
import { type Interface, type Interfaces, loadInterfaces } from '../../native/interfaces.js';
import { loadLibc } from '../../native/libc.js';
import type { LiveOptions } from '../live.js';
import type { BpfRingsFeed, KernelCounts, PacketSource, SourceChange } from '../source.js';
import { changed, WATCH_INTERVAL } from '../watch.js';
import { attach } from './attach.js';
import type { Attachment } from './attachment.js';
import { type Libbpf, loadLibbpf } from './libbpf.js';
import { type LoadedPrograms, loadPrograms } from './object.js';

/** Room for the largest record, and some more, twice over. */
const RING_MIN = 512 * 1024;

/** Largest power of two not above n, at least RING_MIN. */
function ringSize(bytes: number): number {
  return Math.max(RING_MIN, 2 ** Math.floor(Math.log2(bytes)));
}

/** `ebpf:IF` and `ebpf:*`: a TC program on each interface copies packets into rings of the kernel's. */
export class EbpfSource implements PacketSource {
  readonly kind = 'ebpf';
  readonly finite = false;
  readonly unit = 1;
  readonly feed: BpfRingsFeed;
  /** Attaching, to interfaces that come later too, and taking filters off. */
  readonly needs = ['CAP_BPF', 'CAP_NET_ADMIN'] as const;
  onChange: (change: SourceChange) => void = () => {};
  readonly #libbpf: Libbpf;
  readonly #interfaces: Interfaces;
  readonly #programs: LoadedPrograms;
  readonly #name: string;
  readonly #method: LiveOptions['attach'];
  readonly #attached = new Map<number, { device: Interface; attachment: Attachment }>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    libbpf: Libbpf,
    interfaces: Interfaces,
    programs: LoadedPrograms,
    name: string,
    options: LiveOptions,
    size: number,
  ) {
    this.#libbpf = libbpf;
    this.#interfaces = interfaces;
    this.#programs = programs;
    this.#name = name;
    this.#method = options.attach;
    this.feed = {
      kind: 'bpf rings',
      rings: programs.rings,
      ringSize: size,
      counters: programs.counters,
      countersSize: programs.countersSize,
      cpus: programs.cpus,
      hashSeed: options.hashSeed,
    };
  }

  /**
   * Loads the programs; nothing is attached before `start()`.
   *
   * @param name an interface, or `*` for all there are and will be
   * @throws ERR_MEMBENCH_SOURCE for an unknown interface, ERR_MEMBENCH_UNSUPPORTED with what is missing
   */
  static async open(name: string, options: LiveOptions): Promise<EbpfSource> {
    // The first thing that is missing is what the error names.
    await loadLibc();
    const interfaces = await loadInterfaces();
    if (name !== '*' && interfaces.find(name) === undefined) {
      throw new MembenchError('ERR_MEMBENCH_SOURCE', `${name}: there is no such interface`);
    }
    const libbpf = await loadLibbpf();
    const size = ringSize(options.buffer / options.workers);
    const programs = loadPrograms(libbpf, {
      ports: options.ports,
      rings: options.workers,
      ringSize: size,
      seed: options.hashSeed,
      sample: options.sample,
      snaplen: options.snaplen,
    });
    return new EbpfSource(libbpf, interfaces, programs, name, options, size);
  }

  get info(): string {
    const methods = new Set([...this.#attached.values()].map(({ attachment }) => attachment.method));
    const names = [...this.#attached.values()].map(({ device }) => device.name);
    return `ebpf on ${names.join(', ') || this.#name}${methods.size ? ` by ${[...methods].join(' and ')}` : ''}`;
  }

  async start(): Promise<void> {
    for (const device of this.#wanted()) await this.#attach(device);
    if (this.#attached.size === 0) {
      throw new MembenchError('ERR_MEMBENCH_SOURCE', `${this.#name}: there is no such interface`);
    }
    this.#timer = setInterval(() => void this.#look(), WATCH_INTERVAL);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const { attachment } of this.#attached.values()) attachment.detach();
    this.#attached.clear();
  }

  kernel(counters: Readonly<Record<Counter, number>>): KernelCounts {
    const { packets_seen, skipped_not_ip, skipped_other_protocol, skipped_other_port } = counters;
    return {
      received: packets_seen - skipped_not_ip - skipped_other_protocol - skipped_other_port,
      dropped: counters.lost_ring_full + counters.lost_copy_failed,
    };
  }

  is(): boolean {
    return false;
  }

  close(): void {
    this.stop();
    this.#programs.close();
  }

  #wanted(): Interface[] {
    if (this.#name === '*') return this.#interfaces.all().filter(({ link }) => link !== 'other');
    const device = this.#interfaces.find(this.#name);
    return device === undefined ? [] : [device];
  }

  async #attach(device: Interface): Promise<void> {
    const attachment = await attach(this.#libbpf, this.#programs, device, this.#method);
    this.#attached.set(device.ifindex, { device, attachment });
  }

  /** Nobody tells the holder of a TC program that its interface went: one has to look. */
  async #look(): Promise<void> {
    const now = new Map(this.#wanted().map((device) => [device.ifindex, device]));
    for (const [ifindex, { device, attachment }] of this.#attached) {
      const current = now.get(ifindex);
      if (current === undefined) {
        attachment.detach();
        this.#attached.delete(ifindex);
        const over = this.#name !== '*';
        if (over) clearInterval(this.#timer);
        this.onChange(changed.gone(device.name, over));
      } else if (current.up !== device.up) {
        this.#attached.set(ifindex, { device: current, attachment });
        this.onChange(changed.state(device.name, current.up));
      }
    }
    if (this.#name !== '*') return;
    for (const [ifindex, device] of now) {
      if (this.#attached.has(ifindex)) continue;
      try {
        await this.#attach(device);
        this.onChange({
          what: 'interface new',
          message: `${device.name}: a new interface is recorded too`,
          over: false,
        });
      } catch (error) {
        // Gone again already, or nothing for us; the next look tells which.
        if (this.#interfaces.find(device.name) === undefined) continue;
        this.onChange({
          what: 'interface new',
          message: `${device.name}: ${(error as Error).message}`,
          over: false,
        });
      }
    }
  }
}
