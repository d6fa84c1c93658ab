/**
 * The flow table: a hash table with open addressing and linear probing, u64 a bucket: the flow's hash in the
 * high half, its address in the low. Removal shifts later entries back, so there are no tombstones. A full
 * pool evicts the flow idle longest.
 */
import { config } from '../instance';
import { packet } from '../packet';
import { createPool, give, Pool, take } from '../pools';
import { CLIENT, Flow, SERVER, SIZEOF_FLOW_ALL } from './flow';

let pool: Pool = changetype<Pool>(0);
let buckets: usize = 0;
/**
 * Number of buckets less one. The table starts small, so that it stays in the cache, and grows with the
 * flows.
 */
let mask: u32 = 0;
/** Number of flows in the table. */
let used: u32 = 0;
/** Ends of the list of flows by idleness: addresses, 0 where it is empty. */
let oldest: u32 = 0;
let newest: u32 = 0;

export function createTable(): void {
  const end = <usize>config.flows + <usize>config.flowCount * SIZEOF_FLOW_ALL;
  pool = createPool(config.flows, end, SIZEOF_FLOW_ALL);
  buckets = config.flowBuckets;
  mask = min(config.flowBucketCount, FEWEST_BUCKETS) - 1;
}

// @ts-ignore: decorator
@inline
function bucket(index: u32): usize {
  return buckets + (<usize>index << 3);
}

/** Number of buckets at the start. */
const FEWEST_BUCKETS: u32 = 2048;
/** Buckets for each flow where memory allows: nearly every flow is then found in its first bucket. */
const SPARSE: u32 = 8;

/** Quadruples the table and inserts every flow again. */
function grow(): void {
  mask = min(config.flowBucketCount, (mask + 1) << 2) - 1;
  memory.fill(buckets, 0, (<usize>mask + 1) << 3);
  for (let flow = oldestFlow(); changetype<usize>(flow); flow = changetype<Flow>(<usize>flow.newer)) {
    insert(flow);
  }
}

/** Inserts a flow into the first free bucket from its home bucket on. */
function insert(flow: Flow): void {
  let index = flow.hash & mask;
  while (load<u64>(bucket(index))) index = (index + 1) & mask;
  store<u64>(bucket(index), (<u64>flow.hash << 32) | <u64>changetype<usize>(flow));
}

/** Sum of the 32-bit words of the current packet's addresses, for a TCP checksum. */
export function addressSum(): u64 {
  const at = packet;
  return (
    halves(at.sourceHigh) + halves(at.sourceLow) + halves(at.destinationHigh) + halves(at.destinationLow)
  );
}

// @ts-ignore: decorator
@inline
function halves(word: u64): u64 {
  return (word & 0xffffffff) + (word >> 32);
}

/** Mark of a UDP_PEER, above the 16 bits of a request id. */
export const PEER_MARK: u32 = 0x20000;

/** The word that `markClient` mixes into an address: the mark times the golden ratio (2^64 / φ). */
// @ts-ignore: decorator
@inline
export function saltOf(mark: u32): u64 {
  return <u64>(mark | 0x10000) * 0x9e3779b97f4a7c15;
}

/**
 * Mixes a mark into the client's address and the hash of the current packet; a second call undoes it. Packets
 * with different marks belong to different flows.
 */
export function markClient(mark: u32, sourceIsClient: bool): void {
  const at = packet;
  const salt = saltOf(mark);
  if (sourceIsClient) at.sourceLow ^= salt;
  else at.destinationLow ^= salt;
  at.hash ^= <u32>(salt >> 32);
}

/** The flow of the current packet, or 0. Where there is one, sets the packet's `side`. */
export function find(): Flow {
  const at = packet;
  const hash = at.hash;
  const forward = at.ports;
  const backward = rotl(forward, 16);
  const from = at.sourceHigh;
  const to = at.destinationHigh;
  let index = hash & mask;
  for (;;) {
    const word = load<u64>(bucket(index));
    if (word == 0) return changetype<Flow>(0);
    if (<u32>(word >> 32) == hash) {
      const flow = changetype<Flow>(<usize><u32>word);
      if (
        flow.ports == forward && flow.clientHigh == from && flow.serverHigh == to &&
        flow.clientLow == at.sourceLow && flow.serverLow == at.destinationLow
      ) {
        at.side = CLIENT;
        return flow;
      }
      if (
        flow.ports == backward && flow.clientHigh == to && flow.serverHigh == from &&
        flow.clientLow == at.destinationLow && flow.serverLow == at.sourceLow
      ) {
        at.side = SERVER;
        return flow;
      }
    }
    index = (index + 1) & mask;
  }
  return changetype<Flow>(0);
}

/**
 * The flow of the current packet, of IPv4, if it is in its first bucket, as nearly all flows are; 0 where
 * `find` must be called. Reads the headers of the packet, not its endpoints.
 */
// @ts-ignore: decorator
@inline
export function findQuickly(): Flow {
  const at = packet;
  const hash = at.hash;
  const word = load<u64>(bucket(hash & mask));
  if (<u32>(word >> 32) != hash) return changetype<Flow>(0);
  const flow = changetype<Flow>(<usize><u32>word);
  // An empty bucket matches the hash 0, but has no flow.
  if (word == 0 || flow.clientLow | flow.serverLow) return changetype<Flow>(0);
  const ports = load<u32>(<usize>at.l4);
  const from = <u64>load<u32>(<usize>at.ip, 12);
  const to = <u64>load<u32>(<usize>at.ip, 16);
  if (flow.ports == ports && flow.clientHigh == from && flow.serverHigh == to) {
    at.side = CLIENT;
    return flow;
  }
  if (flow.ports == rotl(ports, 16) && flow.clientHigh == to && flow.serverHigh == from) {
    at.side = SERVER;
    return flow;
  }
  return changetype<Flow>(0);
}

/** The flow idle longest, 0 where there is none. */
export function oldestFlow(): Flow {
  return changetype<Flow>(<usize>oldest);
}

/** Whether `addFlow` will find room. */
export function hasRoom(): bool {
  return pool.list != 0 || pool.fresh + pool.size <= pool.end;
}

/** Adds a flow for the current packet, zero except for its identity. Call it only when there is room. */
export function addFlow(sourceIsClient: bool): Flow {
  const at = packet;
  const address = take(pool);
  memory.fill(address, 0, SIZEOF_FLOW_ALL);
  const flow = changetype<Flow>(address);
  flow.hash = at.hash;
  flow.conn = config.nextConn++;
  flow.clientHigh = sourceIsClient ? at.sourceHigh : at.destinationHigh;
  flow.clientLow = sourceIsClient ? at.sourceLow : at.destinationLow;
  flow.serverHigh = sourceIsClient ? at.destinationHigh : at.sourceHigh;
  flow.serverLow = sourceIsClient ? at.destinationLow : at.sourceLow;
  flow.ports = sourceIsClient ? at.ports : rotl(at.ports, 16);
  if (++used * SPARSE > mask && mask + 1 < config.flowBucketCount) grow();
  insert(flow);
  link(flow);
  at.side = sourceIsClient ? CLIENT : SERVER;
  return flow;
}

/** Removes a flow from the table and returns its memory to the pool. */
export function removeFlow(flow: Flow): void {
  let hole = flow.hash & mask;
  while (<u32>load<u64>(bucket(hole)) != <u32>changetype<usize>(flow)) hole = (hole + 1) & mask;
  for (let index = (hole + 1) & mask; ; index = (index + 1) & mask) {
    const word = load<u64>(bucket(index));
    if (word == 0) break;
    // An entry may fill the hole unless its home lies cyclically between the hole and itself.
    const home = <u32>(word >> 32) & mask;
    if (((index - home) & mask) >= ((index - hole) & mask)) {
      store<u64>(bucket(hole), word);
      hole = index;
    }
  }
  store<u64>(bucket(hole), 0);
  used--;
  unlink(flow);
  give(pool, changetype<usize>(flow));
}

function link(flow: Flow): void {
  flow.newer = 0;
  flow.older = newest;
  if (newest) changetype<Flow>(<usize>newest).newer = <u32>changetype<usize>(flow);
  else oldest = <u32>changetype<usize>(flow);
  newest = <u32>changetype<usize>(flow);
}

function unlink(flow: Flow): void {
  if (flow.older) changetype<Flow>(<usize>flow.older).newer = flow.newer;
  else oldest = flow.newer;
  if (flow.newer) changetype<Flow>(<usize>flow.newer).older = flow.older;
  else newest = flow.older;
}

/** Low bits in which two times of one epoch may differ: about 1 ms of nanoseconds, 1 s of microseconds. */
const EPOCH_BITS: u64 = 20;

/**
 * Moves a flow to the newest end of the list, before its `lastTime` becomes `time`. The list is exact to one
 * epoch, which spares most moves.
 */
// @ts-ignore: decorator
@inline
export function touch(flow: Flow, time: u64): void {
  if (flow.lastTime >> EPOCH_BITS == time >> EPOCH_BITS) return;
  if (newest == <u32>changetype<usize>(flow)) return;
  unlink(flow);
  link(flow);
}
