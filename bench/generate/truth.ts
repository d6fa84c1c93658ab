import { COMMANDS, type Command } from './options.js';

/** Counts of a command, of keys: a get of 5 keys counts 5. */
export interface OpTruth {
  count: number;
  /** Keys found by retrievals and deletes. */
  hits: number;
  misses: number;
}

/** Counts of requests by command. */
export interface Tally {
  requests: number;
  ops: Record<Command, OpTruth>;
}

/** The content of a generated capture. */
export interface Truth {
  /** Packets in the file. */
  packets: number;
  /** Bytes of the file. */
  bytes: number;
  flows: number;
  /** All requests and answers, captured or not. */
  asked: Tally;
  /** Requests of these with every byte of request and answer in the capture. */
  whole: Tally;
  /** Number of different keys requested. */
  distinctKeys: number;
  /** Packets missing from the capture. */
  lostPackets: number;
  /** Data packets that are captured after the next one of their turn. */
  swappedPackets: number;
  /** Packets of these swapped with one of the other direction: an answer before its request, for example. */
  crossedPackets: number;
  /** Time from the first packet to the last, captured or not, µs. */
  span: number;
}

export function emptyTally(): Tally {
  const ops = Object.fromEntries(COMMANDS.map((command) => [command, { count: 0, hits: 0, misses: 0 }]));
  return { requests: 0, ops: ops as Tally['ops'] };
}

/** Adds a request for `keys` keys of which `hits` were found. A set has neither hits nor misses. */
export function count(tally: Tally, command: Command, keys: number, hits: number): void {
  const op = tally.ops[command];
  tally.requests++;
  op.count += keys;
  if (command === 'set') return;
  op.hits += hits;
  op.misses += keys - hits;
}
