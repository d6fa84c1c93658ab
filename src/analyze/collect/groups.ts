import { hashText } from '../../event/values.js';
import type { ConnColumns } from '../../profile/columns.js';
import type { Batch } from '../batch.js';
import type { Collector } from '../collector.js';
import { CONNS_MAX, ConnColumn } from './connections.js';
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

const FIELDS = ['requests', 'events', 'hits', 'misses', 'errors', 'in', 'out', 'latency', 'timed'] as const;
type Field = (typeof FIELDS)[number];

/**
 * Counts by connection and assigns connections to groups at the end, because the record of a connection's opening
 * may be in a later block.
 */
export class GroupCounter implements Collector {
  readonly #by: By;
  readonly #columns = Object.fromEntries(FIELDS.map((field) => [field, new ConnColumn()])) as Record<
    Field,
    ConnColumn
  >;
  /** By connection: number of its group + 1; 0: not known. */
  readonly #group = new ConnColumn();
  readonly #names = new Map<string, number>();

  constructor(by: By) {
    this.#by = by;
  }

  add({ kinds, rows, kind, latency, index, entry, keySizes, valueSize, connId }: Batch): void {
    const columns = this.#columns;
    const what = kinds.map(({ act, outcome, hasKey, hasLatency }) => ({
      hit: Number(act === 'read' && outcome === 'hit'),
      miss: Number(act === 'read' && outcome === 'miss'),
      error: Number(outcome === 'error'),
      in: Number(act === 'write'),
      out: Number(act === 'read'),
      key: Number(hasKey),
      timed: Number(hasLatency),
    }));
    for (let i = 0; i < rows; i++) {
      const conn = connId[i]!;
      if (conn >= CONNS_MAX) continue;
      if (conn >= columns.events.values.length) this.#reach(conn);
      const of = what[kind[i]!]!;
      columns.events.values[conn]!++;
      columns.hits.values[conn]! += of.hit;
      columns.misses.values[conn]! += of.miss;
      columns.errors.values[conn]! += of.error;
      columns.in.values[conn]! += of.in * valueSize[i]! + (of.key ? keySizes[entry[i]!]! : 0);
      columns.out.values[conn]! += of.out * valueSize[i]!;
      if (index[i] !== 0) continue;
      columns.requests.values[conn]!++;
      columns.latency.values[conn]! += of.timed * latency[i]!;
      columns.timed.values[conn]! += of.timed;
    }
  }

  /** Takes connection records, which name the endpoints of their connections. */
  addRecords({ client, server, port }: ConnColumns, ids: Uint32Array): void {
    for (let i = 0; i < ids.length; i++) {
      const conn = ids[i]!;
      if (conn >= CONNS_MAX) continue;
      this.#reach(conn);
      if (this.#group.values[conn] !== 0) continue;
      const name =
        this.#by === 'port' ? `${port[i]}` : hashText((this.#by === 'server' ? server : client)[i]!);
      if (!this.#names.has(name)) this.#names.set(name, this.#names.size);
      this.#group.values[conn] = this.#names.get(name)! + 1;
    }
  }

  #reach(conn: number): void {
    for (const field of FIELDS) this.#columns[field].reach(conn);
    this.#group.reach(conn);
  }

  /** The busiest first. */
  result(): Group[] {
    const names = ['unknown', ...this.#names.keys()];
    const sums = names.map(() => ({
      connections: 0,
      ...Object.fromEntries(FIELDS.map((name) => [name, 0])),
    }));
    const { events } = this.#columns;
    for (let conn = 0; conn < events.values.length; conn++) {
      if (events.values[conn] === 0) continue;
      const sum = sums[this.#group.values[conn] ?? 0]! as Record<Field | 'connections', number>;
      sum.connections += 1;
      for (const field of FIELDS) sum[field] += this.#columns[field].values[conn]!;
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
