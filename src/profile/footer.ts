import { asCount, asCounts, asList, asText, asUint64, type Body } from './body.js';

/** Where a block lies, and what it covers. */
export interface BlockEntry {
  /** Of its frame, in bytes. */
  offset: number;
  bytes: number;
  worker: number;
  seq: number;
  events: number;
  /** Times of its first and last event, Unix nanoseconds; zeros where it has none. */
  minNs: bigint;
  maxNs: bigint;
}

/** The footer as read; see FORMAT.md for the meaning of each. */
export interface Footer {
  ended: string;
  elapsedNs: bigint;
  counts: Record<string, number>;
  firstNs: bigint;
  lastNs: bigint;
  /** In file order; null where the file has too many to list. */
  blocks: BlockEntry[] | null;
}

/**
 * Reads a footer, but for the header in it.
 *
 * @throws BlockError where it makes no sense
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
