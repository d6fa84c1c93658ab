/** Longest wait for the wall clock's next millisecond, ns. */
const PATIENCE = 2_000_000n;

/**
 * The clock of one recording: Unix time in nanoseconds. The wall clock is read once, and CLOCK_MONOTONIC
 * advances the time from there; eBPF programs take their times from it, too. So the times of a recording
 * never run backwards and its durations are right even where the wall clock is set. The price: a step of the
 * wall clock, and time during which the host is asleep, are not in these times.
 *
 * Packets that already have a time keep it: those of captures, and those of packet sockets and libpcap, which
 * the kernel stamps by the wall clock.
 */
export class RecordingClock {
  /** Nanoseconds to add to CLOCK_MONOTONIC. */
  readonly offset: bigint;

  constructor() {
    // Date.now() has only milliseconds, so its value is exact when it changes. A stopped clock never changes.
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
