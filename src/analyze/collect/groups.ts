import { hashText } from '../../event/values.js';
import type { ConnColumns } from '../../profile/columns.js';
import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';
import { CONNS_MAX, ConnRecords } from './connections.js';
import type { Counted } from './series.js';

/** What a workload is split by. */
export type By = 'server' | 'client' | 'port';

/** The part of the workload that belongs to one server, client or port. */
export interface Group extends Counted {
  /** Hash of the server's address, or of the client's address and port; a port; `unknown`. */
  name: string;
  connections: number;
  /** Null where no latency is known. */
  latency_mean_ns: number | null;
}

/** Most groups in a result; the busiest are kept. */
export const GROUPS_MAX = 1000;

/** Numbers of a connection, and at `GROUP` that of its group + 1, 0: not known. */
const FIELDS = ['requests', 'events', 'hits', 'misses', 'errors', 'in', 'out', 'latency', 'timed'] as const;
type Field = (typeof FIELDS)[number];
const [REQUESTS, EVENTS, HITS, MISSES, ERRORS, IN, OUT, LATENCY, TIMED, GROUP] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
] as const;
const WIDTH = FIELDS.length + 1;

/**
 * Counts by connection and assigns connections to groups at the end, because the record of a connection's opening
 * may be in a later block.
 */
export class GroupCounter implements Collector {
  readonly #by: By;
  readonly #records = new ConnRecords(WIDTH);
  readonly #names = new Map<string, number>();

  constructor(by: By) {
    this.#by = by;
  }

  add({ kinds, rows, kind, latency, index, entry, keySizes, valueSize, conn: conns }: Batch): void {
    const what = kinds.map(({ act, outcome, hasKey, hasLatency }) => ({
      hit: Number(act === 'read' && outcome === 'hit'),
      miss: Number(act === 'read' && outcome === 'miss'),
      error: Number(outcome === 'error'),
      in: Number(act === 'write'),
      out: Number(act === 'read'),
      key: Number(hasKey),
      timed: Number(hasLatency),
    }));
    let { values } = this.#records;
    for (let i = 0; i < rows; i++) {
      const conn = conns[i]!;
      if (conn >= CONNS_MAX) continue;
      const at = WIDTH * conn;
      if (at >= values.length) {
        this.#records.reach(conn);
        values = this.#records.values;
      }
      const of = what[kind[i]!]!;
      values[at + EVENTS]!++;
      values[at + HITS]! += of.hit;
      values[at + MISSES]! += of.miss;
      values[at + ERRORS]! += of.error;
      values[at + IN]! += of.in * valueSize[i]! + (of.key ? keySizes[entry[i]!]! : 0);
      values[at + OUT]! += of.out * valueSize[i]!;
      if (index[i] !== 0) continue;
      values[at + REQUESTS]!++;
      values[at + LATENCY]! += of.timed * latency[i]!;
      values[at + TIMED]! += of.timed;
    }
  }

  /** Takes connection records, which name the endpoints of their connections. */
  addRecords({ client, server, port }: ConnColumns, ids: Uint32Array): void {
    for (let i = 0; i < ids.length; i++) {
      const conn = ids[i]!;
      if (conn >= CONNS_MAX) continue;
      this.#records.reach(conn);
      if (this.#records.values[WIDTH * conn + GROUP] !== 0) continue;
      const name =
        this.#by === 'port' ? `${port[i]}` : hashText((this.#by === 'server' ? server : client)[i]!);
      if (!this.#names.has(name)) this.#names.set(name, this.#names.size);
      this.#records.values[WIDTH * conn + GROUP] = this.#names.get(name)! + 1;
    }
  }

  /** The busiest first. */
  result(): Group[] {
    const names = ['unknown', ...this.#names.keys()];
    const sums = names.map(() => ({
      connections: 0,
      ...Object.fromEntries(FIELDS.map((name) => [name, 0])),
    }));
    const { values } = this.#records;
    for (let at = 0; at < values.length; at += WIDTH) {
      if (values[at + EVENTS] === 0) continue;
      const sum = sums[values[at + GROUP]!]! as Record<Field | 'connections', number>;
      sum.connections += 1;
      for (let i = 0; i < FIELDS.length; i++) sum[FIELDS[i]!] += values[at + i]!;
    }
    const groups = names
      .map((name, i) => groupOf(name, sums[i]! as Record<Field | 'connections', number>))
      .filter((group) => group.events > 0)
      .sort((a, b) => b.requests - a.requests || (a.name < b.name ? -1 : 1));
    return groups.slice(0, GROUPS_MAX);
  }
}

function groupOf(name: string, sum: Record<Field | 'connections', number>): Group {
  const { connections, requests, events, hits, misses, errors } = sum;
  return {
    name,
    connections,
    requests,
    events,
    hits,
    misses,
    errors,
    bytes_in: sum.in,
    bytes_out: sum.out,
    latency_mean_ns: sum.timed > 0 ? sum.latency / sum.timed : null,
  };
}
