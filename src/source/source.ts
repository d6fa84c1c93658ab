import type { Counter } from '../layout/generated.js';
import type { CaptureHeader } from '../memory/capture-header.js';
import type { Capability } from '../native/capabilities.js';
import type { CaptureInput } from './captures.js';

/** Captures this process has opened itself. */
export interface CapturesFeed {
  kind: 'captures';
  captures: readonly CaptureInput[];
}

/** A classic pcap stream behind its header that a capturing child writes into a pipe as it happens. */
export interface StreamFeed {
  kind: 'stream';
  fd: number;
  header: CaptureHeader;
}

/** BPF rings the kernel fills, one for each worker. */
export interface BpfRingsFeed {
  kind: 'bpf rings';
  rings: readonly number[];
  /** Bytes of each: a power of two and of pages. */
  ringSize: number;
  /** The map of kernel counters, mapped by everybody. */
  counters: number;
  countersSize: number;
  cpus: number;
  /** Seed of the flow hash the kernel computes. */
  hashSeed: bigint;
}

/** Packet sockets with TPACKET_V3 rings, one for each worker, that share the flows among them. */
export interface PacketRingsFeed {
  kind: 'packet rings';
  sockets: readonly number[];
  blockSize: number;
  blockCount: number;
  /** After this a block that is not full is handed over, ms. */
  blockTimeout: number;
  /** Index into LINKTYPE_NAMES. */
  linktype: number;
}

/**
 * How live packets reach the workers, as plain data: whoever opened the source hands this, and the
 * descriptors in it, to the process that decodes.
 */
export type LiveFeed = StreamFeed | BpfRingsFeed | PacketRingsFeed;

/** How packets reach the workers. */
export type Feed = CapturesFeed | LiveFeed;

/** The descriptors of a feed, to be inherited. */
export function descriptorsOf(feed: LiveFeed): number[] {
  if (feed.kind === 'stream') return [feed.fd];
  return feed.kind === 'packet rings' ? [...feed.sockets] : [...feed.rings, feed.counters];
}

/** The same feed with other numbers for its descriptors, in the order of `descriptorsOf`. */
export function withDescriptors(feed: LiveFeed, fds: readonly number[]): LiveFeed {
  if (feed.kind === 'stream') return { ...feed, fd: fds[0]! };
  if (feed.kind === 'packet rings') return { ...feed, sockets: fds };
  return { ...feed, rings: fds.slice(0, feed.rings.length), counters: fds[feed.rings.length]! };
}

/** What the kernel took by its filter, and dropped of that; null where it does not tell. */
export interface KernelCounts {
  received: number | null;
  dropped: number | null;
}

/** Where packets come from: the half that needs rights. `record` does not know which it has. */
export interface PacketSource {
  /** Short name for the profile, never a path or an address. */
  readonly kind: string;
  /** Whether it ends by itself. */
  readonly finite: boolean;
  /** One line for people: what is captured and how. */
  readonly info: string;
  /** Nanoseconds in one unit of its packets' time. */
  readonly unit: 1 | 1000;
  readonly feed: Feed;
  /** Capabilities it still needs once it is open: to let packets come, to follow interfaces, to stop. */
  readonly needs: readonly Capability[];
  /** Lets packets come: called once the workers are ready. */
  start(): void | Promise<void>;
  /** No more packets come after this. */
  stop(): void;
  /** What the kernel saw, given the recorder's counters at the end. */
  kernel(counters: Readonly<Record<Counter, number>>): KernelCounts;
  /** Called with what happened to the source while it runs; `over` when nothing will come any more. */
  onChange: (change: SourceChange) => void;
  /** Whether it is the file at this path, which must not be written over. */
  is(path: string): boolean;
  /** Releases what opening took. */
  close(): void;
}

/** Something a person should know of: an interface went down, came back, is gone. */
export interface SourceChange {
  /** What it is for the profile, which names no interface. */
  what: 'interface down' | 'interface up' | 'interface gone' | 'interface new' | 'capture ended';
  message: string;
  over: boolean;
  /** It is over because something failed, not because there is nothing more. */
  failed?: boolean;
}
