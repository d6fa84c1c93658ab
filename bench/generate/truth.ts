import { COMMANDS, type Command } from './options.js';

/** Counts are of keys: a get of 5 keys counts 5. */
export interface OpTruth {
  count: number;
  /** Retrievals that found the key, deletes that deleted. */
  hits: number;
  misses: number;
}

/** A number of requests by what they did. */
export interface Tally {
  requests: number;
  ops: Record<Command, OpTruth>;
}

/** What a capture holds, known from making it. */
export interface Truth {
  /** Packets in the file. */
  packets: number;
  /** Of the file. */
  bytes: number;
  flows: number;
  /** What the clients asked and the server answered, captured or not. */
  asked: Tally;
  /** Of these, requests with every byte of request and answer in the capture. */
  whole: Tally;
  /** Keys in any request. */
  distinctKeys: number;
  /** Packets the capture misses. */
  lostPackets: number;
  /** Data packets that stand behind the next one of their turn. */
  swappedPackets: number;
  /** Of these, packets whose next one went the other way: an answer before its request, for example. */
  crossedPackets: number;
  /** From the first packet to the last, captured or not, µs. */
  span: number;
}

export function emptyTally(): Tally {
  const ops = Object.fromEntries(COMMANDS.map((command) => [command, { count: 0, hits: 0, misses: 0 }]));
  return { requests: 0, ops: ops as Tally['ops'] };
}

/**
 * Adds a request for `keys` keys of which `hits` were found. A set finds nothing: it has neither hits nor
 * misses.
 */
export function count(tally: Tally, command: Command, keys: number, hits: number): void {
  const op = tally.ops[command];
  tally.requests++;
  op.count += keys;
  if (command === 'set') return;
  op.hits += hits;
  op.misses += keys - hits;
}
