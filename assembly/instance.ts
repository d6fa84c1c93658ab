/**
 * What one instance knows about itself. Several instances share one memory, so everything mutable is
 * either a WebAssembly global (private to the instance) or lies in the instance's own region; static
 * memory holds only constants, because every instantiation writes the data segments again.
 */
import {
  Config, COUNTER_PAYLOAD_UNSYNCED_INCOMPLETE, COUNTER_PAYLOAD_UNSYNCED_MID_STREAM, COUNTER_UNSYNCED_BYTES,
  IndexState,
} from './layout';

/** Where the host put this instance's things; set once by `init`. */
export let config: Config = changetype<Config>(0);
/** State of the record walk, shared by all instances under the index lock. */
export let indexState: IndexState = changetype<IndexState>(0);
/** Address of the counters, u64 each. */
export let counters: usize = 0;
/** Address of the bitmap of server ports. */
export let ports: usize = 0;
/** Seed of flow hashes and fingerprints. */
export let seed: u64 = 0;
/** Next free byte of the scratch area, used only while starting. */
let scratch: usize = 0;

export function setConfig(address: usize): void {
  config = changetype<Config>(address);
  indexState = changetype<IndexState>(<usize>config.indexState);
  counters = config.counters;
  ports = config.ports;
  seed = config.hashSeed;
  scratch = config.scratch;
}

/** Whether a port is one of the servers'. */
// @ts-ignore: decorator
@inline
export function isServerPort(port: u32): bool {
  return ((load<u8>(ports + (port >> 3)) >> <u8>(port & 7)) & 1) != 0;
}

/**
 * The port that all copies of a connection share, wherever it is seen, whatever is translated: the client's.
 * Where both are servers', the lower.
 */
// @ts-ignore: decorator
@inline
export function sharedPort(source: u32, destination: u32): u32 {
  if (!isServerPort(source)) return source;
  return isServerPort(destination) ? min(source, destination) : destination;
}

/** Whether more than so many milliseconds of packet time lie between two times; time may run backwards. */
export function isPast(since: u64, time: u64, ms: u64): bool {
  return <i64>(time - since) > <i64>(ms * (indexState.second / 1000));
}

/** Takes bytes of the scratch area for as long as the instance lives, 16-byte aligned. */
export function reserve(bytes: usize): usize {
  const address = scratch;
  scratch += (bytes + 15) & ~15;
  if (scratch > <usize>config.scratch + config.scratchSize) unreachable();
  return address;
}

/** Adds to a counter of enum counter. */
// @ts-ignore: decorator
@inline
export function count(counter: u32, by: u64 = 1): void {
  const at = counters + (<usize>counter << 3);
  store<u64>(at, load<u64>(at) + by);
}

/**
 * Counts bytes of payload under a reason; those that are unsynced, whose counters are neighbours, are summed
 * up, too.
 */
export function countPayload(counter: u32, bytes: u32): void {
  count(counter, bytes);
  if (counter >= COUNTER_PAYLOAD_UNSYNCED_MID_STREAM && counter <= COUNTER_PAYLOAD_UNSYNCED_INCOMPLETE) {
    count(COUNTER_UNSYNCED_BYTES, bytes);
  }
}
