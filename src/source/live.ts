/** Options of every live source. */
export interface LiveOptions {
  ports: readonly (readonly [first: number, last: number])[];
  workers: number;
  /** Bytes of all kernel rings together. */
  buffer: number;
  /** Most bytes of a packet to keep. */
  snaplen?: number | undefined;
  /** User of the process that touches packets; null where this process is not root. */
  user: { uid: number; gid: number } | null;
  /** Seed of the flow hash, which the BPF program calculates as the parser does. */
  hashSeed: bigint;
  /** One in this many connections is decoded. */
  sample: number;
  /** Forces one way of attaching programs, or attaches them to a cgroup. */
  attach?: 'tcx' | 'clsact' | `cgroup:${string}` | undefined;
  /** Whether the BPF program leaves values out of packets. Default: where it can. */
  ebpfValues?: 'skip' | 'copy' | undefined;
  /** How packets leave the BPF program: through BPF rings, the default, or the perf buffer. */
  ebpfBuffer?: 'ring' | 'perf' | undefined;
  /** Shortest time between two wake-ups of a worker by the BPF program, seconds. */
  wakeInterval?: number | undefined;
  /** The secret for the hashes of keys, 16 bytes, where the BPF program parses. */
  parseKey?: Uint8Array | undefined;
}

/** Whether a name stands for all interfaces: `any`, as for tcpdump, or `*`. */
export function isEvery(name: string): boolean {
  return name === 'any' || name === '*';
}
