/** What every live source is told. */
export interface LiveOptions {
  ports: readonly (readonly [first: number, last: number])[];
  workers: number;
  /** Bytes of all kernel rings together. */
  buffer: number;
  /** Bytes of a packet to keep. */
  snaplen?: number | undefined;
  /** Who touches packets; null where this process is not root. */
  user: { uid: number; gid: number } | null;
  /** Seed of the flow hash, which the kernel's program computes as the parser does. */
  hashSeed: bigint;
  /** One of so many connections is decoded. */
  sample: number;
  /** Forces one way of attaching programs. */
  attach?: 'tcx' | 'clsact' | undefined;
}

/** Whether a name stands for every interface: tcpdump's word, and ours. */
export function isEvery(name: string): boolean {
  return name === 'any' || name === '*';
}
