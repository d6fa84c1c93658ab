import { asCount, asCounts, asList, asText, asUint64, type Body } from './body.js';

/** An entry of the block index: position and content of a block. */
export interface BlockEntry {
  /** Position and size of its frame, bytes. */
  offset: number;
  bytes: number;
  worker: number;
  seq: number;
  events: number;
  /** Times of its first and last event, Unix nanoseconds; zeros where it has no event. */
  minNs: bigint;
  maxNs: bigint;
}

/** A decoded footer; FORMAT.md has the meaning of its fields. */
export interface Footer {
  ended: string;
  elapsedNs: bigint;
  counts: Record<string, number>;
  firstNs: bigint;
  lastNs: bigint;
  /** The blocks in file order; null where there are too many to list. */
  blocks: BlockEntry[] | null;
}

/**
 * Reads a footer, except for the header in it.
 *
 * @throws BlockError where it is invalid
 */
export function readFooter(body: Body): Footer {
  return {
    ended: asText(body.ended, 'ended'),
    elapsedNs: asUint64(body.elapsed_ns, 'elapsed_ns'),
    counts: asCounts(body.counts),
    firstNs: asUint64(body.first_ns, 'first_ns'),
    lastNs: asUint64(body.last_ns, 'last_ns'),
    blocks: body.blocks === undefined ? null : asList(body.blocks, 'blocks').map(readEntry),
  };
}

function readEntry(value: unknown): BlockEntry {
  const [offset, bytes, worker, seq, events, minNs, maxNs] = asList(value, 'an entry of blocks');
  return {
    offset: asCount(offset, 'an offset'),
    bytes: asCount(bytes, 'a size'),
    worker: asCount(worker, 'a worker'),
    seq: asCount(seq, 'a sequence number'),
    events: asCount(events, 'a number of events'),
    minNs: asUint64(minNs, 'a time'),
    maxNs: asUint64(maxNs, 'a time'),
  };
}
