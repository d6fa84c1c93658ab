import type { Payload } from './event/payload.js';
import type { Counter } from './layout/generated.js';

/** What `record` is asked to do. */
export interface RecordOptions {
  /**
   * The path of a capture or `file:PATH`, `-` for standard input, several of these, which are taken in the order of
   * their first packets; `ebpf:IF`, `afpacket:IF`, `pcap:IF`, or the name of an interface; `any` as IF is all of them.
   */
  source: string | readonly string[];
  /** Path of the profile. Default: `membench-YYYYMMDDTHHMMSS.mbp` (UTC) in the working directory. */
  profile?: string;
  /** Replace an existing profile. Default false. */
  force?: boolean;
  /** Begin another file before one has more bytes than this. */
  rotateSize?: number;
  /** Begin another file after so many seconds of wall time. */
  rotateTime?: number;
  /** Keep so many files of a rotated recording: the oldest is removed. Default: all. */
  files?: number;
  /** Bring blocks to the disk never by ourselves, at most once a second, or each. Default `never`. */
  fsync?: 'never' | 'interval' | 'block';
  /** Server ports as inclusive ranges. Default [[11211, 11211]]. */
  ports?: readonly (readonly [first: number, last: number])[];
  /** Worker threads. Default: the cores available for a file, one for every four of them live. */
  workers?: number;
  /** Bytes between source and workers. Default 4 MiB for files, 32 MiB for live sources. */
  buffer?: number;
  /**
   * Bytes of everything the recording keeps: what lies between source and workers, and all the workers know of
   * flows, requests and early segments. At most 4 GiB. Without `buffer` that is an eighth of it at most.
   * Default: the buffer, 512 MiB for what is known, and what every worker needs besides.
   */
  memory?: number;
  /** Stop after this many matching packets: exactly for files, about so many for live sources. */
  count?: number;
  /** Stop after so many seconds: of packet time for files, of wall time for live sources. */
  duration?: number;
  /** Decode one of so many connections, whole ones, chosen by their hash. Default 1: all. */
  sample?: number;
  /** Bytes of a packet that are looked at; where the kernel can, no more are copied. Default: all. */
  snaplen?: number;
  /** Who decodes a live source when this runs as root. Default: `membench` if there is such a user, else `nobody`. */
  user?: string;
  /** Let the parser read kernel rings in place. Default true; false copies, as where mapping fails. */
  zeroCopy?: boolean;
  /** Attach eBPF programs this way only. Default: `tcx`, or `clsact` where the kernel is older than 6.6. */
  attach?: 'tcx' | 'clsact';
  /** File with the 128-bit secret keys are hashed with. Default: a random one, forgotten at the end. */
  keyFile?: string;
  /**
   * Keep what this process holds out of core dumps, for as long as it lives; on Linux with koffi no dump of it is
   * made at all, and only root looks into it. `membench record` does so. Default false: a library does not
   * change the process it runs in. The one that decodes a live source always hides.
   */
  hideMemory?: boolean;
  /**
   * Give up, for good, what rights the calling thread does not need any more once a live source is open: most of
   * its capabilities, and its bounding set, so that nothing it starts later gets any, not even as root.
   * `membench record` does so. Default false: a library does not change its process.
   */
  giveUpRights?: boolean;
  /** Stop early: drain, seal and resolve as usual. */
  signal?: AbortSignal;
  /** Called a few times a second. */
  onProgress?: (progress: RecordProgress) => void;
  /** Called once a live source runs, with what is recorded and how. */
  onInfo?: (message: string) => void;
  /** Called with what protects the recording, for those who want to know. */
  onDetail?: (message: string) => void;
  /** Called for what a person should know but that does not stop the recording. */
  onWarning?: (message: string) => void;
  /** Called once when the recording runs; `flush()` makes every worker seal its open block now. */
  onStart?: (control: { flush(): void }) => void;
}

export interface RecordProgress {
  /** Whether packets come as they happen. */
  live: boolean;
  /** Bytes of the source read so far, and in all where known. */
  bytesRead: number;
  bytesTotal: number | null;
  packets: number;
  requests: number;
  hits: number;
  misses: number;
  /** Packets lost so far, for whatever reason. */
  lost: number;
  /** How late packets were decoded since the last call, ns; null for files and pcap:. */
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

/** What a recording found: the shape of `record --json`. */
export interface RecordSummary {
  /** Kind of the source: `file`, `ebpf`, `afpacket`, `pcap`. */
  source: string;
  packets: {
    /** Packets that came in; seen = decoded + Σskipped + Σlost. */
    seen: number;
    decoded: number;
    skipped: Record<string, number>;
    lost: Record<string, number>;
  };
  /** What the kernel took by its filter, and dropped of that; null where it does not tell. */
  kernel: { received: number | null; dropped: number | null };
  /** What became of the payload of these packets. */
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
  /** The file written last, all that are kept of a rotated recording, and bytes and blocks of all. */
  profile: { path: string; paths: string[]; bytes: number; blocks: number };
  ended: RecordEnd;
  /** The capture that broke off first, and why; null where none did. */
  broken: { name: string; why: string } | null;
  /** How late packets were decoded after the kernel saw them, ns; null for files and pcap:. */
  lag_ns: { p50: number; p99: number; max: number } | null;
  /** Where little was understood: the likely cause, and what to do; else null. */
  hint: string | null;
  /** Packets of the capture's span, seconds. */
  span_s: number;
  /** All counters by name. */
  counters: Record<Counter, number>;
}
