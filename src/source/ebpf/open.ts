import { closeSync } from 'node:fs';
import { MembenchError } from '../../errors.js';
import type { Counter } from '../../layout/generated.js';
import { type Interfaces, loadInterfaces } from '../../native/interfaces.js';
import { loadLibc } from '../../native/libc.js';
import { loadPerfEvents } from '../../native/perf-events.js';
import { isEvery, type LiveOptions } from '../live.js';
import { noInterface } from '../misnamed.js';
import { cgroupOf } from '../names.js';
import type { BpfRingsFeed, KernelCounts, PacketSource, SourceChange } from '../source.js';
import { WATCH_INTERVAL } from '../watch.js';
import { attach } from './attach.js';
import { AttachedInterfaces } from './attached.js';
import type { AttachMethod } from './attachment.js';
import { AttachedCgroup, openCgroup } from './cgroup.js';
import { type Libbpf, loadLibbpf } from './libbpf.js';
import { type LoadedPrograms, loadPrograms, type ProgramSettings } from './object.js';
import { perfRingSize } from './perf-buffer.js';

/** Least bytes of a ring: room for several records of the largest size. */
const RING_MIN = 512 * 1024;

/** Largest power of two not above n, at least RING_MIN. */
function ringSize(bytes: number): number {
  return Math.max(RING_MIN, 2 ** Math.floor(Math.log2(bytes)));
}

/**
 * Loads the programs so that they leave out values, or copy them as well.
 *
 * @param values default: `skip`, or `copy` where that does not load
 * @throws ERR_MEMBENCH_UNSUPPORTED
 */
function loadFor(
  libbpf: Libbpf,
  settings: ProgramSettings,
  values: LiveOptions['ebpfValues'],
): LoadedPrograms {
  if (values === 'copy') return loadPrograms(libbpf, settings);
  if (settings.parseKey !== undefined) return loadParser(libbpf, settings);
  try {
    return loadPrograms(libbpf, { ...settings, skipValues: true });
  } catch (error) {
    const programs = loadPrograms(libbpf, settings);
    if (values === undefined) return programs;
    programs.close();
    throw new MembenchError(
      'ERR_MEMBENCH_UNSUPPORTED',
      'the kernel will not load the BPF program that leaves out values',
      'run it as root, or with CAP_PERFMON besides CAP_BPF and CAP_NET_ADMIN; or use --ebpf-values copy',
      error,
    );
  }
}

/** Loads the programs so that they parse. @throws ERR_MEMBENCH_UNSUPPORTED */
function loadParser(libbpf: Libbpf, settings: ProgramSettings): LoadedPrograms {
  try {
    return loadPrograms(libbpf, settings);
  } catch (error) {
    // Where they do not load either, their error names the cause.
    loadPrograms(libbpf, { ...settings, parseKey: undefined }).close();
    throw new MembenchError(
      'ERR_MEMBENCH_UNSUPPORTED',
      'the kernel will not load the BPF program that parses',
      'run it as root, or with CAP_PERFMON besides CAP_BPF and CAP_NET_ADMIN; or leave out --kernel-parse',
      error,
    );
  }
}

/** `ebpf:IF` and `ebpf:*`: a TC program on each interface copies packets into BPF rings, or the perf buffer. */
export class EbpfSource implements PacketSource {
  readonly kind = 'ebpf';
  readonly finite = false;
  readonly unit = 1;
  readonly feed: BpfRingsFeed;
  /** For attaching, also to interfaces that appear later, and for detaching filters. */
  readonly needs = ['CAP_BPF', 'CAP_NET_ADMIN'] as const;
  onChange: (change: SourceChange) => void = () => {};
  readonly #programs: LoadedPrograms;
  readonly #name: string;
  readonly #attached: AttachedInterfaces | AttachedCgroup;
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    libbpf: Libbpf,
    interfaces: Interfaces,
    programs: LoadedPrograms,
    name: string,
    options: LiveOptions,
    size: number,
  ) {
    this.#programs = programs;
    this.#name = name;
    const onChange = (change: SourceChange) => this.onChange(change);
    const cgroup = cgroupOf(options.attach);
    if (cgroup !== undefined) {
      this.#attached = new AttachedCgroup(libbpf, programs.programs, cgroup, onChange);
    } else {
      const [l2, l3] = programs.programs;
      const method = options.attach as AttachMethod | undefined;
      this.#attached = new AttachedInterfaces(
        name,
        interfaces,
        (device) => attach(libbpf, { l2, l3 }, device, method),
        onChange,
      );
    }
    this.feed = {
      kind: 'bpf rings',
      buffer: options.ebpfBuffer ?? 'ring',
      rings: programs.rings,
      ringSize: size,
      counters: programs.counters,
      countersSize: programs.countersSize,
      cpus: programs.cpus,
      uncut: programs.uncut,
      parsed: options.parseKey !== undefined,
      hashSeed: options.hashSeed,
    };
  }

  /**
   * Loads the programs; nothing is attached before `start()`.
   *
   * @param wanted an interface, or `*` or `any` for all, future ones too
   * @throws ERR_MEMBENCH_SOURCE for an unknown interface, ERR_MEMBENCH_UNSUPPORTED where something is missing
   */
  static async open(wanted: string, options: LiveOptions): Promise<EbpfSource> {
    // The first thing that is missing is what the error names.
    await loadLibc();
    const interfaces = await loadInterfaces();
    const name = isEvery(wanted) ? '*' : wanted;
    if (name !== '*' && interfaces.find(name) === undefined) {
      throw noInterface(name);
    }
    const cgroup = cgroupOf(options.attach);
    if (cgroup !== undefined) closeSync(openCgroup(cgroup));
    const libbpf = await loadLibbpf();
    const { buffer, workers } = options;
    const perf = options.ebpfBuffer === 'perf' ? await loadPerfEvents() : undefined;
    const size = perf ? perfRingSize(buffer, workers, libbpf.cpus()) : ringSize(buffer / workers);
    const settings = {
      ports: options.ports,
      rings: workers,
      ringSize: size,
      perf,
      cgroup: cgroup !== undefined,
      seed: options.hashSeed,
      sample: options.sample,
      snaplen: options.snaplen,
      wakeInterval: options.wakeInterval,
      parseKey: options.parseKey,
    };
    const programs = loadFor(libbpf, settings, options.ebpfValues);
    return new EbpfSource(libbpf, interfaces, programs, name, options, size);
  }

  get info(): string {
    const { names, methods } = this.#attached;
    const how = methods.length ? ` by ${methods.join(' and ')}` : '';
    const values = this.feed.uncut === null ? 'values are copied' : 'values stay in the kernel';
    const kept = this.feed.parsed ? 'values and the keys of parsed lines stay in the kernel' : values;
    const buffer = this.feed.buffer === 'perf' ? ', perf buffer' : '';
    return `ebpf on ${names.join(', ') || this.#name}${how}, ${kept}${buffer}`;
  }

  async start(): Promise<void> {
    await this.#attached.start();
    this.#programs.begin();
    this.#timer = setInterval(() => void this.#look(), WATCH_INTERVAL);
  }

  stop(): void {
    clearInterval(this.#timer);
    // Before the programs are detached, one after the other.
    this.#programs.pause();
    this.#attached.stop();
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

  async #look(): Promise<void> {
    if (!(await this.#attached.look())) clearInterval(this.#timer);
  }
}
