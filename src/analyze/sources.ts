import { addCounts } from '../profile/counts.js';
import type { ProfileReader } from '../profile/reader.js';

/** What profiles say of their recordings, apart from events. */
export interface Sources {
  counts: Record<string, number>;
  /** Ids of the secrets keys were hashed with. */
  secrets: Set<string>;
  /** One of so many connections was recorded. */
  samples: Set<number>;
  /** Server ports that were recorded, by how they are written. */
  ports: Map<string, readonly [number, number]>;
  notes: { atNs: bigint; what: string }[];
  missing: number;
  /** Bytes that cannot be used; an end still being written is none. */
  damaged: number;
  complete: boolean;
}

/** Adds up what some profiles say, once their blocks were read: damage shows only then. */
export function sourcesOf(readers: readonly ProfileReader[]): Sources {
  const sources: Sources = {
    counts: {},
    secrets: new Set(),
    samples: new Set(),
    ports: new Map(),
    notes: [],
    missing: 0,
    damaged: 0,
    complete: true,
  };
  for (const reader of readers) {
    sources.secrets.add(reader.header.keyId);
    sources.samples.add(reader.header.sample);
    for (const range of reader.header.ports) sources.ports.set(range.join('-'), range);
    addCounts(sources.counts, reader.counts());
    for (const { atNs, what } of reader.notes) sources.notes.push({ atNs, what });
    sources.missing += reader.missing().length;
    for (const { bytes, unfinished } of reader.damage) if (!unfinished) sources.damaged += bytes;
    if (!reader.complete) sources.complete = false;
  }
  return sources;
}
