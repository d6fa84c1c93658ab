import type { Payload } from './event/payload.js';
import type { Counter } from './layout/generated.js';

/** Options of `record`. */
export interface RecordOptions {
  /**
   * One of: the path of a capture or `file:PATH`; `-` for standard input; a list of these, which are read in
   * the order of their first packets; `ebpf:IF`, `afpacket:IF` or `pcap:IF`; the name of an interface. `any`
   * as IF stands for all interfaces.
   */
  source: string | readonly string[];
  /** Path of the profile. Default: `membench-YYYYMMDDTHHMMSS.mbp` (UTC) in the working directory. */
  profile?: string;
  /** Replace an existing profile. Default false. */
  force?: boolean;
  /** Begin the next file before one exceeds this size, bytes. */
  rotateSize?: number;
  /** Begin the next file after this much wall time, seconds. */
  rotateTime?: number;
  /** Keep this many files of a rotated recording, and remove the oldest. Default: all. */
  files?: number;
  /** Flush blocks to the disk never, at most once a second, or one by one. Default `never`. */
  fsync?: 'never' | 'interval' | 'block';
  /** Server ports as inclusive ranges. Default [[11211, 11211]]. */
  ports?: readonly (readonly [first: number, last: number])[];
  /** Worker threads. Default: all available cores for a file, a quarter of them for a live source. */
  workers?: number;
  /**
   * Size of the buffer between source and workers, bytes. Default 8 MiB for files, 32 MiB for live sources.
   */
  buffer?: number;
  /**
   * Size of all memory of the recording, at most 4 GiB: the buffer, and the workers' state of flows, requests
   * and early segments. Where `buffer` is not given, the buffer is at most an eighth of this. Default: the
   * buffer, 512 MiB for the state, and the fixed needs of each worker.
   */
  memory?: number;
  /** Stop after this many matching packets: exactly for files, approximately for live sources. */
  count?: number;
  /** Stop after this many seconds: of packet time for files, of wall time for live sources. */
  duration?: number;
  /** Decode one in this many connections, chosen by their hash. Default 1: all. */
  sample?: number;
  /** Decode at most this many bytes of a packet; where possible the kernel copies no more. Default: all. */
  snaplen?: number;
  /**
   * User who decodes a live source when this runs as root. Default: `membench` if it exists, else `nobody`.
   */
  user?: string;
  /** Let the parser read kernel rings in place, where mapping works; else they are copied. Default true. */
  zeroCopy?: boolean;
  /**
   * Attach eBPF programs only this way. Default: `tcx`, or `clsact` where the kernel is older than 6.6. `cgroup:` with the
   * path of a folder of cgroup v2 attaches them to that instead of interfaces: `ebpf:*` is then what the sockets of its
   * processes receive and send.
   */
  attach?: 'tcx' | 'clsact' | `cgroup:${string}`;
  /**
   * Whether the eBPF program leaves out values that begin in a packet, so that they never leave the kernel, or
   * copies whole packets. Default: `skip`, or `copy` where this kernel or a lack of rights does not permit it.
   */
  ebpfValues?: 'skip' | 'copy';
  /**
   * Whether the eBPF program hands packets over in BPF rings, one for each worker, or in the older perf buffer, which
   * has a ring for each worker and CPU; kernels before 5.8 have only that. Default `ring`.
   */
  ebpfBuffer?: 'ring' | 'perf';
  /**
   * With BPF rings, the shortest time between two wake-ups of a worker, seconds, 50e-6 to 5e-3: the shorter it is, the
   * sooner packets become events, and the more CPU time they take. Default 2e-3.
   */
  wakeInterval?: number;
  /**
   * Let the eBPF program parse segments of whole messages, so that neither their keys nor their values leave the
   * kernel: it hashes the keys. Other packets are copied, without values where that can be. Default false.
   */
  kernelParse?: boolean;
  /** File with the 128-bit secret for the hashes of keys. Default: a random secret, forgotten at the end. */
  keyFile?: string;
  /**
   * Keep the memory of this process out of core dumps for the rest of its life; on Linux with koffi there is
   * no core dump at all, and only root can read the memory. `membench record` sets it. Default false, because
   * a library does not change its process. The process that decodes a live source always does this.
   */
  hideMemory?: boolean;
  /**
   * Once a live source is open, give up for good the rights that the calling thread no longer needs: most of
   * its capabilities, and its bounding set, so that no program it starts later gets any, not even as root.
   * `membench record` sets it. Default false, because a library does not change its process.
   */
  giveUpRights?: boolean;
  /** Stops early: the recording drains, seals and resolves as usual. */
  signal?: AbortSignal;
  /** Called a few times a second. */
  onProgress?: (progress: RecordProgress) => void;
  /** Called once a live source runs, with what is recorded and how. */
  onInfo?: (message: string) => void;
  /** Called with details of how the recording is protected. */
  onDetail?: (message: string) => void;
  /** Called with what the user should know and what does not stop the recording. */
  onWarning?: (message: string) => void;
  /** Called once the recording runs; `flush()` makes every worker seal its open block. */
  onStart?: (control: { flush(): void }) => void;
}

export interface RecordProgress {
  /** Whether the source is live. */
  live: boolean;
  /** Bytes of the source read so far. */
  bytesRead: number;
  /** Bytes of the source in all, null where unknown. */
  bytesTotal: number | null;
  packets: number;
  requests: number;
  hits: number;
  misses: number;
  /** Packets lost so far, for any reason. */
  lost: number;
  /**
   * Lag of the packets decoded since the last call, from capture to decoding, ns; null for files and pcap:.
   */
  lag: { p50: number; p99: number; max: number } | null;
  /** Wall time since the start, seconds. */
  elapsed: number;
}

/** How a recording ended. */
export type RecordEnd =
  | 'end of source'
  | 'count'
  | 'duration'
  | 'signal'
  | 'broken source'
  | 'interface gone'
  | 'write error';

/** Result of a recording, as `record --json` prints it. */
export interface RecordSummary {
  /** Kind of the source: `file`, `ebpf`, `afpacket`, `pcap`. */
  source: string;
  packets: {
    /** Packets that arrived; seen = decoded + Σskipped + Σlost. */
    seen: number;
    decoded: number;
    skipped: Record<string, number>;
    lost: Record<string, number>;
  };
  /** Packets the kernel's filter passed, and those of them it dropped; null where it does not tell. */
  kernel: { received: number | null; dropped: number | null };
  /** Payload of these packets by what became of it, bytes. */
  payload: Payload;
  requests: number;
  events: number;
  answered: number;
  unanswered: number;
  /** Sequence holes outside values of known length. */
  gaps: number;
  /** Bytes on the wire of decoded packets. */
  bytes: number;
  elapsed_s: number;
  /** The last file, all remaining files of a rotated recording, and the bytes and blocks of all. */
  profile: { path: string; paths: string[]; bytes: number; blocks: number };
  ended: RecordEnd;
  /** The first capture that broke off, and why; null where none did. */
  broken: { name: string; why: string } | null;
  /** Lag of the packets, from capture to decoding, ns; null for files and pcap:. */
  lag_ns: { p50: number; p99: number; max: number } | null;
  /** The likely cause where little of the traffic was understood, and what to do; else null. */
  hint: string | null;
  /** Time from the first to the last packet of a file, or the duration of a live recording, seconds. */
  span_s: number;
  /** All counters by name. */
  counters: Record<Counter, number>;
}
