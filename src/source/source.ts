import type { Counter } from '../layout/generated.js';
import type { CaptureHeader } from '../memory/capture-header.js';
import type { Capability } from '../native/capabilities.js';
import type { CaptureInput } from './captures.js';

/** Captures that this process has opened. */
export interface CapturesFeed {
  kind: 'captures';
  captures: readonly CaptureInput[];
}

/** A classic pcap stream, after its header, that a capturing child process writes into a pipe. */
export interface StreamFeed {
  kind: 'stream';
  fd: number;
  header: CaptureHeader;
}

/**
 * Rings that a BPF program fills: one BPF ring for each worker, or the rings of a perf buffer, one for each worker and
 * CPU.
 */
export interface BpfRingsFeed {
  kind: 'bpf rings';
  buffer: 'ring' | 'perf';
  /** Their descriptors, those of a worker in a row. */
  rings: readonly number[];
  /** Bytes of each ring: a power of two, and whole pages. */
  ringSize: number;
  /** Descriptor of the map of kernel counters, which all workers map. */
  counters: number;
  countersSize: number;
  cpus: number;
  /**
   * Descriptor of the bitmap of flows whose packets are copied whole, which all workers map; null where no values
   * are left out.
   */
  uncut: number | null;
  /** Whether segments of whole messages come as message records. */
  parsed: boolean;
  /** Seed of the flow hash of the BPF program. */
  hashSeed: bigint;
}

/**
 * Packet sockets with TPACKET_V3 rings, one for each worker, among which the kernel distributes the flows.
 */
export interface PacketRingsFeed {
  kind: 'packet rings';
  sockets: readonly number[];
  blockSize: number;
  blockCount: number;
  /** Time after which the kernel hands over a block that is not full, ms. */
  blockTimeout: number;
  /** Index into LINKTYPE_NAMES. */
  linktype: number;
}

/**
 * How live packets reach the workers, as plain data. The process that opened the source passes it, with the
 * descriptors in it, to the process that decodes.
 */
export type LiveFeed = StreamFeed | BpfRingsFeed | PacketRingsFeed;

/** How packets reach the workers. */
export type Feed = CapturesFeed | LiveFeed;

/** The descriptors of a feed that a child process inherits. */
export function descriptorsOf(feed: LiveFeed): number[] {
  if (feed.kind === 'stream') return [feed.fd];
  if (feed.kind === 'packet rings') return [...feed.sockets];
  const { rings, counters, uncut } = feed;
  return uncut === null ? [...rings, counters] : [...rings, counters, uncut];
}

/** The same feed with other numbers for its descriptors, in the order of `descriptorsOf`. */
export function withDescriptors(feed: LiveFeed, fds: readonly number[]): LiveFeed {
  if (feed.kind === 'stream') return { ...feed, fd: fds[0]! };
  if (feed.kind === 'packet rings') return { ...feed, sockets: fds };
  const { length } = feed.rings;
  return { ...feed, rings: fds.slice(0, length), counters: fds[length]!, uncut: fds[length + 1] ?? null };
}

/** Packets that the kernel's filter passed, and those of them it dropped; null where it does not tell. */
export interface KernelCounts {
  received: number | null;
  dropped: number | null;
}

/** A source of packets: the half that needs rights. `record` treats all kinds alike. */
export interface PacketSource {
  /** Kind of the source, for the profile; never a path or an address. */
  readonly kind: string;
  /** Whether it ends by itself. */
  readonly finite: boolean;
  /** One line for the user: what is captured and how. */
  readonly info: string;
  /** Nanoseconds in one unit of its packets' times. */
  readonly unit: 1 | 1000;
  readonly feed: Feed;
  /** Capabilities it needs after opening: to start, to follow interfaces and to stop. */
  readonly needs: readonly Capability[];
  /** Starts capturing; called once the workers are ready. */
  start(): void | Promise<void>;
  /** Stops capturing: no more packets arrive after this. */
  stop(): void;
  /** The kernel's numbers of packets, from the recorder's final counters. */
  kernel(counters: Readonly<Record<Counter, number>>): KernelCounts;
  /** Called when the state of the source changes while it runs. */
  onChange: (change: SourceChange) => void;
  /** Whether it is the file at this path, which must not be overwritten. */
  is(path: string): boolean;
  /** Releases the resources of the source. */
  close(): void;
}

/** A change of a source, for the user: an interface went down, came up or is gone. */
export interface SourceChange {
  /** The change as noted in the profile, without the name of the interface. */
  what: 'interface down' | 'interface up' | 'interface gone' | 'interface new' | 'capture ended';
  message: string;
  over: boolean;
  /** Whether it is over because something failed. */
  failed?: boolean;
}
