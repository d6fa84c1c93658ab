/**
 * The instance's own state. Several instances share one memory, so mutable state is either a WebAssembly
 * global, private to the instance, or lies in the instance's own region. Static memory holds only constants,
 * because every instantiation writes the data segments again.
 */
import {
  Config, COUNTER_PAYLOAD_UNSYNCED_INCOMPLETE, COUNTER_PAYLOAD_UNSYNCED_MID_STREAM, COUNTER_UNSYNCED_BYTES,
  IndexState,
} from './layout';

/** The host's configuration of this instance, set once by `init`. */
export let config: Config = changetype<Config>(0);
/** State of the record walk, shared by all instances under the index lock. */
export let indexState: IndexState = changetype<IndexState>(0);
/** Address of the counters, u64 each, in the order of enum counter. */
export let counters: usize = 0;
/** Address of the bitmap of server ports. */
export let ports: usize = 0;
/** Seed of flow hashes and fingerprints. */
export let seed: u64 = 0;
/** Whether message records may come, whose keys are hashes. */
export let keysAreHashed: bool = false;
/** Address of the next free byte of the scratch area. */
let scratch: usize = 0;

export function setConfig(address: usize): void {
  config = changetype<Config>(address);
  indexState = changetype<IndexState>(<usize>config.indexState);
  counters = config.counters;
  ports = config.ports;
  seed = config.hashSeed;
  keysAreHashed = config.parsed != 0;
  scratch = config.scratch;
}

/** Whether a port is a server port. */
// @ts-ignore: decorator
@inline
export function isServerPort(port: u32): bool {
  return ((load<u8>(ports + (port >> 3)) >> <u8>(port & 7)) & 1) != 0;
}

/**
 * The port that all duplicates of a connection share, at whatever point of the network they were captured:
 * the client's. Where both are server ports, the lower one.
 */
// @ts-ignore: decorator
@inline
export function sharedPort(source: u32, destination: u32): u32 {
  if (!isServerPort(source)) return source;
  return isServerPort(destination) ? min(source, destination) : destination;
}

/** Whether `time` is more than `ms` milliseconds of packet time after `since`; it may be before. */
export function isPast(since: u64, time: u64, ms: u64): bool {
  return <i64>(time - since) > <i64>(ms * (indexState.second / 1000));
}

/** Reserves bytes of the scratch area for the life of the instance, 16-byte aligned. */
export function reserve(bytes: usize): usize {
  const address = scratch;
  scratch += (bytes + 15) & ~15;
  if (scratch > <usize>config.scratch + config.scratchSize) unreachable();
  return address;
}

/** Adds to a counter. `counter` is COUNTER_*. */
// @ts-ignore: decorator
@inline
export function count(counter: u32, by: u64 = 1): void {
  const at = counters + (<usize>counter << 3);
  store<u64>(at, load<u64>(at) + by);
}

/** Adds to a counter of payload bytes. Where it is one of the unsynced bytes, adds to their sum, too. */
export function countPayload(counter: u32, bytes: u32): void {
  count(counter, bytes);
  if (counter >= COUNTER_PAYLOAD_UNSYNCED_MID_STREAM && counter <= COUNTER_PAYLOAD_UNSYNCED_INCOMPLETE) {
    count(COUNTER_UNSYNCED_BYTES, bytes);
  }
}
