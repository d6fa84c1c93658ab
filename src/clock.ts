/** Nanoseconds the next millisecond of the wall clock is waited for. */
const PATIENCE = 2_000_000n;

/**
 * Unix time as one recording has it, in nanoseconds: read off the wall clock once, and carried on by
 * CLOCK_MONOTONIC, which is also the clock of what eBPF programs see. So times of one recording never run
 * backwards and its durations are true, whatever is done to the wall clock meanwhile; that a step of it, or
 * time the host was asleep, is not in them, is the price.
 *
 * What has its time from somebody else keeps it: packets of captures, and of packet sockets and libpcap, which
 * the kernel stamps by the wall clock.
 */
export class RecordingClock {
  /** Nanoseconds to add to CLOCK_MONOTONIC. */
  readonly offset: bigint;

  constructor() {
    // The wall clock is told in milliseconds: they are exact where one begins, unless it stands still.
    const start = process.hrtime.bigint();
    const before = Date.now();
    let wall = before;
    // hrtime is CLOCK_MONOTONIC on Linux (uv_hrtime).
    let monotonic = start;
    while (wall === before && monotonic - start < PATIENCE) {
      wall = Date.now();
      monotonic = process.hrtime.bigint();
    }
    this.offset = BigInt(wall) * 1_000_000n - monotonic;
  }

  now(): bigint {
    return process.hrtime.bigint() + this.offset;
  }
}
